// Reduction kernels of a GPU, as plain calls. Asked for by ops/cuda/reductions.cpp; run by ops/cuda/reductions.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct ReductionLibrary {};
extern const ReductionLibrary reductions_library;

}  // namespace strata::gpu
