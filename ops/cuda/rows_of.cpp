// See rows_of.hpp.
#include "strata/ops/cuda/rows_of.hpp"

#include <utility>

#include "strata/ops/cpu/strided.hpp"

namespace strata::gpu {
namespace {

void merge(Axes& a, std::int64_t* const* strides, int operands) {
  a.size = 1;
  for (int i = 0; i < a.rank; ++i) a.size *= a.shape[i];
  a.rank = merge_axes(a.rank, a.shape, strides, operands);
}

void merge_all(RowAxes& a, Rows* rows, int operands) {
  std::int64_t *between[max_row_operands], *within[max_row_operands];
  for (int k = 0; k < operands; ++k) {
    between[k] = rows[k].between;
    within[k] = rows[k].within;
  }
  merge(a.kept, between, operands);
  merge(a.reduced, within, operands);
}

RowAxes split(const Shape& shape, AxisSet reduced, std::span<const Tensor* const> x, Rows* rows) {
  RowAxes a;
  for (std::size_t k = 0; k < x.size(); ++k) {
    rows[k].data = dense(*x[k]).data;
    rows[k].dtype = dense(*x[k]).dtype;
  }
  for (int i = 0; i < shape.size(); ++i) {
    Axes& axes = reduced.has(i) ? a.reduced : a.kept;
    for (std::size_t k = 0; k < x.size(); ++k)
      (reduced.has(i) ? rows[k].within : rows[k].between)[axes.rank] = dense(*x[k]).strides[i];
    axes.shape[axes.rank++] = shape[i];
  }
  return a;
}

}  // namespace

RowAxes rows_of(const Shape& shape, AxisSet reduced, std::span<const Tensor* const> x, Rows* rows) {
  RowAxes a = split(shape, reduced, x, rows);
  merge_all(a, rows, static_cast<int>(x.size()));
  return a;
}

RowAxes rows_in_any_order(const Tensor& x, AxisSet reduced, Rows& rows) {
  const Tensor* const one[] = {&x};
  RowAxes a = split(x.shape(), reduced, one, &rows);
  auto* data = static_cast<std::byte*>(rows.data);
  Axes& r = a.reduced;
  for (int i = 0; i < r.rank; ++i) {
    if (rows.within[i] >= 0 || x.size() == 0) continue;
    data += (r.shape[i] - 1) * rows.within[i] * itemsize(rows.dtype);
    rows.within[i] = -rows.within[i];
  }
  rows.data = data;
  for (int i = 1; i < r.rank; ++i) {
    for (int j = i; j > 0 && rows.within[j - 1] < rows.within[j]; --j) {
      std::swap(rows.within[j - 1], rows.within[j]);
      std::swap(r.shape[j - 1], r.shape[j]);
    }
  }
  merge_all(a, &rows, 1);
  return a;
}

bool side_by_side(const RowAxes& a, const Rows& x) {
  if (a.kept.rank == 0 || x.between[a.kept.rank - 1] != 1) return false;
  return a.reduced.rank == 0 || x.within[a.reduced.rank - 1] != 1;
}

}  // namespace strata::gpu
