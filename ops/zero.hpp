// Zeros that take no memory: one element seen as a whole shape. Called by derivative rules where a tangent or cotangent
// is undefined and an op wants a tensor.
#pragma once
#include "strata/ops/ops.hpp"

namespace strata {

/// Of the dtype of `like`, where that lies.
inline Tensor zero_view(const Shape& shape, const Tensor& like) {
  const Device device = like.device();
  return broadcast_to(device == cpu ? astype(Tensor(0), like.dtype()) : zeros({}, {like.dtype(), device}), shape);
}

}  // namespace strata
