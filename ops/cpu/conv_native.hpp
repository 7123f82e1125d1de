// Convolution of float32 by oneDNN. Called by ops/cpu/conv.cpp, which has its own way where this has none.
#pragma once
#include "strata/ops/conv.hpp"
#include "strata/ops/cpu/onednn.hpp"

namespace strata {

using onednn::ConvWanted;

/// Fills the wanted one of the three tensors, which may be strided; false, its elements undefined, when oneDNN has no
/// fast kernel.
bool conv_native(ConvWanted wanted, const ConvGeometry& p, const Tensor& x, const Tensor& w, const Tensor& y);

/// Memory for an image or a result; where `like` has its channels last, so has this.
Tensor empty_like_layout(const Shape& shape, const Tensor& like);

}  // namespace strata
