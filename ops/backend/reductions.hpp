// What a device does to rows: reductions over any axes, rows to rows, running reductions. Implemented by
// ops/cpu/reduce.cpp, normalize.cpp and reduce_scan.cpp and by ops/cuda/reductions.cpp; called through
// backend(x).reductions.
#pragma once
#include <span>

#include "strata/core/tensor.hpp"
#include "strata/ops/reduction.hpp"

namespace strata {

struct ReductionsKernels {
  /// y = the reduction of x, which is dense or (on the CPU) pending. y is row-major.
  void (*reduce)(const Reduction& r, const Tensor& x, const Tensor& y);
  /// y = op of each row along `axes`. Up to three float operands of one shape and dtype, any strides; y is row-major,
  /// of their shape. Halves are computed in float32.
  void (*map_rows)(RowOp op, std::span<const Tensor> x, const Tensor& y, AxisSet axes, double eps, bool flag);
  /// y = the running `s` of dense x (one tensor, two for a recurrence) along `axis`; same shapes, same dtype: float32,
  /// float64 or a 32 or 64-bit integer. y is row-major. exclusive: y[k] is the state before element k.
  void (*scan)(Scan s, std::span<const Tensor> x, const Tensor& y, int axis, bool reverse, bool exclusive);
};

extern const ReductionsKernels cpu_reductions, cuda_reductions;

}  // namespace strata
