// Losses that are pointwise: each one kernel forward. What reduces along an axis is composed in ops/losses.cpp.
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct SquaredError : Pointwise<SquaredError, 2> {
  static constexpr std::string_view name = "squared_error";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    const T e = static_cast<T>(a - b);
    return static_cast<T>(e * e);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    const Tensor first = 2 * g * (a - b);
    return {first, need[1] ? -first : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::squared_error); }
};

struct L2Loss : Pointwise<L2Loss, 2> {
  static constexpr std::string_view name = "l2_loss";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    const T e = a - b;
    return T(0.5) * (e * e);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    const Tensor first = g * (a - b);
    return {first, need[1] ? -first : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::l2_loss); }
};

/// Of the error; the derivative is the error clipped.
struct Huber : Pointwise<Huber, 2> {
  static constexpr std::string_view name = "huber_loss";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T e, T delta) {
    const T a = math::abs(e), q = math::minimum(a, delta);
    return T(0.5) * (q * q) + delta * (a - q);
  }
  static Partials<2> partial(const Tensor& e, const Tensor& delta, const Tensor&, Need need) {
    return {need[0] ? clip(e, -delta, delta) : Tensor(), need[1] ? maximum(abs(e) - delta, 0) : Tensor()};
  }
  static Tensor of(Tensor e, Tensor delta) { return pointwise<Huber>(std::move(e), std::move(delta)); }
  static Samples samples() { return binary_samples(&of, 0.3, 2.0); }
};

/// Of the error.
struct LogCosh : Pointwise<LogCosh, 1> {
  static constexpr std::string_view name = "log_cosh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T e) {
    const T a = math::abs(e);
    return a + (math::log1p(math::exp(T(-2) * a)) - T(0.693147180559945309));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T e) {
    return g * formula::tanh(e);
  }
  static Tensor of(Tensor e) { return pointwise<LogCosh>(std::move(e)); }
  static Samples samples() { return unary_samples(&of); }
};

struct SigmoidCrossEntropy : Pointwise<SigmoidCrossEntropy, 2> {
  static constexpr std::string_view name = "sigmoid_binary_cross_entropy";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T z, T label) {
    return (math::maximum(z, T(0)) - z * label) + math::log1p(math::exp(-math::abs(z)));
  }
  static Partials<2> products(const Tensor& g, const Tensor& z, const Tensor& label, const Tensor&, Need need) {
    return {need[0] ? g * ((1 - label) * logistic(z) - label * logistic(-z)) : Tensor(), need[1] ? -g * z : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::sigmoid_binary_cross_entropy, 0.1, 0.9); }
};

}  // namespace strata
