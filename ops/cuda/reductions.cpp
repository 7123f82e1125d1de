// Reductions, rows to rows and running reductions of tensors on a GPU: geometry for the kernels of
// ops/cuda/reductions.cu, rows.cu and scans.cu. Called through backend(x).reductions.
#include "strata/ops/backend/reductions.hpp"

#include "strata/ops/cuda/rows_of.hpp"
#include "strata/ops/cuda/tensors.hpp"

namespace strata::gpu {
namespace {

void reduce_rows(const Reduction& r, const Tensor& x, const Tensor& y) {
  const bool ordered = r.reducer == Reducer::argmax || r.reducer == Reducer::argmin;
  ReduceCall call;
  call.reduction = r;
  const Tensor* const one[] = {&x};
  call.axes = ordered ? rows_of(x.shape(), r.axes, one, &call.x) : rows_in_any_order(x, r.axes, call.x);
  call.y = dense(y).data;
  call.y_dtype = y.dtype();
  call.adjacent = side_by_side(call.axes, call.x);
  if (y.size() > 0) check("reduce", x, kernels(x).reductions.reduce(index_of(x), call));
}

void rows_to_rows(RowOp op, std::span<const Tensor> x, const Tensor& y, AxisSet axes, double eps, bool flag) {
  if (y.size() == 0) return;
  const Tensor* operands[max_row_operands];
  Rows rows[max_row_operands];
  for (std::size_t k = 0; k < x.size(); ++k) operands[k] = &x[k];
  operands[x.size()] = &y;
  RowsCall call;
  call.op = op;
  call.flag = flag;
  call.eps = eps;
  call.axes = rows_of(y.shape(), axes, {operands, x.size() + 1}, rows);
  for (std::size_t k = 0; k < x.size(); ++k) call.x[k] = rows[k];
  call.y = rows[x.size()];
  call.adjacent = side_by_side(call.axes, call.x[0]);
  check("rows", y, kernels(y).reductions.map_rows(index_of(y), call));
}

/// The same rows from their last element to the first.
void turn(Rows& rows, std::int64_t n) {
  if (n < 2) return;
  rows.data = static_cast<std::byte*>(rows.data) + (n - 1) * rows.within[0] * itemsize(rows.dtype);
  rows.within[0] = -rows.within[0];
}

void running(Scan s, std::span<const Tensor> x, const Tensor& y, int axis, bool reverse, bool exclusive) {
  if (y.size() == 0) return;
  const Tensor* const operands[] = {&x[0], &x[x.size() - 1], &y};
  Rows rows[3];
  ScanCall call;
  call.scan = s;
  call.exclusive = exclusive;
  call.axes = rows_of(y.shape(), {1u << axis}, operands, rows);
  for (Rows& r : rows) {
    if (reverse) turn(r, call.axes.reduced.size);
  }
  call.x[0] = rows[0];
  call.x[1] = rows[1];
  call.y = rows[2];
  check("scan", y, kernels(y).reductions.scan(index_of(y), call));
}

}  // namespace
}  // namespace strata::gpu

namespace strata {

const ReductionsKernels cuda_reductions{&gpu::reduce_rows, &gpu::rows_to_rows, &gpu::running};

}  // namespace strata
