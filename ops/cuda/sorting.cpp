// Sorting lines of tensors on a GPU: geometry for the kernels of ops/cuda/sorting.cu. Called through
// backend(x).sorting.
#include "strata/ops/backend/sorting.hpp"

#include "strata/ops/cuda/rows_of.hpp"
#include "strata/ops/cuda/tensors.hpp"

namespace strata::gpu {
namespace {

AxisSet only(int axis) { return {1u << axis}; }

/// One axis of a line, of stride 0 where merging found nothing to walk along.
void keep_step(RowAxes& axes, const Tensor& x, int axis, Rows& rows) {
  axes.reduced.rank = 1;
  axes.reduced.shape[0] = axes.reduced.size;
  rows.within[0] = dense(x).strides[axis];
}

void sort_lines(const Tensor& x, int axis, bool descending, bool places, const Tensor& y) {
  if (y.size() == 0) return;
  const Tensor* const both[] = {&x, &y};
  Rows rows[2];
  SortCall call;
  call.axes = rows_of(x.shape(), only(axis), both, rows);
  keep_step(call.axes, x, axis, rows[0]);
  keep_step(call.axes, y, axis, rows[1]);
  call.x = rows[0];
  call.y = rows[1];
  call.count = y.shape()[axis];
  call.descending = descending;
  call.places = places;
  check("sort", x, kernels(x).sorting.sort(index_of(x), call));
}

void sort_values(const Tensor& x, int axis, bool descending, const Tensor& y) {
  sort_lines(x, axis, descending, false, y);
}

void sort_indices(const Tensor& x, int axis, bool descending, const Tensor& index) {
  sort_lines(x, axis, descending, true, index);
}

void move_lines(const char* op, const Tensor& x, const Tensor& index, int axis, bool put, const Tensor& y) {
  if (y.size() == 0) return;
  const Tensor* const all[] = {&x, &index, &y};
  Rows rows[3];
  MoveCall call;
  call.axes = rows_of(index.shape(), only(axis), all, rows);
  for (int k = 0; k < 3; ++k) keep_step(call.axes, *all[k], axis, rows[k]);
  call.x = rows[0];
  call.index = rows[1];
  call.y = rows[2];
  call.y_size = y.size();
  call.put = put;
  check(op, x, kernels(x).sorting.move(index_of(x), call));
}

void take_lines(const Tensor& x, const Tensor& index, int axis, const Tensor& y) {
  move_lines("take_sorted", x, index, axis, false, y);
}

void put_lines(const Tensor& x, const Tensor& index, int axis, const Tensor& y) {
  move_lines("put_sorted", x, index, axis, true, y);
}

void search_lines(const Tensor& a, const Tensor& x, bool right, const Tensor& y) {
  const Dense &from = dense(a), &wanted = dense(x);
  SearchCall call;
  call.a = from.data;
  call.x = wanted.data;
  call.dtype = from.dtype;
  call.a_line = from.strides[0];
  call.a_step = from.strides[1];
  call.x_line = wanted.strides[0];
  call.x_step = wanted.strides[1];
  call.lines = from.shape[0];
  call.n = from.shape[1];
  call.m = wanted.shape[1];
  call.right = right;
  call.y = reinterpret_cast<std::int32_t*>(dense(y).data);
  check("searchsorted", x, kernels(x).sorting.search(index_of(x), call));
}

}  // namespace
}  // namespace strata::gpu

namespace strata {

const SortingKernels cuda_sorting{&gpu::sort_values, &gpu::sort_indices, &gpu::take_lines, &gpu::put_lines,
                                  &gpu::search_lines};

}  // namespace strata
