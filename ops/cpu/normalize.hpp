// Rows to rows: softmax, normalisations and their derivatives, each row read from memory once and worked on in cache.
// Called through backend(x).reductions. The loops are in ops/cpu/normalize.isa.cpp, the walk in ops/cpu/normalize.cpp.
#pragma once
#include "strata/core/cpu_isa.hpp"
#include "strata/core/tensor.hpp"
#include "strata/ops/reduction.hpp"

namespace strata {

/// One row: contiguous operands (null where absent), n elements each.
struct RowCall {
  const void* x[3];
  void* y;
  std::int64_t n;
  double eps;
  bool flag;
};
using RowLoop = void (*)(const RowCall& call);

struct RowKernels {
  RowLoop of[row_op_count][2];  // float32, float64
};
template <Isa I>
struct RowSet {
  static const RowKernels table;
};
template <>
const RowKernels RowSet<Isa::baseline>::table;
template <>
const RowKernels RowSet<Isa::avx2>::table;
template <>
const RowKernels RowSet<Isa::avx512>::table;

/// y = op of each row along `axes`. Up to three float operands of one shape and dtype, any strides; y is row-major, of
/// their shape. Halves are computed in float32.
void map_rows(RowOp op, std::span<const Tensor> x, const Tensor& y, AxisSet axes, double eps, bool flag);

}  // namespace strata
