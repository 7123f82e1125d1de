// A box of a tensor, known on the host: so many elements per axis, from a start, by a step; some axes of one element
// dropped. Reading it is a view, writing it is one copy. Called by slice, flip, pad, x[...], x.at({...}) and
// dynamic_slice.
#pragma once
#include "strata/ops/family.hpp"

namespace strata {

struct Box {
  Shape from;                 // the tensor's shape
  Shape start, size, step;    // per axis; step may be negative
  std::uint32_t dropped = 0;  // bit i: axis i, of size 1 in the box, is not there in the result

  /// The whole tensor.
  static Box whole(const Shape& shape);
  bool drops(int axis) const { return (dropped >> axis & 1) != 0; }
  /// The shape of the box as a tensor.
  Shape shape() const;
  bool is_whole() const;
  /// With an axis of `n` elements, all in the box, put before axis `axis` of the tensor; `result`: its place in the
  /// box.
  Box with_axis(int axis, std::int64_t n, int& result) const;
};

/// x's elements in the box, as a view.
Tensor read_box(Tensor x, const Box& box);
/// x with the elements of the box replaced by u, whose shape is the box's. Takes over x's memory where it may.
Tensor write_box(Tensor x, Tensor u, const Box& box);

}  // namespace strata
