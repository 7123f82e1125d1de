// Rounding, and division with a whole quotient. Pointwise: floor and the like have no derivative but zero; fmod and
// remainder do.
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Floor : PointwiseFlat<Floor, 1> {
  static constexpr std::string_view name = "floor";
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::floor(x);
  }
  static Samples samples() { return unary_samples(&strata::floor, -2.7, 2.7); }
};

struct Ceil : PointwiseFlat<Ceil, 1> {
  static constexpr std::string_view name = "ceil";
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::ceil(x);
  }
  static Samples samples() { return unary_samples(&strata::ceil, -2.7, 2.7); }
};

struct Trunc : PointwiseFlat<Trunc, 1> {
  static constexpr std::string_view name = "trunc";
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::trunc(x);
  }
  static Samples samples() { return unary_samples(&strata::trunc, -2.7, 2.7); }
};

struct Rint : PointwiseFlat<Rint, 1> {
  static constexpr std::string_view name = "rint";
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::rint(x);
  }
  static Samples samples() { return unary_samples(&strata::rint, -2.7, 2.7); }
};

struct RoundAway : PointwiseFlat<RoundAway, 1> {
  static constexpr std::string_view name = "round_away";
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::round_away(x);
  }
  static Samples samples() { return unary_samples(&strata::round_away, -2.7, 2.7); }
};

struct RoundDecimals : PointwiseFlat<RoundDecimals, 1> {
  struct Params {
    double factor;  // 10^decimals
  };
  static constexpr std::string_view name = "round";
  template <class T>
  STRATA_HD static T scalar(const Params& p, T x) {
    return math::rint(x * T(p.factor)) / T(p.factor);
  }
  static Samples samples();
};

struct FloorDivide : PointwiseFlat<FloorDivide, 2> {
  static constexpr std::string_view name = "floor_divide";
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return math::floor_div(a, b);
    else
      return math::select(b == T(0), a / b, math::floor_div(a, b));
  }
  static Samples samples() { return binary_samples(&strata::floor_divide, 0.6, 5); }
};

struct TruncDivide : PointwiseFlat<TruncDivide, 2> {
  static constexpr std::string_view name = "trunc_divide";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::quotient(a, b);
  }
  static Samples samples() { return binary_samples(&strata::trunc_divide, -9, 9, Dtype::int32); }
};

struct Remainder : Pointwise<Remainder, 2> {
  static constexpr std::string_view name = "remainder";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::remainder(a, b);
  }
  static Partials<2> partial(const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    return {one(), need[1] ? -floor(a / b) : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::remainder, 1.1, 1.9); }
};

struct Fmod : Pointwise<Fmod, 2> {
  static constexpr std::string_view name = "rem";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return math::fmod(a, b);
  }
  static Partials<2> partial(const Tensor& a, const Tensor& b, const Tensor&, Need need) {
    return {one(), need[1] ? -trunc(a / b) : Tensor()};
  }
  static Samples samples() { return binary_samples(&strata::rem, 1.1, 1.9); }
};

}  // namespace strata
