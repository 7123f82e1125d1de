// Convolutions on a GPU (ops/backend/products.hpp). Implemented by conv.cpp; shapes and axes as in ops/conv.hpp. The
// list of all products is in ops/cuda/products.cpp.
#pragma once
#include "strata/ops/conv.hpp"

namespace strata::gpu {

Tensor convolution_result(const ConvGeometry& p, const Tensor& x, const Tensor& w);
Tensor convolution_image(const ConvGeometry& p, const Tensor& y, const Tensor& w);
Tensor convolution_kernel(const ConvGeometry& p, const Tensor& x, const Tensor& y);

}  // namespace strata::gpu
