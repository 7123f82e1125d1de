// What every formula of ops/math is made of: lanes and their bits, select, fused multiply-add, polynomials, and the
// functions that need no approximation. Included by all of ops/math; users include strata/ops/math.hpp. A formula is a
// template on T: float or double (host and device), or a register of either (strata::simd::Vec). Registers bring their
// own primitives, found by argument-dependent lookup; the plain ones are here. No branch but `any(mask)`.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "strata/core/host_device.hpp"

namespace strata::math {

namespace detail {
template <class T>
struct Of {
  using Lane = T;
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  using Mask = bool;
#if defined(__FMA__) || defined(__CUDA_ARCH__)
  static constexpr bool fused = true;
#else
  static constexpr bool fused = false;
#endif
};
template <class T>
requires requires { typename T::Lane; }
struct Of<T> {
  using Lane = typename T::Lane;
  using Bits = typename T::template Rebind<typename Of<Lane>::Bits>;
  using Mask = typename T::Mask;
  static constexpr bool fused = T::fused;
};
}  // namespace detail

/// The number type of one lane, the unsigned integers that hold T's bits, the truth values of comparing T.
template <class T>
using lane_t = typename detail::Of<T>::Lane;
template <class T>
using bits_t = typename detail::Of<T>::Bits;
template <class T>
using mask_t = typename detail::Of<T>::Mask;
template <class T>
inline constexpr bool is_single = std::is_same_v<lane_t<T>, float>;
/// Whether fma(a, b, c) rounds once.
template <class T>
inline constexpr bool fused = detail::Of<T>::fused;

template <class T>
concept Register = requires {
  typename T::Lane;
};

/// The layout of float and double.
template <class Lane>
struct Format;
template <>
struct Format<float> {
  static constexpr int mantissa = 23;
  static constexpr uint32_t sign = 0x80000000u, inf_bits = 0x7f800000u, one_bits = 0x3f800000u,
                            mantissa_mask = 0x007fffffu, min_bits = 0x00800000u;
  static constexpr int bias = 127;
  static constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  static constexpr float min_normal = 0x1p-126f, max = 0x1.fffffep+127f;
  static constexpr float integers = 0x1p23f;  ///< from here on every number is an integer
  static constexpr float to_int = 0x1.8p23f;  ///< x + to_int has round(x) in its low bits
  static constexpr float from_int = 0x1p23f;  ///< its bits | n are the number from_int + n
};
template <>
struct Format<double> {
  static constexpr int mantissa = 52;
  static constexpr uint64_t sign = 0x8000000000000000u, inf_bits = 0x7ff0000000000000u, one_bits = 0x3ff0000000000000u,
                            mantissa_mask = 0x000fffffffffffffu, min_bits = 0x0010000000000000u;
  static constexpr int bias = 1023;
  static constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  static constexpr double min_normal = 0x1p-1022, max = 0x1.fffffffffffffp+1023;
  static constexpr double integers = 0x1p52;
  static constexpr double to_int = 0x1.8p52;
  static constexpr double from_int = 0x1p52;
};
template <class T>
using format = Format<lane_t<T>>;

// Primitives of plain numbers, under the names that registers use.
STRATA_HD uint32_t as_bits(float x) { return __builtin_bit_cast(uint32_t, x); }
STRATA_HD uint64_t as_bits(double x) { return __builtin_bit_cast(uint64_t, x); }
STRATA_HD float as_float(uint32_t x) { return __builtin_bit_cast(float, x); }
STRATA_HD double as_float(uint64_t x) { return __builtin_bit_cast(double, x); }
STRATA_HD bool any(bool m) { return m; }
STRATA_HD bool all(bool m) { return m; }
STRATA_HD float sqrt(float x) { return ::sqrtf(x); }
STRATA_HD double sqrt(double x) { return ::sqrt(x); }
STRATA_HD float rint(float x) { return ::rintf(x); }
STRATA_HD double rint(double x) { return ::rint(x); }
STRATA_HD float floor(float x) { return ::floorf(x); }
STRATA_HD double floor(double x) { return ::floor(x); }
STRATA_HD float ceil(float x) { return ::ceilf(x); }
STRATA_HD double ceil(double x) { return ::ceil(x); }
STRATA_HD float trunc(float x) { return ::truncf(x); }
STRATA_HD double trunc(double x) { return ::trunc(x); }
STRATA_HD float fma(float a, float b, float c) { return fused<float> ? ::fmaf(a, b, c) : a * b + c; }
STRATA_HD double fma(double a, double b, double c) { return fused<double> ? ::fma(a, b, c) : a * b + c; }
template <class F, class T>
requires std::is_arithmetic_v<T> STRATA_HD T map_lanes(F f, T x) { return f(x); }
template <class F, class T>
requires std::is_arithmetic_v<T> STRATA_HD T map_lanes(F f, T x, T y) { return f(x, y); }

/// a where the mask holds, else b. Both are computed.
///     auto relu = select(x > 0, x, T(0));
template <class M, class T>
STRATA_HD T select(M m, T a, std::type_identity_t<T> b) {
  if constexpr (Register<T>) {
    return select(m, a, b);
  } else {
    return m ? a : b;
  }
}

/// a where the top bit of `bits` is set, else b.
template <class B, class T>
STRATA_HD T select_top_bit(B bits, T a, std::type_identity_t<T> b) {
  if constexpr (Register<T>) {
    return select_top_bit(bits, a, b);
  } else {
    return (bits >> (8 * sizeof(B) - 1)) != 0 ? a : b;
  }
}

/// a < b ? a : b and a > b ? a : b, so b where either is NaN: one instruction on CPUs.
template <class T>
STRATA_HD T min(T a, std::type_identity_t<T> b) {
  if constexpr (Register<T>) {
    return min(a, b);
  } else {
    return a < b ? a : b;
  }
}
template <class T>
STRATA_HD T max(T a, std::type_identity_t<T> b) {
  if constexpr (Register<T>) {
    return max(a, b);
  } else {
    return a > b ? a : b;
  }
}

// The primitives once more for registers, so that math::sqrt(x) finds them.
template <Register T>
STRATA_HD T sqrt(T x) {
  return sqrt(x);
}
template <Register T>
STRATA_HD T rint(T x) {
  return rint(x);
}
template <Register T>
STRATA_HD T floor(T x) {
  return floor(x);
}
template <Register T>
STRATA_HD T ceil(T x) {
  return ceil(x);
}
template <Register T>
STRATA_HD T trunc(T x) {
  return trunc(x);
}
template <Register T>
STRATA_HD T fma(T a, std::type_identity_t<T> b, std::type_identity_t<T> c) {
  return fma(a, b, c);
}

/// c0 + c1 x + c2 x^2 + ...: Horner's rule, or two interleaved ones for long polynomials.
template <class T, class C>
STRATA_HD T horner(T, C c) {
  return T(c);
}
template <class T, class C, class... Cs>
STRATA_HD T horner(T x, C c, Cs... cs) {
  return fma(horner(x, cs...), x, T(c));
}
namespace detail {
template <class T, class C>
STRATA_HD T every_second(T, C c) {
  return T(c);
}
template <class T, class C0, class C1>
STRATA_HD T every_second(T, C0 c0, C1) {
  return T(c0);
}
template <class T, class C0, class C1, class... Cs>
STRATA_HD T every_second(T x2, C0 c0, C1, Cs... cs) {
  return fma(every_second(x2, cs...), x2, T(c0));
}
template <class T, class C0, class... Cs>
STRATA_HD T even_odd(T x, C0 c0, Cs... cs) {
  const T x2 = x * x;
  return fma(every_second(x2, cs...), x, every_second(x2, c0, cs...));
}
}  // namespace detail
template <class T, class... Cs>
STRATA_HD T poly(T x, Cs... cs) {
  if constexpr (sizeof...(cs) < 6) {
    return horner(x, cs...);
  } else {
    return detail::even_odd(x, cs...);
  }
}

template <class T>
STRATA_HD T abs(T x) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    return as_float(as_bits(x) & bits_t<T>(format<T>::inf_bits | format<T>::mantissa_mask));
  } else if constexpr (Register<T>) {
    return abs(x);
  } else {
    return x < 0 ? static_cast<T>(0u - static_cast<std::make_unsigned_t<T>>(x)) : x;
  }
}
template <class T>
STRATA_HD T copysign(T size, std::type_identity_t<T> sign) {
  const bits_t<T> bit(format<T>::sign);
  return as_float((as_bits(size) & ~bit) | (as_bits(sign) & bit));
}
template <class T>
STRATA_HD mask_t<T> signbit(T x) {
  return as_bits(x) >= bits_t<T>(format<T>::sign);
}
template <class T>
STRATA_HD mask_t<T> isnan(T x) {
  return x != x;
}
template <class T>
STRATA_HD mask_t<T> isinf(T x) {
  return abs(x) == T(format<T>::inf);
}
template <class T>
STRATA_HD mask_t<T> isfinite(T x) {
  return abs(x) < T(format<T>::inf);
}
/// -1, 0 or 1; a zero keeps its sign, NaN stays NaN.
template <class T>
STRATA_HD T sign(T x) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    return select(abs(x) > T(0), copysign(T(1), x), x);
  } else {
    return select(x > T(0), T(1), select(x == T(0), T(0), T(static_cast<lane_t<T>>(-1))));
  }
}
template <class T>
STRATA_HD T square(T x) {
  return x * x;
}
template <class T>
STRATA_HD T reciprocal(T x) {
  return T(1) / x;
}
template <class T>
STRATA_HD T rsqrt(T x) {
  return T(1) / sqrt(x);
}
/// To the nearest integer, ties to even.
template <class T>
STRATA_HD T round(T x) {
  return rint(x);
}
/// To the nearest integer, ties away from zero.
template <class T>
STRATA_HD T round_away(T x) {
  const T whole = trunc(x);
  return select(abs(x - whole) >= T(0.5), whole + copysign(T(1), x), whole);
}

