// Largest elements and means of windows, on raw memory of a GPU: cuDNN's (pooling.cu), or in the tests' double of a GPU
// plain loops. Called by ops/cuda/windows.cu.
#pragma once
#include "strata/ops/cuda/windows.hpp"

namespace strata::gpu {

/// `done` stays false, and nothing happens, where the library has no way for the call. Where all elements of a window
/// are -infinity, the largest one may come as the lowest finite number.
Error dnn_pool(int device, const PoolCall& call, bool& done);

}  // namespace strata::gpu
