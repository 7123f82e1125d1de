// What every reducing op needs: its parameters, the result's shape, where lanes end up, how a result spreads back.
// Used by ops/reduce*.cpp, ops/normalize*.cpp and others that reduce.
#pragma once
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/reduction.hpp"

namespace strata {

struct ReduceParams {
  Shape from;  // logical shape of the argument
  AxisSet axes;
  bool keepdims = false;
};

/// The axes that `axes` means for a tensor of rank `rank`: ShapeError that names `op`.
AxisSet axis_set(const char* op, const AxesOrAll& axes, int rank);
inline AxisSet all_axes(int rank) { return {(1u << rank) - 1}; }
AxisList axis_list(AxisSet axes);

Shape reduced_shape(const Shape& from, AxisSet axes, bool keepdims);
/// Elements of `from` that make one result element.
std::int64_t reduced_count(const Shape& from, AxisSet axes);

/// A result of the reduction as it stands beside the argument: size-1 axes where it was reduced.
Tensor keep_axes(const Tensor& y, const ReduceParams& p);
/// The same, broadcast to the argument's shape (a view).
Tensor spread(const Tensor& y, const ReduceParams& p);
/// y without the size-1 axes, unless they are to be kept.
Tensor drop_axes(Tensor y, const ReduceParams& p);

/// x with the kept axes first and the reduced ones as one last axis.
Tensor reduced_last(const Tensor& x, AxisSet axes);

/// p for the value that has lanes, and where they are in the result.
ReduceParams lane_params(const ReduceParams& p, const Lane& x);
inline int lane_of_result(const ReduceParams& p, const Lane& x) {
  return p.keepdims ? x.axis : x.axis - p.axes.count_below(x.axis);
}

/// The batching rule of reducing op D, whose Params are ReduceParams or a struct derived from them.
template <class D>
Lane batch_reduced(typename D::Params p, Lane& x) {
  const int lane = lane_of_result(p, x);
  static_cast<ReduceParams&>(p) = lane_params(p, x);
  return {apply<D>(p, std::move(x.value)), lane};
}

/// Row-major memory of a result of `p`.
inline Tensor empty_result(const ReduceParams& p, const Tensor& x, Dtype dtype, bool weak) {
  return empty_dense(reduced_shape(x.shape(), p.axes, p.keepdims), dtype, x.device(), weak);
}

/// y = the reduction of x, on the device where both lie. x is dense or pending; y is row-major.
void reduce(const Reduction& r, const Tensor& x, const Tensor& y);

/// The dtype a kernel computes in: halves in float32, small integers in 32 bits.
Dtype compute_dtype(Dtype d);
/// JAX's dtype of a sum: bool and small integers widen to 32 bits.
Dtype sum_dtype(Dtype d);

/// ValueError: `op` of no elements has no identity. `way_out` follows in the message.
void check_not_empty(const char* op, const Shape& from, AxisSet axes, const char* way_out = "check the size first");
/// ShapeError that names `op` when x and `.where`, if there is one, do not broadcast.
void check_where(const char* op, const Tensor& x, const Tensor& where);

}  // namespace strata
