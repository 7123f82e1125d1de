// Linalg kernels of a GPU, as plain calls. Asked for by ops/cuda/linalg.cpp; run by ops/cuda/linalg.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct LinalgLibrary {};
extern const LinalgLibrary linalg_library;

}  // namespace strata::gpu
