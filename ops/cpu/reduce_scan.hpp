// Running reductions along one axis of strided CPU tensors: cumulative sums, products, extrema, linear recurrences.
// Called through backend(x).reductions. The loops are in ops/cpu/reduce_scan.isa.cpp, once per instruction set.
#pragma once
#include <cstdint>

#include "strata/core/cpu_isa.hpp"
#include "strata/core/tensor.hpp"
#include "strata/ops/reduction.hpp"

namespace strata {

/// `columns` independent scans of n elements. Strides in elements. exclusive: y[k] is the state before element k.
struct ScanLines {
  const void* x[2];
  std::int64_t step[2], column[2];
  void* y;
  std::int64_t y_step, y_column;
  std::int64_t n, columns;
  bool exclusive;
};
using ScanLoop = void (*)(const ScanLines& lines);

struct ScanKernels {
  ScanLoop of[scan_count][dtype_count];
};
template <Isa I>
struct ScanSet {
  static const ScanKernels table;
};
template <>
const ScanKernels ScanSet<Isa::baseline>::table;
template <>
const ScanKernels ScanSet<Isa::avx2>::table;
template <>
const ScanKernels ScanSet<Isa::avx512>::table;

/// y = the running `s` of dense x (one tensor, two for a recurrence) along `axis`; same shapes, same dtype: float32,
/// float64 or a 32 or 64-bit integer. y is row-major.
void scan_dense(Scan s, std::span<const Tensor> x, const Tensor& y, int axis, bool reverse, bool exclusive);

}  // namespace strata
