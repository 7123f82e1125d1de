// Random kernels of a GPU, as plain calls. Asked for by ops/cuda/random.cpp; run by ops/cuda/random.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct RandomLibrary {};
extern const RandomLibrary random_library;

}  // namespace strata::gpu
