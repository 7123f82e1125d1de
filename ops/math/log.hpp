// Logarithms and what is made of them: log log2 log10 log1p asinh acosh atanh softplus logaddexp logaddexp2 xlogy
// xlog1py. Called by op formulas and users' lambdas. The argument becomes 2^k (1 + f) with f within [-0.293, 0.414];
// then one series in f / (2 + f). Zeros, negative numbers, infinities, NaN and denormals take a second, rare path
// behind one test.
#pragma once
#include "strata/ops/math/exp.hpp"

namespace strata::math {

namespace detail {

template <class Lane>
struct LogConst;
template <>
struct LogConst<float> {
  static constexpr uint32_t sqrt_half_bits = 0x3f3504f3u, high_half = 0xfffff000u;
  static constexpr float ln2_hi = 0x1.62e4p-1f, ln2_lo = 0x1.7f7d1cp-20f;  // k * ln2_hi is exact
  static constexpr float log2e_hi = 1.4428710938e+00f, log2e_lo = -1.7605285393e-04f;
  static constexpr float log10e_hi = 4.3432617188e-01f, log10e_lo = -3.1689971365e-05f;
  static constexpr float log10_2_hi = 3.0102920532e-01f, log10_2_lo = 7.9034151668e-07f;
  static constexpr float denormal_scale = 0x1p25f, denormal_k = 25;
};
template <>
struct LogConst<double> {
  static constexpr uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcdu, high_half = 0xffffffff00000000u;
  static constexpr double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
  static constexpr double log2e_hi = 1.44269504072144627571e+00, log2e_lo = 1.67517131648865118353e-10;
  static constexpr double log10e_hi = 4.34294481878168880939e-01, log10e_lo = 2.50829467116452752298e-11;
  static constexpr double log10_2_hi = 3.01029995663611771306e-01, log10_2_lo = 3.69423907715893078616e-13;
  static constexpr double denormal_scale = 0x1p54, denormal_k = 54;
};

/// The exponent field of `bits`, a signed number, as T.
template <class T>
STRATA_HD T signed_exponent(bits_t<T> bits) {
  if constexpr (!is_single<T>) {  // few machines convert 64 bits
    using F = format<T>;
    const auto biased = (bits + bits_t<T>(F::one_bits)) >> F::mantissa;
    return as_float(biased | as_bits(T(F::from_int))) - T(F::from_int + F::bias);
  } else if constexpr (Register<T>) {
    return convert<float>(bitcast<int32_t>(bits) >> format<T>::mantissa);
  } else {
    return static_cast<float>(static_cast<int32_t>(bits) >> format<T>::mantissa);
  }
}

/// x = 2^k (1 + f) for a positive normal x.
template <class T>
struct Split {
  T k, f;
  bits_t<T> power;  ///< its exponent field, a signed number, is k
};
template <class T>
STRATA_HD Split<T> split(T x) {
  using B = bits_t<T>;
  const B sqrt_half(LogConst<lane_t<T>>::sqrt_half_bits), power = as_bits(x) - sqrt_half;
  const T m = as_float((power & B(format<T>::mantissa_mask)) + sqrt_half);
  return {signed_exponent<T>(power), m - T(1), power};
}

/// log(1 + f) = f - (square - tail), square = f^2 / 2.
template <class T>
struct LogSeries {
  T square, tail;
};
template <class T>
STRATA_HD LogSeries<T> log_series(T f) {
  const T s = f / (f + T(2)), z = s * s, square = f * f * T(0.5);
  T q;
  if constexpr (is_single<T>) {
    q = poly(z, 0.666667764f, 0.3997753889f, 0.2987181406f);
  } else {
    q = poly(z, 0.666666666666673446, 0.399999999994143269, 0.28571428742470796, 0.222221985641058265,
             0.181835648258047971, 0.153140370744041133, 0.147960913055455464);
  }
  return {square, s * fma(z, q, square)};
}

struct NaturalLog {
  template <class T>
  static STRATA_HD T combine(T k, T f) {
    using C = LogConst<lane_t<T>>;
    if constexpr (is_single<T>) {  // log(1 + f) = f - s (f - z q)
      const T s = f / (f + T(2)), z = s * s, q = poly(z, 0.666667764f, 0.3997753889f, 0.2987181406f);
      return fma(k, T(C::ln2_hi), f - fma(s, fma(-z, q, f), -(k * T(C::ln2_lo))));
    } else {
      const LogSeries<T> series = log_series(f);
      return fma(k, T(C::ln2_hi), f - (series.square - fma(k, T(C::ln2_lo), series.tail)));
    }
  }
};

/// log(1 + f) in two parts, times log_b(e) in two parts, plus k log_b(2).
template <class T>
STRATA_HD T log_of_base(T f, LogSeries<T> series, T e_hi, T e_lo, T whole, T rest) {
  using B = bits_t<T>;
  const T hi = as_float(as_bits(f - series.square) & B(LogConst<lane_t<T>>::high_half));
  const T lo = ((f - hi) - series.square) + series.tail;
  const T part = hi * e_hi;
  rest = rest + fma(lo + hi, e_lo, lo * e_hi);
  const T sum = whole + part;
  return sum + (rest + ((whole - sum) + part));
}
struct BinaryLog {
  template <class T>
  static STRATA_HD T combine(T k, T f) {
    using C = LogConst<lane_t<T>>;
    return log_of_base(f, log_series(f), T(C::log2e_hi), T(C::log2e_lo), k, T(0));
  }
};
struct DecimalLog {
  template <class T>
  static STRATA_HD T combine(T k, T f) {
    using C = LogConst<lane_t<T>>;
    return log_of_base(f, log_series(f), T(C::log10e_hi), T(C::log10e_lo), k * T(C::log10_2_hi), k * T(C::log10_2_lo));
  }
};

template <class Base, class T>
STRATA_HD T log_any(T x) {
  using C = LogConst<lane_t<T>>;
  const Split<T> parts = split(x);
  const T y = Base::combine(parts.k, parts.f);
  const auto ordinary = x >= T(format<T>::min_normal) && x < T(format<T>::inf);
  if (all(ordinary)) [[likely]] {
    return y;
  }
  const auto small = x < T(format<T>::min_normal);
  const Split<T> scaled = split(x * T(C::denormal_scale));
  T rare = Base::combine(scaled.k - T(C::denormal_k), scaled.f);
  rare = select(x == T(0), T(-format<T>::inf), select(x < T(0), T(format<T>::nan), rare));
  return select(ordinary, y, select(small, rare, x));  // left: infinity and NaN
}

}  // namespace detail

template <class T>
STRATA_HD T log(T x) {
  return detail::log_any<detail::NaturalLog>(x);
}
template <class T>
STRATA_HD T log2(T x) {
  return detail::log_any<detail::BinaryLog>(x);
}
template <class T>
STRATA_HD T log10(T x) {
  return detail::log_any<detail::DecimalLog>(x);
}

namespace detail {
/// log(1 + x) for x > -1, finite.
template <class T>
STRATA_HD T log1p_finite(T x) {
  using C = LogConst<lane_t<T>>;
  const T u = x + T(1), larger = max(x, T(1)), smaller = min(x, T(1));
  const T lost = smaller - (u - larger);  // by rounding 1 + x
  const Split<T> parts = split(u);
  // lost / u is needed to a few bits only: half of 2^-k (no overflow: k <= 128), times a parabola for 2 / (1 + f).
  const T power = as_float(bits_t<T>((2 * format<T>::bias + 1) * (format<T>::min_bits)) -
                           ((parts.power + bits_t<T>(format<T>::one_bits)) & bits_t<T>(format<T>::inf_bits)));
  const T correction = lost * power * fma(parts.f, fma(parts.f, T(0.4), T(-0.5)), T(0.5));
  const LogSeries<T> series = log_series(parts.f);
  const T low = fma(parts.k, T(C::ln2_lo), correction);
  return fma(parts.k, T(C::ln2_hi), parts.f - (series.square - (series.tail + low)));
}
}  // namespace detail

/// log(1 + x), exact for small x too.
template <class T>
STRATA_HD T log1p(T x) {
  const T y = copysign(detail::log1p_finite(x), x);
  const auto ordinary = x > T(-1) && x < T(format<T>::inf);
  if (all(ordinary)) [[likely]] {
    return y;
  }
  const T below = select(x == T(-1), T(-format<T>::inf), T(format<T>::nan));
  return select(ordinary, y, select(x <= T(-1), below, x));
}

namespace detail {
/// log(1 + e) for 0 <= e <= 1: no power of two to take off.
template <class T>
STRATA_HD T log1p_unit(T e) {
  const T s = e / (e + T(2)), z = s * s;
  T q;
  if constexpr (is_single<T>) {
    q = poly(z, 0.6666641304f, 0.4002170523f, 0.2799902842f, 0.2802506675f);
  } else {
    q = poly(z, 0.666666666666663033, 0.400000000001574205, 0.285714285478309936, 0.222222239711912123,
             0.181817438720467088, 0.153865610805308262, 0.13300957989526409, 0.12106212709337646,
             0.0833953591736065101, 0.170196471042511589);
  }
  return fma(s * z, q, s + s);
}
}  // namespace detail

/// log(1 + e^x), without overflow.
template <class T>
STRATA_HD T softplus(T x) {
  const T e = detail::exp_falling(-abs(x)).value();  // in [0, 1], or NaN
  return max(T(0), x) + detail::log1p_unit(e);
}

/// log(e^x + e^y), without overflow; logaddexp(inf, inf) = inf.
template <class T>
STRATA_HD T logaddexp(T x, std::type_identity_t<T> y) {
  const T d = x - y, e = detail::exp_falling(-abs(d)).value();
  return select(d != d, x + y, max(x, y) + detail::log1p_unit(e));
}
/// log2(2^x + 2^y).
template <class T>
STRATA_HD T logaddexp2(T x, std::type_identity_t<T> y) {
  const T d = x - y;
  return select(d != d, x + y, fma(detail::log1p_unit(exp2(-abs(d))), T(1.44269504088896340736), max(x, y)));
}

/// x log(y), and 0 where x = 0 unless y is NaN.
template <class T>
STRATA_HD T xlogy(T x, std::type_identity_t<T> y) {
  return select(x == T(0) && y == y, T(0), x * log(y));
}
/// x log(1 + y), and 0 where x = 0 unless y is NaN.
template <class T>
STRATA_HD T xlog1py(T x, std::type_identity_t<T> y) {
  return select(x == T(0) && y == y, T(0), x * log1p(y));
}

/// log(a + sqrt(a^2 + 1)), odd.
template <class T>
STRATA_HD T asinh(T x) {
  const T a = abs(x);
  const auto huge = a > T(is_single<T> ? 0x1p30 : 0x1p60);  // there asinh(x) = log(2 x)
  const T z = a * a;
  const T near = a + z / (T(1) + sqrt(z + T(1)));
  const T y = log1p(select(huge, a, near)) + select(huge, T(0.693147180559945309), T(0));
  return copysign(y, x);
}

/// For x >= 1; NaN below.
template <class T>
STRATA_HD T acosh(T x) {
  const auto huge = x > T(is_single<T> ? 0x1p30 : 0x1p60);
  const T t = x - T(1);
  const T near = t + sqrt(fma(t, t, t + t));
  const T y = log1p(select(huge, x, near)) + select(huge, T(0.693147180559945309), T(0));
  return select(x < T(1), T(format<T>::nan), y);
}

/// For |x| <= 1; NaN beyond.
template <class T>
STRATA_HD T atanh(T x) {
  const T a = abs(x);
  return copysign(T(0.5) * log1p((a + a) / (T(1) - a)), x);
}

}  // namespace strata::math
