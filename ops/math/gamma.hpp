// lgamma and its derivatives: digamma, trigamma, polygamma, and the zeta function behind the latter. Called by op
// formulas and users' lambdas. Three ranges: Stirling's series (fitted) for large x; a rational function around 2 for
// middle x; below 1 the recurrence, below 0 the reflection. lgamma and digamma keep their relative accuracy at 1, 2 and
// digamma's positive zero.
#pragma once
#include "strata/ops/math/log.hpp"
#include "strata/ops/math/power.hpp"
#include "strata/ops/math/trig.hpp"

namespace strata::math {

namespace detail {

/// Where the series take over from the rational functions.
template <class T>
inline constexpr int gamma_large = is_single<T> ? 3 : 4;

/// x between 0 and gamma_large as 1 + u. Below 1 it is x + 1, whence the recurrence leads back; so u keeps all digits.
template <class T>
struct Middle {
  mask_t<T> below_one;
  T u;
};
template <class T>
STRATA_HD Middle<T> middle(T x) {
  const auto below = x < T(1);
  return {below, min(T(gamma_large<T>), x) - select(below, T(0), T(1))};
}

/// A function at x and at x + 1, each without cancellation.
template <class T>
struct Neighbours {
  T here, next;
};

/// The angle pi a, modulo pi, for a >= 0: from the nearest integer to a.
template <class T>
STRATA_HD SinCos<T> sin_cos_pi(T a) {
  const T r = a - rint(a);  // exact
  const auto quarter = abs(r) > T(0.25);
  const SinCos<T> both = sin_cos_small(select(quarter, T(0.5) - abs(r), abs(r)) * T(3.14159265358979323846));
  return {select(quarter, both.cos, both.sin), copysign(select(quarter, both.sin, both.cos), r)};  // cos over sin: cot
}

template <class T>
STRATA_HD T lgamma_rational(T u) {
  if constexpr (is_single<T>) {
    return poly(u, 0.5772156641f, 0.7198798929f, 0.2274147258f, 0.01447978188f) /
           poly(u, 1.f, 1.67204604f, 0.8351363271f, 0.1291354783f, 3.812442911e-3f);
  } else {
    return poly(u, 0.577215664901532859, 1.75854100364772011, 2.08718099981007032, 1.22362710584886272,
                0.37147884980611728, 0.0560959263226710376, 3.69006928584296015e-3, 7.61679289516259092e-5,
                1.02642974658561491e-7) /
           poly(u, 1.0, 3.47147954224722326, 4.82164988186036594, 3.4332107163132467, 1.3366212528532454,
                0.281652407085304164, 0.0299087806059252611, 1.36086634014130681e-3, 1.78944015194373115e-5);
  }
}

/// x (lgamma(x) - (x - 1/2) log x + x - log(2 pi) / 2) in y = 1 / x^2.
template <class T>
STRATA_HD T stirling(T y) {
  if constexpr (is_single<T>) {
    return poly(y, 0.08333333273f, -2.777595247e-3f, 7.849326884e-4f, -4.557060493e-4f);
  } else {
    return poly(y, 0.0833333333333333317, -2.77777777777216947e-3, 7.93650790552488766e-4, -5.95237427807740198e-4,
                8.41677094361544034e-4, -1.91276404581274644e-3, 6.2171306247059419e-3, -0.0244164119362560257,
                0.0868310270581994767, -0.176815843253624727);
  }
}

/// lgamma for x > 0, with one logarithm; `next` is lgamma(x + 1) below 1, and lgamma(x) elsewhere.
template <class T>
STRATA_HD Neighbours<T> lgamma_positive(T x) {
  const Middle<T> m = middle(x);
  const T logarithm = log(x), inverse = T(1) / x;
  const T series = fma(stirling(inverse * inverse), inverse, T(0.918938533204672742));
  const T tail = fma(x - T(0.5), logarithm - T(1), series - T(0.5));
  const T value = select(x < T(gamma_large<T>), m.u * (m.u - T(1)) * lgamma_rational(m.u), tail);
  return {select(x < T(format<T>::inf), value + select(m.below_one, -logarithm, T(0)), x), value};
}

template <class T>
STRATA_HD T digamma_rational(T u) {
  if constexpr (is_single<T>) {
    return poly(u, 1.250380137f, 1.267209887f, 0.3171866078f, 0.01594709919f) /
           poly(u, 1.f, 1.697006476f, 0.8118646895f, 0.1179105797f, 3.291303329e-3f);
  } else {
    return poly(u, 1.25038013750340536, 2.1461594946904244, 1.3901225400987637, 0.437646657343920212,
                0.0711847628057888345, 5.81544235142520846e-3, 2.10982023302670316e-4, 2.45420316886063802e-6,
                1.64251581597344837e-9) /
           poly(u, 1.0, 2.39995243469231694, 2.15044817080133446, 0.947130432850495766, 0.223169771895773852,
                0.0283091890501852471, 1.82513756842614785e-3, 5.14556818542539508e-5, 4.32033760037225533e-7);
  }
}

template <class T>
STRATA_HD Neighbours<T> digamma_positive(T x) {
  const Middle<T> m = middle(x);
  const T inverse = T(1) / x, y = inverse * inverse;
  T near_root, series;  // x - 1.4616..., in two steps; log x - 1 / (2 x) - digamma(x) over y
  if constexpr (is_single<T>) {
    near_root = (m.u - T(0x1.d8b618p-2f)) - T(1.24381499e-8f);
    series = poly(y, 0.08333332841f, -8.33182968e-3f, 3.89558597e-3f, -2.978699154e-3f);
  } else {
    near_root = (m.u - T(0x1.d8b618d5af8fdp-2)) - T(3.998880306839915e-17);
    series = poly(y, 0.0833333333333333045, -8.33333333323647064e-3, 3.96825391454884319e-3, -4.16665505018113644e-3,
                  7.57446753706636989e-3, -0.0210089191176961533, 0.0798989890616945515, -0.350540252158709931,
                  1.33281240615918539, -2.81690574264357967);
  }
  const T tail = fma(-y, series, fma(inverse, T(-0.5), log(x)));
  const T value = select(x < T(gamma_large<T>), near_root * digamma_rational(m.u), tail);  // at x + 1 if below one
  return {value - select(m.below_one, inverse, T(0)), value + select(m.below_one, T(0), inverse)};
}

template <class T>
STRATA_HD T trigamma_rational(T u) {
  if constexpr (is_single<T>) {
    return poly(u, 1.644934067f, 3.089360543f, 2.080114215f, 0.4982760582f) /
           poly(u, 1.f, 3.33963191f, 4.171596316f, 2.329141585f, 0.4982851877f);
  } else {
    return poly(u, 1.64493406684822644, 4.97667795823687983, 6.5495192430490159, 4.83639447629226859,
                2.16261976408985161, 0.586531949427711519, 0.0896325872027092021, 5.98257264763434503e-3) /
           poly(u, 1.0, 4.48698334681463792, 8.5655519200922339, 9.12350741137071854, 5.96283918016318644,
                2.46310582966849846, 0.631846792195333857, 0.0926238734473184312, 5.98257264978973954e-3);
  }
}

template <class T>
STRATA_HD Neighbours<T> trigamma_positive(T x) {
  const Middle<T> m = middle(x);
  const T inverse = T(1) / x, y = inverse * inverse;
  T series;  // (trigamma(x) - 1 / x - 1 / (2 x^2)) x^3
  if constexpr (is_single<T>) {
    series = poly(y, 0.1666666223f, -0.03331964077f, 0.02313938705f, -0.02212580622f);
  } else {
    series = poly(y, 0.166666666666666609, -0.0333333333330988944, 0.0238095236513301298, -0.0333332914808144384,
                  0.0757518406389134026, -0.252647337856308187, 1.14236401212852827, -6.23759810614651731,
                  33.8298184569461159, -140.159661515522879, 299.551898058988076);
  }
  const T tail = fma(y, fma(inverse, series, T(0.5)), inverse);
  const T value = select(x < T(gamma_large<T>), trigamma_rational(m.u), tail);  // at x + 1 if below one
  return {value + select(m.below_one, y, T(0)), value - select(m.below_one, T(0), y)};
}

}  // namespace detail

/// log |gamma(x)|; infinite at 0 and the negative integers.
template <class T>
STRATA_HD T lgamma(T x) {
  const T a = abs(x);
  const detail::Neighbours<T> y = detail::lgamma_positive(a);
  const auto reflect = x <= T(0);
  if (!any(reflect)) [[likely]] {
    return y.here;
  }
  const T sine = abs(detail::sin_cos_pi(a).sin);  // gamma(x) gamma(1 - x) = pi / sin(pi x), gamma(1 - x) = -x gamma(-x)
  const T mirrored = T(1.14472988584940017414) - log(select(a < T(1), sine, a * sine)) - y.next;
  T below = select(sine == T(0) || a == T(format<T>::inf), T(format<T>::inf), mirrored);
  below = select(a < T(1e-20), y.here, below);  // there the sine may be denormal, and lgamma(-a) is lgamma(a)
  return select(reflect, below, y.here);
}

/// The derivative of lgamma; NaN at 0 and the negative integers, as in JAX.
template <class T>
STRATA_HD T digamma(T x) {
  const T a = abs(x);
  const detail::Neighbours<T> y = detail::digamma_positive(a);
  const auto reflect = x <= T(0);
  if (!any(reflect)) [[likely]] {
    return y.here;
  }
  const detail::SinCos<T> angle = detail::sin_cos_pi(a);
  const T mirrored = y.next + T(3.14159265358979323846) * angle.cos / angle.sin;  // digamma(1 - x) - pi / tan(pi x)
  return select(reflect, select(angle.sin > T(0), mirrored, T(format<T>::nan)), y.here);
}

/// The derivative of digamma; infinite at 0 and the negative integers.
template <class T>
STRATA_HD T trigamma(T x) {
  const T a = abs(x);
  const detail::Neighbours<T> y = detail::trigamma_positive(a);
  const auto reflect = x <= T(0);
  if (!any(reflect)) [[likely]] {
    return y.here;
  }
  const T ratio = T(3.14159265358979323846) / detail::sin_cos_pi(a).sin;
  const T below = select(a == rint(a), T(format<T>::inf), ratio * ratio - y.next);
  return select(reflect, below, y.here);
}

/// Hurwitz's zeta: the sum of (q + k)^-s over k >= 0, for s > 1 and q > 0, by Euler and Maclaurin.
/// s = 1 is infinite, s < 1 NaN; q <= 0 is infinite at integers, elsewhere real only for whole s (else NaN).
template <class T>
STRATA_HD T zeta(T s, std::type_identity_t<T> q) {
  using F = format<T>;
  T a = q, term = pow(a, -s), sum = term;
  for (int k = 1; k < (is_single<T> ? 9 : 12); ++k) {
    a = a + T(1);
    term = pow(a, -s);
    sum = sum + term;
  }
  // ... + a^(1-s) / (s-1) - a^-s / 2 + sum of B_2j / (2j)! s (s+1) ... (s+2j-2) a^(-s-2j+1)
  const T inverse = T(1) / a, y = inverse * inverse;
  const T last = term * a / (s - T(1)) - term * T(0.5);
  T factor = term * s * inverse, series = factor * T(1.0 / 12);
  constexpr double over[] = {-1.0 / 720,
                             1.0 / 30240,
                             -1.0 / 1209600,
                             1.0 / 47900160,
                             -691.0 / 1307674368000.0,
                             1.0 / 74724249600.0,
                             -3617.0 / 10670622842880000.0};
  for (int j = 0; j < (is_single<T> ? 4 : 7); ++j) {
    factor = factor * ((s + T(2 * j + 1)) * (s + T(2 * j + 2))) * y;
    series = series + factor * T(over[j]);
  }
  // Terms that vanish leave NaN or infinity behind only where the sum is done already.
  T r = sum + last + select(factor == factor && abs(series) < T(F::inf), series, T(0));
  const auto pole = q <= T(0) && q == floor(q);
  r = select(pole, T(F::inf), r);
  r = select(q <= T(0) && !pole && trunc(s) != s, T(F::nan), r);
  r = select(s == T(1), T(F::inf), select(s < T(1), T(F::nan), r));
  return select(s != s || q != q, s + q, r);
}

/// The n-th derivative of digamma, n a whole number >= 0.
template <class T>
STRATA_HD T polygamma(T n, std::type_identity_t<T> x) {
  const T m = n + T(1);
  const auto odd = trunc(m * T(0.5)) != m * T(0.5);
  const T size = exp(lgamma(m)) * zeta(m, x);
  return select(n == T(0), digamma(x), select(n == T(1), trigamma(x), select(odd, -size, size)));
}

}  // namespace strata::math
