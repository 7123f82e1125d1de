// Slice kernels of a GPU, as plain calls. Asked for by ops/cuda/slices.cpp; run by ops/cuda/slices.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct SliceLibrary {};
extern const SliceLibrary slices_library;

}  // namespace strata::gpu
