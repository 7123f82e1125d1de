// The states of reductions that are more than a number, how two of them join, and what a complete state becomes. Used
// by the loops of the CPU (ops/cpu/reduce*.isa.cpp), where its results are stored (ops/cpu/reduce_results.cpp) and by
// the kernels of the GPU.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "strata/core/host_device.hpp"
#include "strata/ops/math.hpp"
#include "strata/ops/reduction.hpp"

namespace strata {

/// Simple reducers have for a state a `double` where they add floats, the element type otherwise, int64 for count,
/// uint8 for any and all.
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

/// The first of the largest (smallest) elements, NaN before all.
template <bool Largest, class T>
STRATA_HD void join(ArgState<T>& a, const ArgState<T>& b) {
  if (b.index < 0) return;
  const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
  const bool equal = a.value == b.value || (a_nan && b_nan);
  const bool wins = a_nan || (Largest ? a.value > b.value : a.value < b.value);
  const bool keep = a.index >= 0 && (equal ? a.index < b.index : wins);
  if (!keep) a = b;
}

STRATA_HD void join(Moments& a, const Moments& b) {
  if (b.count == 0) return;
  if (a.count == 0) {
    a = b;
    return;
  }
  const double count = a.count + b.count, d = b.mean - a.mean;
  a.m2 += b.m2 + d * d * (a.count / count) * b.count;
  a.mean += d * (b.count / count);
  a.count = count;
}

STRATA_HD void join(ExpSum& a, const ExpSum& b) {
  const double none = -std::numeric_limits<double>::infinity();
  if (b.largest == none || a.largest != a.largest) return;  // NaN stays
  if (a.largest == none) {
    a = b;
  } else if (a.largest == b.largest) {  // infinities too
    a.sum += b.sum;
  } else if (a.largest > b.largest) {
    a.sum += b.sum * math::exp(b.largest - a.largest);
  } else {
    a = {b.largest, b.sum + a.sum * math::exp(a.largest - b.largest)};
  }
}

/// One element more. Of floats, exponentials are taken in float where nothing already added is scaled by them.
STRATA_HD void take(Moments& s, double x) {
  s.count += 1;
  const double d = x - s.mean;
  s.mean += d / s.count;
  s.m2 += d * (x - s.mean);
}
template <class T>
STRATA_HD void take(ExpSum& s, T x) {
  const double v = static_cast<double>(x);
  if (s.largest != s.largest) return;  // NaN stays
  if (v == s.largest)                  // infinities too
    s.sum += 1;
  else if (v < s.largest)
    s.sum += static_cast<double>(math::exp(x - static_cast<T>(s.largest)));
  else
    s = {v, s.sum * math::exp(s.largest - v) + 1};
}

/// The results of complete states.
STRATA_HD double result_of(double sum, const Reduction& r) {
  const double v = sum * r.scale;
  return r.root ? std::sqrt(v) : v;
}
STRATA_HD double result_of(const Moments& s, const Reduction& r) {
  const double v = s.m2 / (s.count - r.ddof);
  return r.root ? std::sqrt(v) : v;
}
STRATA_HD double result_of(const ExpSum& s, const Reduction&) {
  return std::isfinite(s.largest) ? s.largest + std::log(s.sum) : s.largest;
}

}  // namespace strata
