// Exponentials and logarithms, and what is made of them. Pointwise, so each op is its formula, its derivative and its
// samples. Integers become floats first.
#pragma once
#include <limits>

#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Exp : Pointwise<Exp, 1> {
  static constexpr std::string_view name = "exp";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap_scaled = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::exp(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * y;
  }
  static Samples samples() { return unary_samples(&strata::exp); }
};

struct Exp2 : Pointwise<Exp2, 1> {
  static constexpr std::string_view name = "exp2";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::exp2(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (y * T(0.693147180559945309));
  }
  static Samples samples() { return unary_samples(&strata::exp2); }
};

struct Expm1 : Pointwise<Expm1, 1> {
  static constexpr std::string_view name = "expm1";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::expm1(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * (y + T(1));
  }
  static Samples samples() { return unary_samples(&strata::expm1); }
};

struct Log : Pointwise<Log, 1> {
  static constexpr std::string_view name = "log";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::log(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g / x;
  }
  static Samples samples() { return unary_samples(&strata::log, 0.2, 3.0); }
};

struct Log2 : Pointwise<Log2, 1> {
  static constexpr std::string_view name = "log2";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::log2(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * T(1.44269504088896340736) / x;
  }
  static Samples samples() { return unary_samples(&strata::log2, 0.2, 3.0); }
};

struct Log10 : Pointwise<Log10, 1> {
  static constexpr std::string_view name = "log10";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::log10(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * T(0.434294481903251827651) / x;
  }
  static Samples samples() { return unary_samples(&strata::log10, 0.2, 3.0); }
};

struct Log1p : Pointwise<Log1p, 1> {
  static constexpr std::string_view name = "log1p";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::log1p(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g / (x + T(1));
  }
  static Samples samples() { return unary_samples(&strata::log1p, -0.7, 3.0); }
};

struct Logistic : Pointwise<Logistic, 1> {
  static constexpr std::string_view name = "logistic";
  static constexpr Keep keep = Keep::result;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap_scaled = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::logistic(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return g * y * (T(1) - y);
  }
  static Tensor scaled_slope(const Tensor& g, const Tensor& y) { return g * (1 - 2 * y); }
  static Samples samples() { return unary_samples(&strata::logistic); }
};

/// x - y where y = logaddexp(x, ...): an infinite y that equals x counts as no distance, as in JAX.
template <class T>
STRATA_HD T below_sum(T x, T y) {
  const T inf = T(std::numeric_limits<double>::infinity());
  return formula::select(x == inf, T(0), x) - formula::select(y == inf, T(0), y);
}

struct LogAddExp : Pointwise<LogAddExp, 2> {
  static constexpr std::string_view name = "logaddexp";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::logaddexp(a, b);
  }
  template <class T>
  STRATA_HD static Slopes<T> slopes(T a, T b, T y, Wanted want) {
    return {want.first ? formula::exp(below_sum(a, y)) : T(), want.second ? formula::exp(below_sum(b, y)) : T()};
  }
  static Samples samples() { return binary_samples(&strata::logaddexp); }
};

struct LogAddExp2 : Pointwise<LogAddExp2, 2> {
  static constexpr std::string_view name = "logaddexp2";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::logaddexp2(a, b);
  }
  template <class T>
  STRATA_HD static Slopes<T> slopes(T a, T b, T y, Wanted want) {
    return {want.first ? formula::exp2(below_sum(a, y)) : T(), want.second ? formula::exp2(below_sum(b, y)) : T()};
  }
  static Samples samples() { return binary_samples(&strata::logaddexp2); }
};

struct XLogY : Pointwise<XLogY, 2> {
  static constexpr std::string_view name = "xlogy";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T y) {
    return math::select(y == y, math::xlogy(x, y), y);
  }
  static Partials<2> partial(const Tensor& x, const Tensor& y, const Tensor&, Need need) {
    return {need[0] ? log(y) : Tensor(), need[1] ? x / y : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::xlogy, 0.3, 2.0); }
};

struct XLog1pY : Pointwise<XLog1pY, 2> {
  static constexpr std::string_view name = "xlog1py";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T y) {
    return math::select(y == y, math::xlog1py(x, y), y);
  }
  static Partials<2> partial(const Tensor& x, const Tensor& y, const Tensor&, Need need) {
    return {need[0] ? log1p(y) : Tensor(), need[1] ? x / (y + 1) : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::xlog1py, -0.6, 2.0); }
};

}  // namespace strata
