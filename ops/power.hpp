// Powers and roots. Pointwise, so each op is its formula, its derivative and its samples.
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Sqrt : Pointwise<Sqrt, 1> {
  static constexpr std::string_view name = "sqrt";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::sqrt(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (T(0.5) / y);
  }
  static Samples samples() { return unary_samples(&strata::sqrt, 0.2, 3.0); }
};

struct Rsqrt : Pointwise<Rsqrt, 1> {
  static constexpr std::string_view name = "rsqrt";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::rsqrt(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x, T y) {
    return g * (T(-0.5) * (y / x));
  }
  static Samples samples() { return unary_samples(&strata::rsqrt, 0.3, 3.0); }
};

struct Cbrt : Pointwise<Cbrt, 1> {
  static constexpr std::string_view name = "cbrt";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::cbrt(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (T(1.0 / 3) / (y * y));
  }
  static Samples samples() { return unary_samples(&strata::cbrt, 0.3, 3.0); }
};

struct IntegerPow : Pointwise<IntegerPow, 1> {
  struct Params {
    int exponent;  // neither 0 nor 1
  };
  static constexpr std::string_view name = "integer_pow";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(const Params& p, T x) {
    return math::integer_pow(x, p.exponent);
  }
  template <class T>
  STRATA_HD static T scaled(const Params& p, T g, T x) {
    return g * (T(p.exponent) * formula::integer_pow(x, p.exponent - 1));
  }
  static Samples samples();
};

struct Pow : Pointwise<Pow, 2> {
  static constexpr std::string_view name = "pow";
  static constexpr Keep keep = Keep::both;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T x, T y) {
    return math::pow(x, y);
  }
  // d / dx is y x^(y - 1), and 0 where y is; d / dy is log(x) x^y, and 0 where x is.
  template <class T>
  STRATA_HD static Slopes<T> slopes(T x, T y, T result, Wanted want) {
    Slopes<T> d{};
    if (want.first) d.first = y * formula::pow(x, formula::select(y == T(0), T(1), y - T(1)));
    if (want.second) d.second = formula::log(formula::select(x == T(0), T(1), x)) * result;
    return d;
  }
  static Samples samples() { return binary_samples(&strata::pow, 0.3, 2.0); }
};

struct Hypot : Pointwise<Hypot, 2> {
  static constexpr std::string_view name = "hypot";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::hypot(a, b);
  }
  // At the origin the maximum of two absolute values decides, as in JAX: 1/2 each.
  template <class T>
  STRATA_HD static Slopes<T> slopes(T a, T b, T y, Wanted want) {
    const auto origin = y == T(0);
    const T safe = formula::select(origin, T(1), y);
    return {want.first ? formula::select(origin, T(0.5), a / safe) : T(),
            want.second ? formula::select(origin, T(0.5), b / safe) : T()};
  }
  static Samples samples() { return binary_samples(&strata::hypot, 0.3, 2.0); }
};

/// The e of frexp, as a number of T: |x| = m 2^e with m in [0.5, 1); 0 for zeros, infinities and NaN.
struct BinaryExponent : PointwiseFlat<BinaryExponent, 1> {
  static constexpr std::string_view name = "binary_exponent";
  template <class T>
  STRATA_HD static T scalar(T x) {
    using F = math::format<T>;
    using math::as_bits, math::as_float;  // registers bring their own
    const T a = math::abs(x);
    const auto denormal = a < T(F::min_normal);
    const T normal = math::select(denormal, a * T(F::integers * 2), a);
    const auto bits = as_bits(normal) >> F::mantissa;
    const T biased = as_float(bits | as_bits(T(F::from_int))) - T(F::from_int);
    const T e = biased - T(F::bias - 1) - math::select(denormal, T(F::mantissa + 1), T(0));
    return math::select((a > T(0)) && (a < T(F::inf)), e, T(0));
  }
  static Tensor of(Tensor x) { return pointwise<BinaryExponent>(std::move(x)); }
  static Samples samples() { return unary_samples(&of); }
};

}  // namespace strata
