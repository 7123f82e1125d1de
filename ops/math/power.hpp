// pow integer_pow cbrt hypot. Called by op formulas and users' lambdas.
// pow carries the logarithm in two numbers of T, so that large exponents cost no digits; all of C's special cases hold.
#pragma once
#include "strata/ops/math/exp.hpp"
#include "strata/ops/math/log.hpp"

namespace strata::math {

namespace detail {

/// log(x) for positive normal x, in two parts, to about 2^-33 (2^-63) of itself; `k` is added to the exponent.
template <class T>
STRATA_HD Two<T> log_in_two(T x, T k) {
  using C = LogConst<lane_t<T>>;
  const Split<T> parts = split(x);
  const T f = parts.f;
  const Two<T> below = fast_two_sum(T(2), f);  // 2 + f
  const T s = f / below.hi;
  const Two<T> back = two_product(s, below.hi);
  const T s_rest = (((f - back.hi) - back.lo) - s * below.lo) / below.hi;
  Two<T> z = two_product(s, s);
  z.lo = z.lo + (s + s) * s_rest;
  T tail, two_thirds_rest;
  if constexpr (is_single<T>) {
    tail = poly(z.hi, 0.4000015218f, 0.2854713334f, 0.2341859361f);
    two_thirds_rest = T(-1.98682151e-8f);
  } else {
    tail = poly(z.hi, 0.400000000000022568, 0.285714285700992438, 0.222222225199756277, 0.181817843629599527,
                0.153867575060708305, 0.132568139982282238, 0.131963610224021582);
    two_thirds_rest = T(3.7007434154171882626e-17);
  }
  Two<T> q = fast_two_sum(T(0.666666666666666666667), z.hi * tail);
  q.lo = q.lo + two_thirds_rest;
  const T c = s * z.hi;  // s^3 q, small against 2 s: one part and its rounding suffice
  const Two<T> cube = two_product(s, z.hi);
  const Two<T> product = two_product(c, q.hi);
  const T product_rest = product.lo + (c * q.lo + (cube.lo + s * z.lo + s_rest * z.hi) * q.hi);
  const Two<T> log_m = fast_two_sum(s + s, product.hi);
  const T log_m_rest = log_m.lo + (product_rest + (s_rest + s_rest));
  k = k + parts.k;
  const Two<T> sum = two_sum(k * T(C::ln2_hi), log_m.hi);
  return fast_two_sum(sum.hi, sum.lo + fma(k, T(C::ln2_lo), log_m_rest));
}

/// |x|^y for positive, finite |x| and y != 0; k as above.
template <class T>
STRATA_HD T pow_positive(Two<T> log_x, T y) {
  const Two<T> p = two_product(y, log_x.hi);
  const T rest = select(abs(p.hi) < T(2000), fma(y, log_x.lo, p.lo), T(0));  // beyond, p.lo may be NaN
  return exp_scaled(p.hi, rest).value();
}

template <class T>
STRATA_HD T pow_float(T x, T y) {
  using F = format<T>;
  using C = LogConst<lane_t<T>>;
  const T a = abs(x);
  const auto ordinary = x >= T(F::min_normal) && x < T(F::inf) && y == y;
  if (all(ordinary)) [[likely]] {
    return select(x == T(1), T(1), pow_positive(log_in_two(a, T(0)), y));
  }
  const auto small = a < T(F::min_normal);
  Two<T> log_a = log_in_two(select(small, a * T(C::denormal_scale), a), select(small, T(-C::denormal_k), T(0)));
  const auto zero = a == T(0), infinite = a == T(F::inf);
  log_a.hi = select(zero, T(-F::inf), select(infinite, T(F::inf), log_a.hi));
  log_a.lo = select(zero || infinite, T(0), log_a.lo);
  T r = select(a == T(1), T(1), pow_positive(log_a, y));
  const auto whole = trunc(y) == y;
  const T half = y * T(0.5);
  const auto odd = whole && trunc(half) != half;
  r = select(odd, copysign(r, x), r);
  r = select(x < T(0) && !whole && !infinite, T(F::nan), r);
  r = select(x != x || y != y, x + y, r);
  return select(y == T(0) || x == T(1), T(1), r);
}

/// By squaring; a negative exponent gives 0 unless |x| is 1 (XLA's rule).
struct PowInteger {
  template <class T>
  STRATA_HD T operator()(T x, T y) const {
    using U = std::make_unsigned_t<T>;
    if (std::is_signed_v<T> && y < 0) {
      if (x == 1) return 1;
      return x == static_cast<T>(-1) ? static_cast<T>((y & 1) != 0 ? -1 : 1) : T(0);
    }
    // unsigned long long: products of small types would be promoted to int and could overflow
    unsigned long long base = static_cast<U>(x), result = 1;
    for (U n = static_cast<U>(y); n != 0; n = static_cast<U>(n >> 1)) {
      if ((n & 1) != 0) result *= base;
      base *= base;
    }
    return static_cast<T>(result);
  }
};

}  // namespace detail

/// x^y. pow(x, 0) = pow(1, y) = 1, NaN included; integers wrap around.
template <class T>
STRATA_HD T pow(T x, std::type_identity_t<T> y) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    return detail::pow_float(x, y);
  } else {
    return map_lanes(detail::PowInteger{}, x, y);
  }
}

