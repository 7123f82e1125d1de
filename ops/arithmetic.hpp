// Arithmetic: + - * / and their kin. Pointwise, so each op is its formula, its partials and its samples.
#pragma once
#include "strata/ops/factored_rules.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Add : Pointwise<Add, 2> {
  static constexpr std::string_view name = "add";
  static constexpr Keep keep = Keep::nothing;
  static constexpr Accepts accepts = anything;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return static_cast<T>(a + b);
  }
  static Partials<2> partial(const Tensor&, const Tensor&, const Tensor&) { return {one(), one()}; }
  static Tensor deferred(const NoParams&, Out x) { return factored::add(x, 1); }
  static Samples samples() { return binary_samples(&strata::add); }
};

struct Sub : Pointwise<Sub, 2> {
  static constexpr std::string_view name = "sub";
  static constexpr Keep keep = Keep::nothing;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return static_cast<T>(a - b);
  }
  static Partials<2> partial(const Tensor&, const Tensor&, const Tensor&) { return {one(), minus_one()}; }
  static Tensor deferred(const NoParams&, Out x) { return factored::add(x, -1); }
  static Samples samples() { return binary_samples(&strata::sub); }
};

struct Mul : Pointwise<Mul, 2> {
  static constexpr std::string_view name = "mul";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = anything;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return static_cast<T>(a * b);
  }
  static Partials<2> partial(const Tensor& a, const Tensor& b, const Tensor&) { return {b, a}; }
  static Tensor deferred(const NoParams&, Out x) { return factored::multiply(x); }
  static Samples samples() { return binary_samples(&strata::mul); }
};

struct Div : Pointwise<Div, 2> {
  static constexpr std::string_view name = "div";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return a / b;
  }
  static Partials<2> products(const Tensor& g, const Tensor&, const Tensor& b, const Tensor& y, Need need) {
    const Tensor first = g / b;
    return {first, need[1] ? neg(first * y) : Tensor()};
  }
  static Tensor deferred(const NoParams&, Out x) { return factored::divide(x); }
  static Samples samples() { return binary_samples(&strata::div, 0.5, 2.0); }
};

struct Neg : Pointwise<Neg, 1> {
  static constexpr std::string_view name = "neg";
  static constexpr Keep keep = Keep::nothing;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return static_cast<T>(-x);
  }
  static Partials<1> partial(const Tensor&, const Tensor&) { return {minus_one()}; }
  static Tensor deferred(const NoParams&, Out x) { return factored::negate(x); }
  static Samples samples() { return unary_samples(&strata::neg); }
};

struct Square : Pointwise<Square, 1> {
  static constexpr std::string_view name = "square";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return static_cast<T>(x * x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return T(2) * g * x;
  }
  static Tensor deferred(const NoParams&, Out x) { return factored::square(x); }
  static Samples samples() { return unary_samples(&strata::square); }
};

struct Reciprocal : Pointwise<Reciprocal, 1> {
  static constexpr std::string_view name = "reciprocal";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return T(1) / x;
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return -(g * y * y);
  }
  static Samples samples() { return unary_samples(&strata::reciprocal, 0.5, 2.0); }
};

}  // namespace strata
