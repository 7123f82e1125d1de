// Helpers for batching rules: where the lanes are, and how to bring them to the front without a copy.
// Called by ops' batch rules. Moves are strided views.
#pragma once
#include "strata/core/op.hpp"
#include "strata/ops/ops.hpp"

namespace strata {

/// x's value with the lanes along axis 0. x must be mapped.
inline Tensor lanes_first(const Lane& x) { return x.axis == 0 ? x.value : moveaxis(x.value, x.axis, 0); }

/// The same for an operand that may be shared by all lanes: then it is broadcast (no copy) to `size` lanes.
inline Tensor lanes_first(const Lane& x, std::int64_t size) {
  if (x.mapped()) return lanes_first(x);
  return broadcast_to(expand_dims(x.value, 0), Shape{size} + x.value.shape());
}

/// Logical axis `axis` as an axis of the value.
inline int value_axis(const Lane& x, int axis) { return x.mapped() && axis >= x.axis ? axis + 1 : axis; }

/// x's memory, row-major: itself, or a copy of a strided view. x is dense.
Tensor pack(const Tensor& x);

}  // namespace strata