/// x^n for one exponent known to all lanes, by squaring; n < 0 gives the reciprocal.
template <class T>
STRATA_HD T integer_pow(T x, int n) {
  unsigned left = n < 0 ? 0u - static_cast<unsigned>(n) : static_cast<unsigned>(n);
  T result = T(1);
  for (T base = x; left != 0; left >>= 1) {
    if ((left & 1) != 0) result = result * base;
    if (left > 1) base = base * base;
  }
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    if (n < 0) result = T(1) / result;
  }
  return result;
}

/// The real cube root.
template <class T>
STRATA_HD T cbrt(T x) {
  using F = format<T>;
  const T a = abs(x);
  const auto small = a < T(F::min_normal);
  const detail::Split<T> parts = detail::split(select(small, a * T(is_single<T> ? 0x1p24 : 0x1p54), a));
  constexpr auto shift = F::to_int + F::bias;
  const T shifted = fma(parts.k, T(1.0 / 3), T(shift));
  const T third = shifted - T(shift), left = fma(third, T(-3), parts.k);  // k = 3 third + left, left in -1, 0, 1
  const T m = parts.f + T(1);
  const auto less = left<T(0), more = left> T(0);
  const T t = m * select(less, T(0.5), select(more, T(2), T(1)));
  T w = poly(m, 1.730723211, -1.285670698, 0.7131854061, -0.1584616243);  // m^(-1/3) to 3e-4
  w = w * select(less, T(1.25992104989487316), select(more, T(0.793700525984099737), T(1)));
  for (int i = 0; i < (is_single<T> ? 1 : 2); ++i) w = fma(w * T(1.0 / 3), fma(-t * w, w * w, T(1)), w);
  T y = t * w * w;
  y = fma(fma(-y * y, y, t), w * w * T(1.0 / 3), y);
  y = y * detail::power_of_two(shifted) * select(small, T(is_single<T> ? 0x1p-8 : 0x1p-18), T(1));
  return select(a > T(0) && a < T(F::inf), copysign(y, x), x);
}

/// sqrt(x^2 + y^2) without overflow; infinite where either is, even beside NaN.
template <class T>
STRATA_HD T hypot(T x, std::type_identity_t<T> y) {
  using F = format<T>;
  const T a = abs(x), b = abs(y), large = max(a, b), little = min(a, b);
  const T big = T(is_single<T> ? 0x1p60 : 0x1p500), tiny = T(is_single<T> ? 0x1p-40 : 0x1p-400);
  const T down = T(is_single<T> ? 0x1p-80 : 0x1p-600), up = T(is_single<T> ? 0x1p80 : 0x1p600);
  const T scale = select(large > big, down, select(large < tiny, up, T(1)));
  const T back = select(large > big, up, select(large < tiny, down, T(1)));
  const T p = large * scale, q = little * scale;
  const T r = sqrt(fma(p, p, q * q)) * back;
  return select(a == T(F::inf) || b == T(F::inf), T(F::inf), select(a != a || b != b, a + b, r));
}

}  // namespace strata::math
