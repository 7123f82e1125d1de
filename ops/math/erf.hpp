// erf erfc erf_inv. Called by op formulas and users' lambdas.
// erf is 1 - e^-g(x): all the way for floats, for doubles above 1 and a polynomial below; erfc is e^(-x^2) times a
// polynomial in (x - c) / (x + c), so that it keeps its relative accuracy down into the denormals.
#pragma once
#include "strata/ops/math/exp.hpp"
#include "strata/ops/math/log.hpp"

namespace strata::math {

namespace detail {

/// erf(x) / x - 1 for x^2 = z <= 1.
template <class T>
STRATA_HD T erf_small(T z) {
  if constexpr (is_single<T>) {
    return poly(z, 0.1283791657f, -0.3761262582f, 0.1128358515f, -0.02685381194f, 5.188327597e-3f, -8.010192193e-4f,
                7.853855036e-5f);
  } else {
    return poly(z, 0.128379167095512566, -0.376126389031835195, 0.11283791670944185, -0.0268661706431114879,
                5.22397760611849684e-3, -8.54832592931133756e-4, 1.20552935767300724e-4, -1.49247122978463522e-5,
                1.64471315131175654e-6, -1.6206313280114825e-7, 1.37109782374576391e-8, -7.77946434723962098e-10);
  }
}

/// -log(1 - erf(t)) for 1 <= t, up to where erf is 1.
template <class T>
STRATA_HD T erf_exponent(T t) {
  return poly(t, 1.79601361225054842e-7, 1.12837732944904926, 0.636628488075548178, 0.102747254483632702,
              -0.019078159500455417, -2.80483458183414081e-4, 1.76899527027895702e-3, -6.41168290316918347e-4,
              4.48196227378641664e-5, 7.03680626994162768e-5, -4.50379342291422903e-5, 1.65141123684765088e-5,
              -4.32708658282913758e-6, 8.50583868424304784e-7, -1.25706648780693824e-7, 1.36269300983880944e-8,
              -1.02572174513331831e-9, 4.79615492969653519e-11, -1.04965136017854199e-12);
}

/// erf(t) for floats, 0 <= t up to where erf is 1: -expm1(-g), g = t + t q(t) = n ln 2 - r; t is added last.
template <class T>
STRATA_HD T erf_whole(T t) {
  using R = ExpRange<lane_t<T>>;
  constexpr auto shift = format<T>::to_int + format<T>::bias;
  const T q = horner(t, 0.1283791671f, 0.6366195135f, 0.1027768f, -0.0191495959f, -1.66358048e-4f, 1.67265207e-3f,
                     -6.35768005e-4f, 1.18428923e-4f, -9.34109297e-6f);
  const T shifted = fma(fma(t, q, t), T(-R::log2e), T(shift));
  const T s = power_of_two(shifted), r = fma(t, q, fma(shifted - T(shift), T(0.6931471806f), t));
  const T tail = horner(r, -0.4999999813f, 0.1666654269f, -0.04166720354f, 8.366646192e-3f, -1.388252012e-3f);
  return fma(fma(tail, r * r, r), s, T(1) - s);
}

/// (1 + 2 t) e^(t^2) erfc(t) in q = (t - c) / (t + c), c = 2 (float) or 4.
template <class T>
STRATA_HD T erfc_factor(T q) {
  if constexpr (is_single<T>) {
    return poly(q, 1.276978398f, -0.09276401768f, -0.1660317693f, 0.1640560157f, -0.05420043619f, -8.061953167e-3f,
                8.617405017e-3f, 1.311005316e-3f, -1.21315529e-3f, -3.90589853e-4f);
  } else {
    return poly(q, 1.23299511862555251, -0.139621116840562889, 0.0153796521026197292, 0.0680970542547368665,
                -0.101039066036299072, 0.0937328349968159422, -0.0663303658126125616, 0.0371675155619512494,
                -0.0161977340478439348, 5.03196976298276923e-3, -7.57773408834281818e-4, -1.99255559882310156e-4,
                1.50622487999840973e-4, -2.4402939542955547e-5, -1.12253243640760212e-5, 5.71727543012094982e-6,
                3.02016748980437986e-7, -8.34191841957754331e-7, 6.2345846223362053e-8, 1.14507349912721157e-7,
                -7.7740423444762976e-9, -1.33629033861693596e-8, -1.71023763879089009e-9);
  }
}

}  // namespace detail

template <class T>
STRATA_HD T erf(T x) {
  const T a = abs(x), t = min(T(is_single<T> ? 3.93 : 5.95), a);  // NaN stays
  if constexpr (is_single<T>) {
    const bits_t<T> sign = as_bits(x) & bits_t<T>(format<T>::sign);
    return as_float(as_bits(detail::erf_whole(t)) | sign);  // which is never negative
  } else {
    const T small = fma(x, detail::erf_small(x * x), x);
    const T large = T(1) - detail::exp_bounded(-detail::erf_exponent(t)).value();
    return select(a < T(1), small, copysign(large, x));
  }
}

/// 1 - erf(x), exact for large x too.
template <class T>
STRATA_HD T erfc(T x) {
  const T t = min(T(is_single<T> ? 11 : 28), abs(x)), c(is_single<T> ? 2 : 4);
  const Two<T> z = two_product(t, t);
  detail::Scaled<T> e = detail::exp_falling(-z.hi, -z.lo);
  e.p = e.p * (detail::erfc_factor((t - c) / (t + c)) / fma(t, T(2), T(1)));
  const T y = e.value();
  const T near = T(1) - fma(x, detail::erf_small(x * x), x);
  return select(abs(x) < T(0.5), near, select(x < T(0), T(2) - y, y));
}

namespace detail {

/// The inverse of erf to 1e-7, as x times a function of w = -log(1 - x^2).
template <class T>
STRATA_HD T erf_inv_rough(T x) {
  const T one_minus_square = fused<T> ? fma(-x, x, T(1)) : (T(1) - x) * (T(1) + x);
  const T w = -log(one_minus_square), s = sqrt(w);
  const T near = poly(w - T(2.5), 1.501409359, 0.2466402862, -4.177386777e-3, -1.252741875e-3, 2.183444373e-4,
                      -4.96334928e-6, -3.462704309e-6, 4.661708774e-7, 2.323261033e-8, -8.791067059e-9);
  T far;
  if constexpr (is_single<T>) {
    far = poly(s - T(3.2), 3.033636541, 1.004692583, 5.975187076e-3, -4.296484687e-3, 2.931521426e-3, -1.982541529e-3,
               1.143948363e-3, -3.766501781e-4, -1.064149081e-4, 1.098081611e-4);
  } else {
    far = poly(s - T(4), 3.839784357, 1.009493817, 1.248875657e-3, -8.73517986e-4, 3.56275974e-4, -1.106224324e-4,
               1.334048363e-5, -3.460161891e-5, 4.185281773e-5, -1.113848418e-5, -2.609332102e-6, 1.078262898e-6);
  }
  return x * select(w < T(5), near, far);
}

}  // namespace detail

/// The x with erf(x) = y, for |y| <= 1; infinite at the ends, NaN beyond.
template <class T>
STRATA_HD T erf_inv(T y) {
  T x = detail::erf_inv_rough(y);
  if constexpr (!is_single<T>) {  // one step of Halley's method, on erf near 0 and on erfc elsewhere
    const T a = abs(y), b = abs(x);
    const T excess = select(a < T(0.5), erf(b) - a, (T(1) - a) - erfc(b));
    const T step = excess * T(0.886226925452758014) * exp(b * b);
    x = copysign(b - step / fma(step, b, T(1)), y);
  }
  const T edge = select(abs(y) == T(1), copysign(T(format<T>::inf), y), T(format<T>::nan));
  return select(abs(y) < T(1), x, edge);
}

}  // namespace strata::math
