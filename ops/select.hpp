// Choosing between values: where, maximum and minimum, clip, and what depends on signs. Derivatives choose too and
// never multiply by 0 or 1, so that an infinity in what was not chosen does no harm.
#pragma once
#include "strata/ops/factored_rules.hpp"
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Where : Pointwise<Where, 3> {
  static constexpr std::string_view name = "where";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::select;
  static constexpr Accepts accepts = anything;
  template <class M, class T>
  STRATA_HD static T scalar(M c, T a, T b) {
    return math::select(c, a, b);
  }
  static Partials<3> products(const Tensor& g, const Tensor& c, const Tensor&, const Tensor&, const Tensor&,
                              Need need) {
    return {Tensor(), need[1] ? where(c, g, 0) : Tensor(), need[2] ? where(c, 0, g) : Tensor()};
  }
  static Tensor deferred(const NoParams&, Out x) { return factored::choose(x); }
  static Samples samples();
};

/// g where a > b, half of it where they are equal, else 0: the derivative of maximum. Linear in g.
struct Wins : Pointwise<Wins, 3> {
  static constexpr std::string_view name = "wins";
  static constexpr Keep keep = Keep::inputs;
  template <class T>
  STRATA_HD static T scalar(T g, T a, T b) {
    return math::select(a > b, g, math::select(a == b, g * T(0.5), T(0)));
  }
  static Partials<3> products(const Tensor& dg, const Tensor&, const Tensor& a, const Tensor& b, const Tensor&, Need) {
    return {of(dg, a, b), Tensor(), Tensor()};
  }
  static Tensor of(Tensor g, Tensor a, Tensor b) { return pointwise<Wins>(std::move(g), std::move(a), std::move(b)); }
  static Samples samples();
};

struct Maximum : Pointwise<Maximum, 2> {
  static constexpr std::string_view name = "maximum";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = anything;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::maximum(a, b);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    return {need[0] ? Wins::of(g, a, b) : Tensor(), need[1] ? Wins::of(g, b, a) : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::maximum); }
};

struct Minimum : Pointwise<Minimum, 2> {
  static constexpr std::string_view name = "minimum";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = anything;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::minimum(a, b);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    return {need[0] ? Wins::of(g, b, a) : Tensor(), need[1] ? Wins::of(g, a, b) : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::minimum); }
};

struct Fmax : Pointwise<Fmax, 2> {
  static constexpr std::string_view name = "fmax";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::fmax(a, b);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need) {
    const Tensor first = (a > b) || isnan(b);
    return {where(first, g, 0), where(first, 0, g)};
  }
  static Samples samples() { return binary_samples(&strata::fmax); }
};

struct Fmin : Pointwise<Fmin, 2> {
  static constexpr std::string_view name = "fmin";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::fmin(a, b);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need) {
    const Tensor first = (a < b) || isnan(b);
    return {where(first, g, 0), where(first, 0, g)};
  }
  static Samples samples() { return binary_samples(&strata::fmin); }
};

/// minimum(maximum(x, low), high) in one pass: ties share as there.
struct Clip : Pointwise<Clip, 3> {
  static constexpr std::string_view name = "clip";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T x, T low, T high) {
    return math::minimum(math::maximum(x, low), high);
  }
  static Partials<3> products(const Tensor& g, const Tensor& x, const Tensor& low, const Tensor& high, const Tensor&,
                              Need need) {
    const Tensor raised = maximum(x, low);
    Partials<3> d;
    if (need[0] || need[1]) {
      const Tensor passed = Wins::of(g, high, raised);
      if (need[0]) d[0] = Wins::of(passed, x, low);
      if (need[1]) d[1] = Wins::of(passed, low, x);
    }
    if (need[2]) d[2] = Wins::of(g, raised, high);
    return d;
  }
  static Samples samples();
};

/// As clip, but the derivative is all or nothing, and nothing at the bounds.
struct Clamp : Pointwise<Clamp, 3> {
  static constexpr std::string_view name = "clamp";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T low, T x, T high) {
    return math::minimum(math::maximum(x, low), high);
  }
  static Partials<3> products(const Tensor& g, const Tensor& low, const Tensor& x, const Tensor& high, const Tensor&,
                              Need need) {
    return {need[0] ? where((low > x) && (low < high), g, 0) : Tensor(),
            need[1] ? where((x > low) && (x < high), g, 0) : Tensor(), need[2] ? where(x > high, g, 0) : Tensor()};
  }
  static Samples samples();
};

struct Lerp : Pointwise<Lerp, 3> {
  static constexpr std::string_view name = "lerp";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b, T t) {
    return a + t * (b - a);
  }
  static Partials<3> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor& t, const Tensor&,
                              Need need) {
    const Tensor second = need[0] || need[1] ? g * t : Tensor();
    return {need[0] ? g - second : Tensor(), second, need[2] ? g * (b - a) : Tensor()};
  }
  static Samples samples();
};

struct Abs : Pointwise<Abs, 1> {
  static constexpr std::string_view name = "abs";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::abs(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return formula::select(x < T(0), -g, g);  // 1 at 0, as in JAX
  }
  static Samples samples() { return unary_samples(&strata::abs); }
};

struct Sign : PointwiseFlat<Sign, 1> {
  static constexpr std::string_view name = "sign";
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::sign(x);
  }
  static Samples samples() { return unary_samples(&strata::sign); }
};

struct CopySign : Pointwise<CopySign, 2> {
  static constexpr std::string_view name = "copysign";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::copysign(a, b);
  }
  static Partials<2> products(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    return {need[0] ? where((a < 0) != signbit(b), -g, g) : Tensor(), Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::copysign); }
};

struct NextAfter : PointwiseFlat<NextAfter, 2> {
  static constexpr std::string_view name = "nextafter";
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::nextafter(a, b);
  }
  static Samples samples() { return binary_samples(&strata::nextafter); }
};

struct Heaviside : Pointwise<Heaviside, 2> {
  static constexpr std::string_view name = "heaviside";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T at_zero) {
    const T step = math::select(x > T(0), T(1), math::select(x < T(0), T(0), x));  // NaN stays
    return math::select(x == T(0), at_zero, step);
  }
  static Partials<2> products(const Tensor& g, const Tensor& x, const Tensor&, const Tensor&, Need need) {
    return {Tensor(), need[1] ? where(x == 0, g, 0) : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::heaviside); }
};

struct NanToNum : Pointwise<NanToNum, 1> {
  struct Params {
    double nan, posinf, neginf;
  };
  static constexpr std::string_view name = "nan_to_num";
  static constexpr Keep keep = Keep::inputs;
  template <class T>
  STRATA_HD static T scalar(const Params& p, T x) {
    const T big = math::select(x > T(0), T(p.posinf), T(p.neginf));
    return math::select(math::isfinite(x), x, math::select(math::isnan(x), T(p.nan), big));
  }
  template <class T>
  STRATA_HD static T scaled(const Params&, T g, T x) {
    return formula::select(formula::isfinite(x), g, T(0));
  }
  static Samples samples();
};

}  // namespace strata
