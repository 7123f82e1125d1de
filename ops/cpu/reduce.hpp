// Reductions on the CPU: any set of axes of any strided tensor, without a copy, into one state for each result element.
// Called through backend(x).reductions. The loops are in ops/cpu/reduce.isa.cpp, the walk over memory in
// ops/cpu/reduce.cpp, what becomes of states in ops/cpu/reduce_results.cpp. Always holds: how a reduction is cut into
// pieces follows from shapes and strides alone, so results do not depend on the number of threads. Floats add up in
// registers over short pieces, pieces add up in double.
#pragma once
#include <cstdint>

#include "strata/core/tensor.hpp"
#include "strata/ops/reduce_states.hpp"

namespace strata {

/// The loops of one reducer for one element type.
struct ReduceKernel {
  int state_bytes;
  /// state[r] of the n contiguous elements at x + r * stride, r < rows; n = 0 gives the empty state.
  void (*rows)(const void* x, std::int64_t stride, std::int64_t rows, std::int64_t n, void* state);
  /// state[c] of the elements x[r * stride + c], r < rows, for c < columns; null where there is no such loop.
  void (*columns)(const void* x, std::int64_t stride, std::int64_t rows, std::int64_t columns, void* state);
  /// into[i] joined with from[i], i < n; `base` is the position of from's first element (for argmax).
  void (*merge)(void* into, const void* from, std::int64_t n, std::int64_t base);
};

/// The kernel for `r` on elements of dtype `compute`: float32, float64, int32, int64, uint32, uint64; bool for any,
/// all, count.
const ReduceKernel& reduce_kernel(Reducer r, Dtype compute);

/// Where results go: `to` is row-major, its elements in order of the kept axes.
struct ReduceResults {
  const Reduction& reduction;
  std::byte* to;
  Dtype dtype;
  /// Makes the results [first, first + n) of their complete states. Called once for each, from any thread.
  void store(const void* states, std::int64_t first, std::int64_t n) const;
};

/// y = the reduction of x, which is dense or pending.
void reduce_dense(const Reduction& r, const Tensor& x, const Tensor& y);

}  // namespace strata
