// Bit operations on integers (and bool, where they are logic). A shift by the width or more, or by a negative count,
// shifts every bit out, as in JAX.
#pragma once
#include "strata/ops/math.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

/// Whether a shift of a T by `count` leaves bits of it.
template <class T>
STRATA_HD bool in_width(T count) {
  return static_cast<std::make_unsigned_t<T>>(count) < sizeof(T) * 8;
}

struct BitwiseAnd : PointwiseFlat<BitwiseAnd, 2> {
  static constexpr std::string_view name = "bitwise_and";
  static constexpr Accepts accepts = bits;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return static_cast<T>(a & b);
  }
  static Samples samples() { return binary_samples(&strata::bitwise_and, 0, 9, Dtype::int32); }
};

struct BitwiseOr : PointwiseFlat<BitwiseOr, 2> {
  static constexpr std::string_view name = "bitwise_or";
  static constexpr Accepts accepts = bits;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return static_cast<T>(a | b);
  }
  static Samples samples() { return binary_samples(&strata::bitwise_or, 0, 9, Dtype::int32); }
};

struct BitwiseXor : PointwiseFlat<BitwiseXor, 2> {
  static constexpr std::string_view name = "bitwise_xor";
  static constexpr Accepts accepts = bits;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return static_cast<T>(a ^ b);
  }
  static Samples samples() { return binary_samples(&strata::bitwise_xor, 0, 9, Dtype::int32); }
};

struct BitwiseNot : PointwiseFlat<BitwiseNot, 1> {
  static constexpr std::string_view name = "bitwise_not";
  static constexpr Accepts accepts = bits;
  template <class T>
  STRATA_HD static T scalar(T x) {
    if constexpr (std::is_same_v<T, bool>)
      return !x;
    else
      return static_cast<T>(~x);
  }
  static Samples samples() { return unary_samples(&strata::bitwise_not, -9, 9, Dtype::int32); }
};

struct LeftShift : PointwiseFlat<LeftShift, 2> {
  static constexpr std::string_view name = "left_shift";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    using U = std::make_unsigned_t<T>;
    return in_width(b) ? static_cast<T>(static_cast<U>(a) << b) : T(0);
  }
  static Samples samples() { return binary_samples(&strata::left_shift, 0, 9, Dtype::int32); }
};

struct RightShift : PointwiseFlat<RightShift, 2> {
  static constexpr std::string_view name = "right_shift";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    // keeps the sign of signed numbers
    return in_width(b) ? static_cast<T>(a >> b) : static_cast<T>(a < 0 ? -1 : 0);
  }
  static Samples samples() { return binary_samples(&strata::right_shift, 0, 9, Dtype::int32); }
};

struct RightShiftLogical : PointwiseFlat<RightShiftLogical, 2> {
  static constexpr std::string_view name = "shift_right_logical";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    using U = std::make_unsigned_t<T>;
    return in_width(b) ? static_cast<T>(static_cast<U>(a) >> b) : T(0);
  }
  static Samples samples() { return binary_samples(&strata::shift_right_logical, 0, 9, Dtype::int32); }
};

struct PopulationCount : PointwiseFlat<PopulationCount, 1> {
  static constexpr std::string_view name = "population_count";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return static_cast<T>(__builtin_popcountll(static_cast<std::make_unsigned_t<T>>(x)));
  }
  static Samples samples() { return unary_samples(&strata::population_count, 0, 99, Dtype::int32); }
};

struct LeadingZeros : PointwiseFlat<LeadingZeros, 1> {
  static constexpr std::string_view name = "clz";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T x) {
    const auto u = static_cast<std::make_unsigned_t<T>>(x);
    constexpr int width = static_cast<int>(sizeof(T) * 8);
    return static_cast<T>(u == 0 ? width : __builtin_clzll(u) - (64 - width));
  }
  static Samples samples() { return unary_samples(&strata::clz, 0, 99, Dtype::int32); }
};

/// By Euclid's algorithm, on magnitudes.
template <class T>
STRATA_HD T greatest_divisor(T a, T b) {
  using U = std::make_unsigned_t<T>;
  U u = static_cast<U>(math::abs(a)), v = static_cast<U>(math::abs(b));
  while (v != 0) {
    const U r = static_cast<U>(u % v);
    u = v;
    v = r;
  }
  return static_cast<T>(u);
}

struct Gcd : PointwiseFlat<Gcd, 2> {
  static constexpr std::string_view name = "gcd";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    return greatest_divisor(a, b);
  }
  static Samples samples() { return binary_samples(&strata::gcd, 1, 60, Dtype::int32); }
};

struct Lcm : PointwiseFlat<Lcm, 2> {
  static constexpr std::string_view name = "lcm";
  static constexpr Accepts accepts = integers;
  template <class T>
  STRATA_HD static T scalar(T a, T b) {
    const T d = greatest_divisor(a, b);
    return d == 0 ? T(0) : math::abs(static_cast<T>(a / d * b));
  }
  static Samples samples() { return binary_samples(&strata::lcm, 1, 60, Dtype::int32); }
};

}  // namespace strata
