// Zeros that take no memory: one element seen as a whole shape. Called by derivative rules where a tangent or cotangent
// is undefined and an op wants a tensor.
#pragma once
#include "strata/ops/ops.hpp"

namespace strata {

inline Tensor zero_view(const Shape& shape, Dtype dtype) { return broadcast_to(astype(Tensor(0), dtype), shape); }

}  // namespace strata