/// The larger and the smaller; NaN if either is NaN; -0 is below +0.
template <class T>
STRATA_HD T maximum(T x, std::type_identity_t<T> y) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    const T larger = select(x == y, as_float(as_bits(x) & as_bits(y)), max(x, y));  // max gives y where one is NaN
    return select(x != x, x, larger);
  } else {
    return max(x, y);
  }
}
template <class T>
STRATA_HD T minimum(T x, std::type_identity_t<T> y) {
  if constexpr (std::is_floating_point_v<lane_t<T>>) {
    const T smaller = select(x == y, as_float(as_bits(x) | as_bits(y)), min(x, y));
    return select(x != x, x, smaller);
  } else {
    return min(x, y);
  }
}
/// The larger and the smaller; the other one if one is NaN.
template <class T>
STRATA_HD T fmax(T x, std::type_identity_t<T> y) {
  return select(y != y, x, max(x, y));
}
template <class T>
STRATA_HD T fmin(T x, std::type_identity_t<T> y) {
  return select(y != y, x, min(x, y));
}
/// The next number after x towards y; y where they are equal; NaN if either is.
template <class T>
STRATA_HD T nextafter(T x, std::type_identity_t<T> y) {
  using B = bits_t<T>;
  const B bits = as_bits(x), sign(format<T>::sign);
  const auto outwards = (x < y) == (x > T(0));
  T step = as_float(select(outwards, bits + B(1u), bits - B(1u)));
  step = select(x == T(0), as_float((as_bits(y) & sign) | B(1u)), step);
  step = select(x == y, y, step);
  return select(x != x || y != y, x + y, step);
}

/// A product and what its rounding lost: a * b == hi + lo, unless it over- or underflows.
template <class T>
struct Two {
  T hi, lo;
};
template <class T>
STRATA_HD Two<T> two_product(T a, T b) {
  const T hi = a * b;
  if constexpr (fused<T>) {
    return {hi, fma(a, b, -hi)};
  } else {
    const bits_t<T> mask(is_single<T> ? bits_t<lane_t<T>>(0xfffff000u) : bits_t<lane_t<T>>(0xfffffffff8000000u));
    const T ah = as_float(as_bits(a) & mask), al = a - ah, bh = as_float(as_bits(b) & mask), bl = b - bh;
    return {hi, ((ah * bh - hi) + ah * bl + al * bh) + al * bl};
  }
}
/// A sum and what its rounding lost, for |a| >= |b|.
template <class T>
STRATA_HD Two<T> fast_two_sum(T a, T b) {
  const T hi = a + b;
  return {hi, b - (hi - a)};
}
template <class T>
STRATA_HD Two<T> two_sum(T a, T b) {
  const T hi = a + b, back = hi - a;
  return {hi, (a - (hi - back)) + (b - back)};
}

}  // namespace strata::math
