// Trigonometric and hyperbolic functions. Pointwise, so each op is its formula, its derivative and its samples.
// Integers become floats first.
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Sin : Pointwise<Sin, 1> {
  static constexpr std::string_view name = "sin";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::sin(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::cos(x);
  }
  static Tensor scaled_slope(const Tensor& g, const Tensor& x) { return -(g * strata::sin(x)); }
  static Samples samples() { return unary_samples(&strata::sin); }
};

struct Cos : Pointwise<Cos, 1> {
  static constexpr std::string_view name = "cos";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::cos(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return -(g * formula::sin(x));
  }
  static Tensor scaled_slope(const Tensor& g, const Tensor& x) { return -(g * strata::cos(x)); }
  static Samples samples() { return unary_samples(&strata::cos); }
};

struct Tan : Pointwise<Tan, 1> {
  static constexpr std::string_view name = "tan";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::tan(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (T(1) + y * y);
  }
  static Samples samples() { return unary_samples(&strata::tan, -1.2, 1.2); }
};

struct Asin : Pointwise<Asin, 1> {
  static constexpr std::string_view name = "asin";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::asin(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::rsqrt(T(1) - x * x);
  }
  static Samples samples() { return unary_samples(&strata::asin, -0.9, 0.9); }
};

struct Acos : Pointwise<Acos, 1> {
  static constexpr std::string_view name = "acos";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::acos(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return -(g * formula::rsqrt(T(1) - x * x));
  }
  static Samples samples() { return unary_samples(&strata::acos, -0.9, 0.9); }
};

struct Atan : Pointwise<Atan, 1> {
  static constexpr std::string_view name = "atan";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::atan(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g / (T(1) + x * x);
  }
  static Samples samples() { return unary_samples(&strata::atan); }
};

struct Sinh : Pointwise<Sinh, 1> {
  static constexpr std::string_view name = "sinh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::sinh(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::cosh(x);
  }
  static Samples samples() { return unary_samples(&strata::sinh); }
};

struct Cosh : Pointwise<Cosh, 1> {
  static constexpr std::string_view name = "cosh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::cosh(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::sinh(x);
  }
  static Samples samples() { return unary_samples(&strata::cosh); }
};

struct Tanh : Pointwise<Tanh, 1> {
  static constexpr std::string_view name = "tanh";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap_scaled = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::tanh(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return (g + g * y) * (T(1) - y);
  }
  static Tensor scaled_slope(const Tensor& g, const Tensor& y) { return g * y * -2; }
  static Samples samples() { return unary_samples(&strata::tanh); }
};

struct Asinh : Pointwise<Asinh, 1> {
  static constexpr std::string_view name = "asinh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::asinh(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::rsqrt(x * x + T(1));
  }
  static Samples samples() { return unary_samples(&strata::asinh); }
};

struct Acosh : Pointwise<Acosh, 1> {
  static constexpr std::string_view name = "acosh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::acosh(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::rsqrt(x * x - T(1));
  }
  static Samples samples() { return unary_samples(&strata::acosh, 1.2, 4.0); }
};

struct Atanh : Pointwise<Atanh, 1> {
  static constexpr std::string_view name = "atanh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::atanh(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g / (T(1) - x * x);
  }
  static Samples samples() { return unary_samples(&strata::atanh, -0.8, 0.8); }
};

struct Sinc : Pointwise<Sinc, 1> {
  static constexpr std::string_view name = "sinc";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    const T a = x * T(3.14159265358979323846);
    return math::select(x == T(0), T(1), math::sin(a) / a);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x, T y) {
    const T z = x * x;
    const T tail = T(0.20918128283955) + z * (T(-0.0234607849474) + z * T(0.00178115));
    const T near =
        x * (T(-3.28986813369645287) + z * (T(3.24696970113341457) + z * (T(-1.14451094473250528) + z * tail)));
    const auto small = z < T(0.01);
    const T safe = formula::select(small, T(1), x);
    const T far = (formula::cos(x * T(3.14159265358979323846)) - y) / safe;
    return g * formula::select(small, near, far);
  }
  static Samples samples() { return unary_samples(&strata::sinc); }
};

struct Atan2 : Pointwise<Atan2, 2> {
  static constexpr std::string_view name = "atan2";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::atan2(a, b);
  }
  template <class T>
  STRATA_HD static Slopes<T> slopes(T a, T b, T, Wanted want) {
    const T r = formula::square(a) + formula::square(b);
    return {want.first ? b / r : T(), want.second ? -a / r : T()};
  }
  static Samples samples() { return binary_samples(&strata::atan2, 0.3, 2.0); }
};

}  // namespace strata
