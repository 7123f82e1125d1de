// Convolution of dense tensors on the CPU. Called through the seam (ops/cpu/products.cpp); shapes and
// axes as in ops/conv.hpp.
#pragma once
#include "strata/ops/conv.hpp"

namespace strata {

Tensor conv_result_dense(const ConvGeometry& p, const Tensor& x, const Tensor& w);
Tensor conv_image_dense(const ConvGeometry& p, const Tensor& y, const Tensor& w);
Tensor conv_kernel_dense(const ConvGeometry& p, const Tensor& x, const Tensor& y);

/// The convolution that gives the image x from the result y: positions exchanged; its kernel is w reversed, with input
/// and output channels exchanged.
ConvGeometry transposed_geometry(const ConvGeometry& p);

}  // namespace strata
