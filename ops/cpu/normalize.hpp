// Rows to rows: softmax, normalisations and their derivatives, each row read from memory once and worked on in cache.
// Called by ops/normalize.cpp. The loops are in ops/cpu/normalize.isa.cpp, the walk in ops/cpu/normalize.cpp.
#pragma once
#include "strata/core/cpu_isa.hpp"
#include "strata/ops/cpu/reduce.hpp"

namespace strata {

enum class RowOp : std::uint8_t {
  softmax,           // of x;  flag: a row of nothing but -inf gives 0 (softmax), -inf (log_softmax)
  log_softmax,       // of x
  softmax_pull,      // of y = softmax, t: y (t - sum(y t))
  log_softmax_push,  // of y = log_softmax, t: t - sum(exp(y) t)
  log_softmax_pull,  // of y = log_softmax, t: t - exp(y) sum(t)
  standardize,       // of x [, scale [, bias]]: (x - mean) / sqrt(var + eps) scale + bias;  flag: mean taken as 0
  standardize_pull,  // of x, t: the derivative of standardize, which is its own transpose
  share              // of x: 1 / (how many are the largest) for those, 0 for others;  flag: the smallest
};
inline constexpr int row_op_count = 8;

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
