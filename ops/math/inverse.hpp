// asin acos atan atan2. Called by op formulas and users' lambdas.
// One odd polynomial each, after folding: asin through asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)), atan through the
// angle that is nearest among 0, pi/4 and pi/2, with a single division whichever it is.
#pragma once
#include "strata/ops/math/basic.hpp"

namespace strata::math {

namespace detail {

/// A constant and what rounding it to T lost.
template <class Lane>
struct Angles;
template <>
struct Angles<float> {
  static constexpr float pi = 0x1.921fb6p+1f, pi_rest = -0x1.777a5cp-24f;
};
template <>
struct Angles<double> {
  static constexpr double pi = 0x1.921fb54442d18p+1, pi_rest = 0x1.1a62633145c07p-53;
};

/// asin(s) for s^2 = z <= 1/4.
template <class T>
STRATA_HD T asin_small(T s, T z) {
  T q;
  if constexpr (is_single<T>) {
    q = poly(z, 0.1666675248f, 0.07495297539f, 0.04547039079f, 0.02417944383f, 0.04216641765f);
  } else {
    q = poly(z, 0.166666666666667604, 0.0749999999997079903, 0.0446428571746124183, 0.030381942707773031,
             0.022372214987492378, 0.0173516120238609425, 0.0139808203485393668, 0.0113989143540243019,
             0.0107802386965782323, 3.70646823498519447e-3, 0.0217072901688188005, -0.0209988262960836948,
             0.0326284686187606481);
  }
  return fma(s * z, q, s);
}

/// The angle in [0, pi/2] whose tangent is n / d, for n, d >= 0, not both zero or infinite.
template <class T>
STRATA_HD T angle(T n, T d) {
  using A = Angles<lane_t<T>>;
  const auto steep = n > T(2.41421356237309505) * d;
  const auto diagonal = n > T(0.414213562373095049) * d && !steep;
  const T up = select(steep, -d, select(diagonal, n - d, n));
  const T down = select(steep, n, select(diagonal, n + d, d));
  const T base = select(steep, T(A::pi / 2), select(diagonal, T(A::pi / 4), T(0)));
  const T rest = select(steep, T(A::pi_rest / 2), select(diagonal, T(A::pi_rest / 4), T(0)));
  const T t = up / down, z = t * t;
  T q;
  if constexpr (is_single<T>) {
    q = poly(z, -0.3333331511f, 0.1999846606f, -0.1424342338f, 0.1059295428f, -0.06075935405f);
  } else {
    q = poly(z, -0.333333333333333274, 0.199999999999976266, -0.142857142853830068, 0.111111110878848262,
             -0.0909090813456185569, 0.0769228254550214004, -0.0666622377109823225, 0.0587699397640214277,
             -0.0521823354252183672, 0.0450288506407751805, -0.0334596309095775598, 0.0151806887021183053);
  }
  return base + (fma(t * z, q, t) + rest);
}

}  // namespace detail

template <class T>
STRATA_HD T asin(T x) {
  using A = detail::Angles<lane_t<T>>;
  const T a = abs(x);
  const auto big = a > T(0.5);
  const T z = select(big, fma(a, T(-0.5), T(0.5)), a * a);
  const T p = detail::asin_small(select(big, sqrt(z), a), z);
  return copysign(select(big, T(A::pi / 2) - (p + p - T(A::pi_rest / 2)), p), x);
}

template <class T>
STRATA_HD T acos(T x) {
  using A = detail::Angles<lane_t<T>>;
  const T a = abs(x);
  const auto big = a > T(0.5);
  const T z = select(big, fma(a, T(-0.5), T(0.5)), a * a);
  const T p = detail::asin_small(select(big, sqrt(z), a), z);
  const auto negative = x < T(0);
  const T base = select(big, select(negative, T(A::pi), T(0)), T(A::pi / 2));
  const T rest = select(big, select(negative, T(A::pi_rest), T(0)), T(A::pi_rest / 2));
  return base + (copysign(select(big, p + p, p), select(big, x, -x)) + rest);
}

template <class T>
STRATA_HD T atan(T x) {
  return copysign(detail::angle(abs(x), T(1)), x);
}

/// The angle of the point (x, y) in [-pi, pi], with all of C's cases of zeros and infinities.
template <class T>
STRATA_HD T atan2(T y, std::type_identity_t<T> x) {
  using A = detail::Angles<lane_t<T>>;
  T n = abs(y), d = abs(x);
  const T larger = max(n, d);
  const T scale = select(larger > T(format<T>::max / 8), T(0.25), T(1));  // n + d must not overflow
  const auto alike = n == d && (larger == T(0) || larger == T(format<T>::inf));
  const auto zero = alike && larger == T(0);
  n = select(alike, select(zero, T(0), T(1)), n * scale);
  d = select(alike, T(1), d * scale);
  const T r = detail::angle(n, d);
  return copysign(select(signbit(x), T(A::pi) - (r - T(A::pi_rest)), r), y);
}

}  // namespace strata::math
