// Special functions: error functions, gamma functions, Bessel functions. Pointwise, so each op is its formula, its
// derivative and its samples. Integers become floats first.
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Erf : Pointwise<Erf, 1> {
  static constexpr std::string_view name = "erf";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::erf(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * (T(1.12837916709551257390) * formula::exp(-(x * x)));
  }
  static Samples samples() { return unary_samples(&strata::erf); }
};

struct Erfc : Pointwise<Erfc, 1> {
  static constexpr std::string_view name = "erfc";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::erfc(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * (T(-1.12837916709551257390) * formula::exp(-(x * x)));
  }
  static Samples samples() { return unary_samples(&strata::erfc); }
};

struct ErfInv : Pointwise<ErfInv, 1> {
  static constexpr std::string_view name = "erf_inv";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::erf_inv(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (T(0.886226925452758013649) * formula::exp(y * y));
  }
  static Samples samples() { return unary_samples(&strata::erf_inv, -0.9, 0.9); }
};

struct Lgamma : Pointwise<Lgamma, 1> {
  static constexpr std::string_view name = "lgamma";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::lgamma(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::digamma(x);
  }
  static Samples samples() { return unary_samples(&strata::lgamma, 0.3, 4.0); }
};

struct Digamma : Pointwise<Digamma, 1> {
  static constexpr std::string_view name = "digamma";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::digamma(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::trigamma(x);
  }
  static Samples samples() { return unary_samples(&strata::digamma, 0.3, 4.0); }
};

struct I0e : Pointwise<I0e, 1> {
  static constexpr std::string_view name = "i0e";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::i0e(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x, T y) {
    return g * (formula::i1e(x) - formula::sign(x) * y);
  }
  static Samples samples() { return unary_samples(&strata::i0e, 0.3, 4.0); }
};

struct I1e : Pointwise<I1e, 1> {
  static constexpr std::string_view name = "i1e";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::i1e(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x, T y) {
    // At 0 the quotient y / x is 1/2.
    const auto zero = x == T(0);
    const T safe = formula::select(zero, T(1), x);
    return g * formula::select(zero, T(0.5), formula::i0e(x) - y * (formula::sign(x) + T(1) / safe));
  }
  static Samples samples() { return unary_samples(&strata::i1e, 0.3, 4.0); }
};

struct Polygamma : Pointwise<Polygamma, 2> {
  static constexpr std::string_view name = "polygamma";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T n, T x) {
    return math::polygamma(n, x);
  }
  static Partials<2> partial(const Tensor& n, const Tensor& x, const Tensor&, Need need) {
    return {Tensor(), need[1] ? polygamma(n + 1, x) : Tensor()};
  }
  static Samples samples();
};

struct Zeta : Pointwise<Zeta, 2> {
  static constexpr std::string_view name = "zeta";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T s, T q) {
    return math::zeta(s, q);
  }
  static Partials<2> partial(const Tensor& s, const Tensor& q, const Tensor&, Need need) {
    return {Tensor(), need[1] ? -s * zeta(s + 1, q) : Tensor()};
  }
  static Samples samples();
};

/// log P(Z <= x): by erfc, or in the far left tail by the asymptotic series.
template <class T>
STRATA_HD T log_ndtr_of(T x) {
  const T far(math::is_single<T> ? -10 : -20), inside = math::max(x, far), outside = math::min(x, far);
  const T tail = T(0.5) * math::erfc(math::abs(inside) * T(0.707106781186547524401));
  const T near = math::select(inside > T(0), math::log1p(-tail), math::log(tail));
  const T z = T(1) / (outside * outside);
  const T series = math::poly(z, -1, 3, -15, 105, -945, 10395) * z;
  const T below = T(-0.5) * outside * outside - T(0.918938533204672741780) - math::log(-outside) + math::log1p(series);
  return math::select(x != x, x, math::select(x < far, below, near));
}

struct LogNdtr : Pointwise<LogNdtr, 1> {
  static constexpr std::string_view name = "log_ndtr";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return log_ndtr_of(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x, T y) {
    return g * formula::exp(T(-0.5) * (x * x) - T(0.918938533204672741780) - y);
  }
  static Samples samples() { return unary_samples(&strata::log_ndtr); }
};

struct Ndtri : Pointwise<Ndtri, 1> {
  static constexpr std::string_view name = "ndtri";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  // A rational start (Abramowitz and Stegun 26.2.23), then Newton's steps on the logarithm of the tail.
  template <class T>
  STRATA_HD static T scalar(T p) {
    const T q = math::min(p, T(1) - p), log_q = math::log(q), t = math::sqrt(T(-2) * log_q);
    T x = (T(2.515517) + t * (T(0.802853) + t * T(0.010328))) /
              (T(1) + t * (T(1.432788) + t * (T(0.189269) + t * T(0.001308)))) -
          t;
    for (int i = 0; i < 3; ++i) {
      const T y = log_ndtr_of(x);
      x = x - (y - log_q) * math::exp(y + T(0.5) * x * x + T(0.918938533204672741780));
    }
    x = math::select(p > T(0.5), -x, x);
    x = math::select(p == T(0), T(-math::format<T>::inf), math::select(p == T(1), T(math::format<T>::inf), x));
    return math::select((p >= T(0)) && (p <= T(1)), x, T(math::format<T>::nan));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (T(2.50662827463100050242) * formula::exp(T(0.5) * (y * y)));
  }
  static Samples samples() { return unary_samples(&strata::ndtri, 0.05, 0.95); }
};

}  // namespace strata
