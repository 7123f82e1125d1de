// Comparisons, questions and logic: the result is bool. Comparisons promote their arguments; logical ones take each as
// "is not zero".
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Equal : PointwiseFlat<Equal, 2> {
  static constexpr std::string_view name = "equal";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = anything;
  template <class T>
  STRATA_HD static auto scalar(T a, T b) {
    return a == b;
  }
  static Samples samples() { return binary_samples(&strata::equal, -3, 3); }
};

struct NotEqual : PointwiseFlat<NotEqual, 2> {
  static constexpr std::string_view name = "not_equal";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = anything;
  template <class T>
  STRATA_HD static auto scalar(T a, T b) {
    return a != b;
  }
  static Samples samples() { return binary_samples(&strata::not_equal, -3, 3); }
};

struct Less : PointwiseFlat<Less, 2> {
  static constexpr std::string_view name = "less";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = anything;
  template <class T>
  STRATA_HD static auto scalar(T a, T b) {
    return a < b;
  }
  static Samples samples() { return binary_samples(&strata::less, -3, 3); }
};

struct LessEqual : PointwiseFlat<LessEqual, 2> {
  static constexpr std::string_view name = "less_equal";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = anything;
  template <class T>
  STRATA_HD static auto scalar(T a, T b) {
    return a <= b;
  }
  static Samples samples() { return binary_samples(&strata::less_equal, -3, 3); }
};

struct Greater : PointwiseFlat<Greater, 2> {
  static constexpr std::string_view name = "greater";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = anything;
  template <class T>
  STRATA_HD static auto scalar(T a, T b) {
    return a > b;
  }
  static Samples samples() { return binary_samples(&strata::greater, -3, 3); }
};

struct GreaterEqual : PointwiseFlat<GreaterEqual, 2> {
  static constexpr std::string_view name = "greater_equal";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = anything;
  template <class T>
  STRATA_HD static auto scalar(T a, T b) {
    return a >= b;
  }
  static Samples samples() { return binary_samples(&strata::greater_equal, -3, 3); }
};

struct IsNan : PointwiseFlat<IsNan, 1> {
  static constexpr std::string_view name = "isnan";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static auto scalar(T x) {
    if constexpr (std::is_integral_v<T>)
      return false;
    else
      return math::isnan(x);
  }
  static Samples samples() { return unary_samples(&strata::isnan, -2.7, 2.7); }
};

struct IsInf : PointwiseFlat<IsInf, 1> {
  static constexpr std::string_view name = "isinf";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static auto scalar(T x) {
    if constexpr (std::is_integral_v<T>)
      return false;
    else
      return math::isinf(x);
  }
  static Samples samples() { return unary_samples(&strata::isinf, -2.7, 2.7); }
};

struct IsFinite : PointwiseFlat<IsFinite, 1> {
  static constexpr std::string_view name = "isfinite";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static auto scalar(T x) {
    if constexpr (std::is_integral_v<T>)
      return true;
    else
      return math::isfinite(x);
  }
  static Samples samples() { return unary_samples(&strata::isfinite, -2.7, 2.7); }
};

struct SignBit : PointwiseFlat<SignBit, 1> {
  static constexpr std::string_view name = "signbit";
  static constexpr Typing typing = Typing::predicate;
  static constexpr Accepts accepts = numbers;
  template <class T>
  STRATA_HD static auto scalar(T x) {
    if constexpr (std::is_integral_v<T>)
      return x < T(0);
    else
      return math::signbit(x);
  }
  static Samples samples() { return unary_samples(&strata::signbit, -2.7, 2.7); }
};

struct LogicalAnd : PointwiseFlat<LogicalAnd, 2> {
  static constexpr std::string_view name = "logical_and";
  static constexpr Typing typing = Typing::logical;
  static constexpr Accepts accepts = bools;
  STRATA_HD static bool scalar(bool a, bool b) { return a && b; }
  static Samples samples() { return binary_samples(&strata::logical_and, 0, 2, Dtype::bool_); }
};

struct LogicalOr : PointwiseFlat<LogicalOr, 2> {
  static constexpr std::string_view name = "logical_or";
  static constexpr Typing typing = Typing::logical;
  static constexpr Accepts accepts = bools;
  STRATA_HD static bool scalar(bool a, bool b) { return a || b; }
  static Samples samples() { return binary_samples(&strata::logical_or, 0, 2, Dtype::bool_); }
};

struct LogicalXor : PointwiseFlat<LogicalXor, 2> {
  static constexpr std::string_view name = "logical_xor";
  static constexpr Typing typing = Typing::logical;
  static constexpr Accepts accepts = bools;
  STRATA_HD static bool scalar(bool a, bool b) { return a != b; }
  static Samples samples() { return binary_samples(&strata::logical_xor, 0, 2, Dtype::bool_); }
};

struct LogicalNot : PointwiseFlat<LogicalNot, 1> {
  static constexpr std::string_view name = "logical_not";
  static constexpr Typing typing = Typing::logical;
  static constexpr Accepts accepts = bools;
  STRATA_HD static bool scalar(bool x) { return !x; }
  static Samples samples() { return unary_samples(&strata::logical_not, 0, 2, Dtype::bool_); }
};

}  // namespace strata
