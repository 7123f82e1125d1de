// The reduction seam: any set of axes of any strided CPU tensor, without a copy, into one state for each result
// element. Called by the ops of ops/reduce.cpp, ops/normalize.cpp and by whoever reduces. The loops are in
// ops/cpu/reduce.isa.cpp, the walk over memory in ops/cpu/reduce.cpp. Always holds: how a reduction is cut into pieces
// follows from shapes and strides alone, so results do not depend on the number of threads. Floats add up in registers
// over short pieces, pieces add up in double.
#pragma once
#include <bit>
#include <cstdint>

#include "strata/core/tensor.hpp"

namespace strata {

/// A set of axes of one tensor, all in [0, rank).
struct AxisSet {
  std::uint32_t bits = 0;
  bool has(int axis) const { return (bits >> axis & 1) != 0; }
  int count() const { return std::popcount(bits); }
  int count_below(int axis) const { return std::popcount(bits & ((1u << axis) - 1)); }
  /// The same axes of the value that has the lanes along `lane`.
  AxisSet beside(int lane) const {
    const std::uint32_t low = (1u << lane) - 1;
    return {(bits & low) | (bits & ~low) << 1};
  }
  bool operator==(const AxisSet&) const = default;
};

enum class Reducer : std::uint8_t {
  sum,
  prod,
  max,
  min,
  squares,     // sum of x * x
  magnitudes,  // sum of |x|
  any,         // any, all, count: of bool
  all,
  count,
  argmax,
  argmin,
  moments,
  logsumexp
};
inline constexpr int reducer_count = 13;

/// States. Simple reducers: `double` where they add floats, the element type otherwise, int64 for count, uint8 for any
/// and all.
template <class T>
struct ArgState {
  T value;
  std::int64_t index;  // -1: nothing seen
};
/// Number of elements, their mean, the sum of squared distances from it.
struct Moments {
  double count, mean, m2;
};

/// The largest element and the sum of exp(x - largest); largest -inf: nothing, or nothing but -inf.
struct ExpSum {
  double largest, sum;
};

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

namespace detail {
using FinishFunction = void (*)(void* context, const void* states, std::int64_t first, std::int64_t n);
void reduce_dense(const ReduceKernel& kernel, Dtype compute, const Tensor& x, AxisSet axes, bool ordered,
                  FinishFunction finish, void* context);
}  // namespace detail

/// Reduces dense x over `axes`; elements are converted to `compute` on the way. Calls finish(states, first, n) for the
/// result elements [first, first + n) in row-major order of the kept axes, each once, from any thread. `ordered`: the
/// position of an element among the reduced ones matters (argmax).
template <class F>
void reduce_dense(Reducer r, Dtype compute, const Tensor& x, AxisSet axes, F&& finish) {
  const bool ordered = r == Reducer::argmax || r == Reducer::argmin;
  detail::reduce_dense(
      reduce_kernel(r, compute), compute, x, axes, ordered,
      [](void* f, const void* states, std::int64_t first, std::int64_t n) {
        (*static_cast<std::remove_reference_t<F>*>(f))(states, first, n);
      },
      const_cast<void*>(static_cast<const void*>(&finish)));
}

}  // namespace strata
