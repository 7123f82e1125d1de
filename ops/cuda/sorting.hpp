// Sorting kernels of a GPU, as plain calls. Asked for by ops/cuda/sorting.cpp; run by ops/cuda/sorting.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct SortingLibrary {};
extern const SortingLibrary sorting_library;

}  // namespace strata::gpu
