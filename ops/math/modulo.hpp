// Division with a whole quotient: fmod (C's sign rule), remainder and floor_div (Python's), quotient (integers, towards
// zero). Called by op formulas and users' lambdas. fmod is exact, as C's; integers never trap: dividing by zero gives
// -1 (all bits), the remainder then is the dividend, and the most negative number over -1 is itself (XLA's rules).
#pragma once
#include "strata/ops/math/basic.hpp"

namespace strata::math {

namespace detail {

STRATA_HD float libm_fmod(float x, float y) { return ::fmodf(x, y); }
STRATA_HD double libm_fmod(double x, double y) { return ::fmod(x, y); }

template <class T>
STRATA_HD T fmod_float(T x, T y) {
  using F = format<T>;
  using L = lane_t<T>;
  const T a = abs(x), b = abs(y), ratio = a / b, n = trunc(ratio);
  auto fast = ratio < T(F::integers / 2) && b < T(F::inf);
  T r;
  if constexpr (fused<T>) {
    r = fma(-n, b, a);
  } else {
    const T least(F::min_normal * F::integers * F::integers),
        most(F::max / (F::integers * 2));  // where products split exactly
    fast = fast && a > least && b > least && a < most && b < most;
    const Two<T> product = two_product(n, b);
    r = (a - product.hi) - product.lo;
  }
  r = copysign(select(r < T(0), r + b, r), x);  // the rounded ratio may be one too large
  if (all(fast)) [[likely]] {
    return r;
  }
  return select(fast, r, map_lanes([](L u, L v) { return libm_fmod(u, v); }, x, y));
}

template <class T>
STRATA_HD T quotient_integer(T x, T y) {
  if (y == 0) return static_cast<T>(-1);
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return static_cast<T>(0u - static_cast<std::make_unsigned_t<T>>(x));
  }
  return static_cast<T>(x / y);
}
template <class T>
STRATA_HD T fmod_integer(T x, T y) {
  if (y == 0) return x;
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return 0;
  }
  return static_cast<T>(x % y);
}
template <class T>
STRATA_HD bool signs_differ(T r, T y) {
  return r != 0 && (r < 0) != (y < 0);
}

}  // namespace detail

/// x / y towards zero, for integers.
template <class T>
STRATA_HD T quotient(T x, std::type_identity_t<T> y) {
  using L = lane_t<T>;
  return map_lanes([](L a, L b) { return detail::quotient_integer(a, b); }, x, y);
}

/// x - y trunc(x / y), exactly: the sign of x.
template <class T>
STRATA_HD T fmod(T x, std::type_identity_t<T> y) {
  using L = lane_t<T>;
  if constexpr (std::is_floating_point_v<L>) {
    return detail::fmod_float(x, y);
  } else {
    return map_lanes([](L a, L b) { return detail::fmod_integer(a, b); }, x, y);
  }
}

/// x - y floor(x / y): the sign of y, as in Python and NumPy.
template <class T>
STRATA_HD T remainder(T x, std::type_identity_t<T> y) {
  using L = lane_t<T>;
  if constexpr (std::is_floating_point_v<L>) {
    const T r = fmod(x, y);
    const auto other = r != T(0) && (r < T(0)) != (y < T(0));
    return select(other, r + y, r);
  } else {
    const auto one = [](L a, L b) {
      const L r = detail::fmod_integer(a, b);
      return detail::signs_differ(r, b) ? static_cast<L>(r + b) : r;
    };
    return map_lanes(one, x, y);
  }
}

/// floor(x / y), consistent with remainder.
template <class T>
STRATA_HD T floor_div(T x, std::type_identity_t<T> y) {
  using L = lane_t<T>;
  if constexpr (std::is_floating_point_v<L>) {
    const T r = fmod(x, y), q = (x - r) / y;
    const auto other = r != T(0) && sign(y) != sign(r);
    return round_away(select(other, q - T(1), q));
  } else {
    const auto one = [](L a, L b) {
      const L q = detail::quotient_integer(a, b);
      return b != 0 && detail::signs_differ(detail::fmod_integer(a, b), b) ? static_cast<L>(q - 1) : q;
    };
    return map_lanes(one, x, y);
  }
}

}  // namespace strata::math
