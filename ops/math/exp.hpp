// The exponential and its kin: exp exp2 expm1 sinh cosh tanh logistic gated. Called by op formulas (ops/*.cpp) and by
// users' lambdas. Ranges are reduced with the add-a-large-number trick; results stay exact to about 1 ulp (exp) to 3
// ulp (the others) down into the denormals, with no flush.
#pragma once
#include "strata/ops/math/basic.hpp"

namespace strata::math {

namespace detail {

template <class Lane>
struct ExpRange;
template <>
struct ExpRange<float> {
  static constexpr float lowest = -104.5f, highest = 89.5f, lowest2 = -151, highest2 = 129, one_below = -18,
                         expm1_highest = 88.8f;  // where e^x is beyond the range, but not 2^round(x / ln 2) / 2
  static constexpr float half_log2e = 0.72134752044448f, log2e = 1.44269504088896f;
  static constexpr float ln2_hi = 0x1.62e4p-1f, ln2_lo = 0x1.7f7d1cp-20f;  // n * ln2_hi is exact
};
template <>
struct ExpRange<double> {
  static constexpr double lowest = -746, highest = 711, lowest2 = -1076, highest2 = 1025, one_below = -38,
                          expm1_highest = 709.9;
  static constexpr double half_log2e = 0.72134752044448170368, log2e = 1.44269504088896340736;
  static constexpr double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
};

/// A number as p * s * s, s a power of two: so denormals round once and the largest results do not overflow early.
template <class T>
struct Scaled {
  T p, s;
  STRATA_HD T value() const { return p * s * s; }
};

/// 2^n for the integer n that `shifted` - (to_int + bias) is.
template <class T>
STRATA_HD T power_of_two(T shifted) {
  return as_float(as_bits(shifted) << format<T>::mantissa);
}

/// e^r - 1 - r over r^2, |r| <= ln 2.
template <class T>
STRATA_HD T exp_tail(T r) {
  if constexpr (is_single<T>) {
    return poly(r, 0.5000003486f, 0.166666135f, 0.04166124026f, 8.336126727e-3f, 1.410507118e-3f, 1.961024042e-4f);
  } else {
    return poly(r, 0.499999999999999265, 0.166666666666669426, 0.0416666666667026986, 8.33333333326878491e-3,
                1.38888888835023149e-3, 1.98412698935117231e-4, 2.4801590867523204e-5, 2.75573004533461863e-6,
                2.75561497499699244e-7, 2.50550540623497406e-8, 2.10629970180382562e-9, 1.59351581617035527e-10);
  }
}

/// e^(x + rest), for lowest <= x <= highest and |rest| far below 1. n is even, so that s = 2^(n / 2).
template <class T>
STRATA_HD Scaled<T> exp_bounded(T x, T rest = T(0)) {
  using R = ExpRange<lane_t<T>>;
  constexpr auto shift = format<T>::to_int + format<T>::bias;
  const T shifted = fma(x, T(R::half_log2e), T(shift));
  const T half_n = shifted - T(shift);
  const T r = fma(half_n, T(-2 * R::ln2_lo), fma(half_n, T(-2 * R::ln2_hi), x)) + rest;
  return {T(1) + fma(exp_tail(r), r * r, r), power_of_two(shifted)};
}
/// The same for any x (a NaN in the second place stays), for x <= 0, and for x >= 0.
template <class T>
STRATA_HD Scaled<T> exp_scaled(T x, T rest = T(0)) {
  using R = ExpRange<lane_t<T>>;
  return exp_bounded(max(T(R::lowest), min(T(R::highest), x)), rest);
}
template <class T>
STRATA_HD Scaled<T> exp_falling(T x, T rest = T(0)) {
  return exp_bounded(max(T(ExpRange<lane_t<T>>::lowest), x), rest);
}
template <class T>
STRATA_HD Scaled<T> exp_rising(T x) {
  return exp_bounded(min(T(ExpRange<lane_t<T>>::highest), x));
}

}  // namespace detail

template <class T>
STRATA_HD T exp(T x) {
  return detail::exp_scaled(x).value();
}

namespace detail {
/// (2^r - 1) / r, |r| <= 1.
template <class T>
STRATA_HD T exp2_slope(T r) {
  if constexpr (is_single<T>) {
    return poly(r, 0.6931472169f, 0.2402267302f, 0.05550379324f, 9.616714453e-3f, 1.333951342e-3f, 1.565415765e-4f,
                1.503017854e-5f);
  } else {
    return poly(r, 0.693147180559945258, 0.240226506959100215, 0.0555041086648232289, 9.61812910763848295e-3,
                1.3333558146290279e-3, 1.54035303867255343e-4, 1.52527338517934552e-5, 1.32154888145603326e-6,
                1.01780782693857297e-7, 7.05460173715989472e-9, 4.44610096937093524e-10, 2.59108446562697598e-11,
                1.35789507593714403e-12);
  }
}
}  // namespace detail

template <class T>
STRATA_HD T exp2(T x) {
  using R = detail::ExpRange<lane_t<T>>;
  constexpr auto shift = format<T>::to_int + format<T>::bias;
  x = max(T(R::lowest2), min(T(R::highest2), x));
  const T shifted = fma(x, T(0.5), T(shift));
  const T r = fma(shifted - T(shift), T(-2), x);
  return detail::Scaled<T>{fma(detail::exp2_slope(r), r, T(1)), detail::power_of_two(shifted)}.value();
}

namespace detail {
/// (e^x - 1) / 2, for one_below <= x <= expm1_highest.
template <class T>
STRATA_HD T half_expm1(T x) {
  using R = ExpRange<lane_t<T>>;
  constexpr auto shift =
      format<T>::to_int + format<T>::bias - 1;  // s = 2^(n - 1): n may be one too large for an exponent
  const T shifted = fma(x, T(R::log2e), T(shift));
  const T n = shifted - T(shift), s = power_of_two(shifted);
  const T r = fma(n, T(-R::ln2_lo), fma(n, T(-R::ln2_hi), x));
  T tail;
  if constexpr (is_single<T>) {
    tail = poly(r, 0.4999999813f, 0.1666654269f, 0.04166720354f, 8.366646192e-3f, 1.388252012e-3f);
  } else {
    tail = poly(r, 0.500000000000000001, 0.166666666666666767, 0.0416666666666665058, 8.3333333333215136e-3,
                1.38888888889634684e-3, 1.98412698864777525e-4, 2.48015871711088156e-5, 2.75572438035597764e-6,
                2.75574032391485906e-7, 2.51091953608163221e-8, 2.08753363219446614e-9);
  }
  return fma(fma(tail, r * r, r), s, s - T(0.5));
}
}  // namespace detail

/// e^x - 1, exact for small x too.
template <class T>
STRATA_HD T expm1(T x) {
  using R = detail::ExpRange<lane_t<T>>;
  const T half = detail::half_expm1(max(T(R::one_below), min(T(R::expm1_highest), x)));
  return copysign(half + half, x);
}

template <class T>
STRATA_HD T cosh(T x) {
  detail::Scaled<T> e = detail::exp_rising(abs(x));
  e.p = e.p * T(0.5);
  const T half = e.value();
  return half + T(0.25) / half;
}

template <class T>
STRATA_HD T sinh(T x) {
  const T a = abs(x), z = a * a;
  T q;
  if constexpr (is_single<T>) {
    q = poly(z, 0.166666665f, 8.333350058e-3f, 1.983615988e-4f, 2.816950717e-6f);
  } else {
    q = poly(z, 0.166666666666666674, 8.33333333333314775e-3, 1.98412698414318659e-4, 2.75573191570737837e-6,
             2.50521231363437852e-8, 1.60572597890706922e-10, 7.75874821496206685e-13);
  }
  detail::Scaled<T> e = detail::exp_rising(a);
  e.p = e.p * T(0.5);
  const T half = e.value();
  return copysign(select(a < T(1), fma(a * z, q, a), half - T(0.25) / half), x);
}

namespace detail {
/// (e^(2 x) - 1) / 2 for 0 <= x <= 9.25, of floats: 2 x = 2 r + n ln 2. Where n is large enough for the rounding of
/// n ln 2 to be seen, tanh does not see it.
template <class T>
STRATA_HD T half_expm1_doubled(T x) {
  constexpr auto shift = format<T>::to_int + format<T>::bias;
  const T shifted = fma(x, T(2 * ExpRange<float>::log2e), T(shift));
  const T n = shifted - T(shift), s = power_of_two(shifted);
  const T r = fma(n, T(-0.34657359027997f), x);
  const T tail = horner(r, 0.9999999626f, 0.6666617076f, 0.33333762816f, 0.133866339072f, 0.04442406438f);
  return fma(fma(tail, r * r, r), s, fma(s, T(0.5), T(-0.5)));
}
}  // namespace detail

/// h / (h + 1) for h = (e^(2 |x|) - 1) / 2.
template <class T>
STRATA_HD T tanh(T x) {
  const T a = min(T(is_single<T> ? 9.25 : 19.5), abs(x));  // NaN stays
  if constexpr (is_single<T>) {
    const T h = detail::half_expm1_doubled(a);
    return as_float(as_bits(h / (h + T(1))) | (as_bits(x) & bits_t<T>(format<T>::sign)));
  } else {
    const T h = detail::half_expm1(a + a);
    return copysign(h / (h + T(1)), x);
  }
}

/// 1 / (1 + e^-x), without cancellation or overflow on either side.
template <class T>
STRATA_HD T logistic(T x) {
  const T e = detail::exp_falling(-abs(x)).value();
  return select(x < T(0), e, T(1)) / (T(1) + e);
}

/// y / (1 + 2^-w): y times the logistic function of w ln 2. Below the normal range the factor becomes 0.
template <class T>
STRATA_HD T gated(T y, T w) {
  constexpr auto shift = format<T>::to_int + format<T>::bias;
  constexpr int bias = format<T>::bias;
  w = max(T(-bias - 1), min(T(bias - 1), w));  // 2^-w may be infinite
  const T shifted = T(shift) - w, r = (T(shift) - shifted) - w;
  T p;
  if constexpr (is_single<T>) {
    p = horner(r, 1.f, 0.6931472029f, 0.2402264791f, 0.05550332471f, 9.618437358e-3f, 1.339887442e-3f,
               1.535336189e-4f);  // |r| <= 1/2
  } else {
    p = fma(detail::exp2_slope(r), r, T(1));
  }
  return y / fma(p, detail::power_of_two(shifted), T(1));
}

}  // namespace strata::math
