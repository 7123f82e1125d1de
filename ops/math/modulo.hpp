// Division with a whole quotient: fmod (C's sign rule), remainder and floor_div (Python's), quotient (integers, towards
// zero). Called by op formulas and users' lambdas. fmod is exact, as C's; integers never trap: dividing by zero gives
// -1 (all bits), the remainder then is the dividend, and the most negative number over -1 is itself (XLA's rules).
#pragma once
#include "strata/ops/math/basic.hpp"

namespace strata::math {

namespace detail {

// One lane each: objects with an always inlined call, where a lambda's could become a symbol of its own.
struct LibmFmod {
  STRATA_HD float operator()(float x, float y) const { return ::fmodf(x, y); }
  STRATA_HD double operator()(double x, double y) const { return ::fmod(x, y); }
};
struct Quotient {
  template <class T>
  STRATA_HD T operator()(T x, T y) const {
    if (y == 0) return static_cast<T>(-1);
    if constexpr (std::is_signed_v<T>) {
      if (y == -1) return static_cast<T>(0u - static_cast<std::make_unsigned_t<T>>(x));
    }
    return static_cast<T>(x / y);
  }
};
struct Fmod {
  template <class T>
  STRATA_HD T operator()(T x, T y) const {
    if (y == 0) return x;
    if constexpr (std::is_signed_v<T>) {
      if (y == -1) return 0;
    }
    return static_cast<T>(x % y);
  }
};
template <class T>
STRATA_HD bool signs_differ(T r, T y) {
  return r != 0 && (r < 0) != (y < 0);
}
struct Remainder {
  template <class T>
  STRATA_HD T operator()(T x, T y) const {
    const T r = Fmod{}(x, y);
    return signs_differ(r, y) ? static_cast<T>(r + y) : r;
  }
};
struct FloorDiv {
  template <class T>
  STRATA_HD T operator()(T x, T y) const {
    const T q = Quotient{}(x, y);
    return y != 0 && signs_differ(Fmod{}(x, y), y) ? static_cast<T>(q - 1) : q;
  }
};

template <class T>
STRATA_HD T fmod_float(T x, T y) {
  using F = format<T>;
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
  return select(fast, r, map_lanes(LibmFmod{}, x, y));
}

}  // namespace detail

/// x / y towards zero, for integers.
template <class T>
STRATA_HD T quotient(T x, std::type_identity_t<T> y) {
  return map_lanes(detail::Quotient{}, x, y);
}

/// x - y trunc(x / y), exactly: the sign of x.
template <class T>
STRATA_HD T fmod(T x, std::type_identity_t<T> y) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    return detail::fmod_float(x, y);
  } else {
    return map_lanes(detail::Fmod{}, x, y);
  }
}

/// x - y floor(x / y): the sign of y, as in Python and NumPy.
template <class T>
STRATA_HD T remainder(T x, std::type_identity_t<T> y) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    const T r = fmod(x, y);
    const auto other = r != T(0) && (r < T(0)) != (y < T(0));
    return select(other, r + y, r);
  } else {
    return map_lanes(detail::Remainder{}, x, y);
  }
}

/// floor(x / y), consistent with remainder; x / 0 is infinite (0 / 0 NaN), for integers -1.
template <class T>
STRATA_HD T floor_div(T x, std::type_identity_t<T> y) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    const T r = fmod(x, y), q = (x - r) / y;
    const auto other = r != T(0) && sign(y) != sign(r);
    return select(y == T(0), x / y, round_away(select(other, q - T(1), q)));
  } else {
    return map_lanes(detail::FloorDiv{}, x, y);
  }
}

}  // namespace strata::math
