// Convolutions of floats, on raw memory of a GPU: cuDNN's (dnn.cu), or in the tests' double of a GPU plain loops.
// Called by ops/cuda/products.cu.
#pragma once
#include "strata/ops/cuda/products.hpp"

namespace strata::gpu {

/// As ops/cuda/products.hpp says of native calls: no dilation of x, the same padding on both sides of each axis.
/// `done` stays false, and nothing happens, where the library has no algorithm for the call.
Error dnn_convolve(int device, const ConvCall& call, bool& done);

}  // namespace strata::gpu
