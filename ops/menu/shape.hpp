// The menu: shapes. Most results are views of the argument's memory: nothing is copied.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// x in another shape of as many elements, row-major order kept; one size may be -1. ShapeError when the counts differ.
///     Tensor y = reshape(x, {2, -1});
Tensor reshape(Tensor x, Shape shape);
/// x repeated along new and size-1 axes, without a copy. ShapeError when x does not broadcast to `shape`.
///     Tensor y = broadcast_to(b, {32, 10});
Tensor broadcast_to(Tensor x, Shape shape);
/// The axes in the order given (reversed when absent).    Tensor y = transpose(x, {1, 0});
Tensor transpose(Tensor x, AxisList axes);
Tensor transpose(Tensor x);
/// Axis `from` moved to place `to`, the others in order.  Tensor y = moveaxis(x, 0, -1);
Tensor moveaxis(Tensor x, int from, int to);
/// A new axis of size 1 at `axis` of the result.          Tensor y = expand_dims(x, -1);
Tensor expand_dims(Tensor x, int axis);

}  // namespace strata
