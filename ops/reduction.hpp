// What is asked of a device that works on rows: reductions over any axes, rows to rows, running reductions. Plain
// values that ops make and that the kernels of every device take (ops/backend/reductions.hpp). Always holds: nothing
// here is out of line, so that a GPU's library can include it too.
#pragma once
#include <bit>
#include <cstdint>

#include "strata/core/dtype.hpp"

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

/// A reduction from its elements to its results. Elements are converted to `compute` on the way: float32, float64,
/// int32, int64, uint32, uint64, and bool for any, all, count. A result is what ops/reduce_states.hpp makes of the
/// state of all elements: their sum * scale, largest, count, where the largest stands, m2 / (n - ddof), log of the sum
/// of their exp.
struct Reduction {
  Reducer reducer;
  Dtype compute;
  AxisSet axes;
  double scale = 1;   // of float sums
  double ddof = 0;    // of moments
  bool root = false;  // the square root of that, of float sums and moments
};

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

enum class Scan : std::uint8_t {
  sum,
  prod,
  max,
  min,
  logsumexp,
  recurrence,  // h = a * h + b
  max_share,   // the weight with which max took the element: 1, 1/2 at a tie, 0
  min_share
};
inline constexpr int scan_count = 8;

}  // namespace strata
