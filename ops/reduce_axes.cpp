// Axes, shapes and lanes of reductions.
#include "strata/ops/reduce_axes.hpp"

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"

namespace strata {

AxisSet axis_set(const char* op, const AxesOrAll& axes, int rank) {
  if (axes.is_every()) return all_axes(rank);
  AxisSet s;
  for (int a : axes.list()) {
    const int axis = normalize_axis(op, a, rank);
    if (s.has(axis)) {
      throw ShapeError(std::string(op) + ": axis " + std::to_string(axis) + " is named twice" + level_context());
    }
    s.bits |= 1u << axis;
  }
  return s;
}

AxisList axis_list(AxisSet axes) {
  std::vector<int> list;
  for (int a = 0; a < max_rank; ++a) {
    if (axes.has(a)) list.push_back(a);
  }
  return AxisList(std::move(list));
}

Shape reduced_shape(const Shape& from, AxisSet axes, bool keepdims) {
  Shape to;
  for (int i = 0; i < from.size(); ++i) {
    if (!axes.has(i))
      to.push_back(from[i]);
    else if (keepdims)
      to.push_back(1);
  }
  return to;
}

std::int64_t reduced_count(const Shape& from, AxisSet axes) {
  std::int64_t n = 1;
  for (int i = 0; i < from.size(); ++i) {
    if (axes.has(i)) n *= from[i];
  }
  return n;
}

Tensor keep_axes(const Tensor& y, const ReduceParams& p) {
  return p.keepdims ? y : reshape(y, reduced_shape(p.from, p.axes, true));
}

Tensor spread(const Tensor& y, const ReduceParams& p) { return broadcast_to(keep_axes(y, p), p.from); }

Tensor drop_axes(Tensor y, const ReduceParams& p) {
  return p.keepdims ? y : reshape(std::move(y), reduced_shape(p.from, p.axes, false));
}

Tensor reduced_last(const Tensor& x, AxisSet axes) {
  std::vector<int> order;
  for (const bool reduced : {false, true}) {
    for (int i = 0; i < x.ndim(); ++i) {
      if (axes.has(i) == reduced) order.push_back(i);
    }
  }
  Shape flat = reduced_shape(x.shape(), axes, false);
  flat.push_back(reduced_count(x.shape(), axes));
  return reshape(transpose(x, AxisList(std::move(order))), flat);
}

ReduceParams lane_params(const ReduceParams& p, const Lane& x) {
  return {x.value.shape(), p.axes.beside(x.axis), p.keepdims};
}

void reduce(const Reduction& r, const Tensor& x, const Tensor& y) { backend(y).reductions.reduce(r, x, y); }

Dtype compute_dtype(Dtype d) {
  if (is_half(d)) return Dtype::float32;
  if (d == Dtype::int8 || d == Dtype::int16) return Dtype::int32;
  if (d == Dtype::uint8 || d == Dtype::uint16) return Dtype::uint32;
  return d;
}

Dtype sum_dtype(Dtype d) {
  if (d == Dtype::bool_) return Dtype::int32;
  return is_integer(d) ? compute_dtype(d) : d;
}

void check_not_empty(const char* op, const Shape& from, AxisSet axes, const char* way_out) {
  if (reduced_count(from, axes) > 0) return;
  throw ValueError(std::string(op) + ": no elements along the reduced axes of shape " + to_string(from) + ", and " +
                   op + " of none has no value" + level_context() + "\n  " + way_out);
}

void check_where(const char* op, const Tensor& x, const Tensor& where) {
  if (!where.defined() || where.shape() == x.shape()) return;
  broadcast_shapes(std::string(op) + ": x and .where", x.shape(), where.shape());
}

}  // namespace strata
