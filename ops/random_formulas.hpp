// What is drawn from the bits of one counter: numbers in a range, normal numbers, bounded integers; as JAX has them.
// A formula on T is for float and for CPU registers of floats (strata::simd::Vec). Included by the random kernels of
// every device.
// Always holds: a CPU register's lane and a number get the same bits, but for fused multiply-adds where the CPU has
// none.
#pragma once
#include <bit>
#include <limits>
#include <type_traits>

#include "strata/core/dtype.hpp"
#include "strata/ops/math.hpp"
#include "strata/ops/threefry.hpp"

namespace strata::draws {

/// The upper 23 bits as a number in [0, 1).
template <class T>
STRATA_HD T unit(math::bits_t<T> bits) {
  using math::as_float;
  return as_float((bits >> 9) | math::bits_t<T>(0x3f800000u)) - T(1);
}

/// In [low, low + scale).
template <class T>
STRATA_HD T uniform(math::bits_t<T> bits, T low, T scale) {
  return math::max(math::fma(unit<T>(bits), scale, low), low);
}

/// Keeps a product from being fused with what uses it: JAX rounds it, and near the tails that decides the digits.
template <class T>
STRATA_HD T rounded_square(T x) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(x, x);
#else
  T y = x * x;
#if defined(__x86_64__)
  if constexpr (math::Register<T>)
    asm("" : "+x"(y.v));
  else
    asm("" : "+x"(y));
#elif defined(__aarch64__)
  if constexpr (math::Register<T>)
    asm("" : "+w"(y.v));
  else
    asm("" : "+w"(y));
#endif
  return y;
#endif
}

/// A polynomial, the highest coefficient first.
template <class T, class... C>
STRATA_HD T horner(T x, T first, C... rest) {
  ((first = math::fma(first, x, T(rest))), ...);
  return first;
}

/// -log(x) for 2^-23 <= x <= 1 to an absolute error of 1e-7, which is all that erf_inv of it needs.
template <class T>
STRATA_HD T minus_log(T x) {
  const math::detail::Split<T> s = math::detail::split(x);
  const T p = horner(s.f, T(7.0376836292e-2f), -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                     -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  const T square = s.f * s.f;
  return math::fma(s.k, T(-0.693147181f), math::fma(square, math::fma(-p, s.f, T(0.5f)), -s.f));
}

/// sqrt(2) * erf_inv(u) of u = 2 unit(bits) - (1 - 2^-24): Giles' two polynomials in -log(1 - u^2), as JAX has them. No
/// special values arise, so this is shorter than math::erf_inv.
template <class T>
STRATA_HD T normal(math::bits_t<T> bits) {
  const T u = math::fma(unit<T>(bits), T(2), T(-0x1.fffffep-1f));
  const T w = minus_log(T(1) - rounded_square(u));
  T p = horner(w - T(2.5f), T(2.81022636e-08f), 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 0.00021858087f,
               -0.00125372503f, -0.00417768164f, 0.246640727f, 1.50140941f);
  const auto tail = w >= T(5);
  using math::any;
  if (any(tail)) [[unlikely]] {
    const T q = horner(math::sqrt(w) - T(3), T(-0.000200214257f), 0.000100950558f, 0.00134934322f, -0.00367342844f,
                       0.00573950773f, -0.0076224613f, 0.00943887047f, 1.00167406f, 2.83297682f);
    p = math::select(tail, q, p);
  }
  return p * u * T(1.41421356f);
}

// ---- of 64 bits

STRATA_HD double unit64(std::uint64_t bits) {
  return std::bit_cast<double>(bits >> 12 | std::uint64_t{0x3ff} << 52) - 1;
}
STRATA_HD double uniform64(std::uint64_t bits, double low, double scale) {
  const double y = unit64(bits) * scale + low;
  return y < low ? low : y;
}
inline constexpr double sqrt2 = 1.4142135623730951;
STRATA_HD double normal64(std::uint64_t bits) {
  constexpr double low = -0x1.fffffffffffffp-1;  // next to -1
  return sqrt2 * math::erf_inv(uniform64(bits, low, 1 - low));
}

// ---- of half types

/// A half type's range, rounded to it.
struct HalfRange {
  float low, scale;
};
template <class Half>
STRATA_HD HalfRange half_range(double low, double high) {
  const auto l = static_cast<float>(Half(static_cast<float>(low))),
             h = static_cast<float>(Half(static_cast<float>(high)));
  return {l, static_cast<float>(Half(h - l))};
}
/// Of a word, those bits that a half type takes, where unit() looks for them: the low 16 give a float16's 10 bits of
/// fraction, the low 8 a bfloat16's 7.
template <class Half>
STRATA_HD std::uint32_t half_bits(std::uint32_t word) {
  return std::is_same_v<Half, Float16> ? word << 16 & 0xffc00000u : word << 24 & 0xfe000000u;
}
/// The lowest argument of erf_inv.
template <class Half>
inline constexpr double half_normal_low = std::is_same_v<Half, Float16> ? -0.99951171875 : -0.99609375;
/// Every step rounded to the half type.
template <class Half>
STRATA_HD Half half_normal(Half u) {
  const auto factor = static_cast<float>(Half(static_cast<float>(sqrt2)));
  return Half(factor * static_cast<float>(Half(math::erf_inv(static_cast<float>(u)))));
}

// ---- bounded integers

/// x mod 0 is x.
template <class U>
STRATA_HD U rem(U x, U span) {
  return span == 0 ? x : static_cast<U>(x % span);
}

/// Two draws, reduced: (higher * 2^bits + lower) mod span, wrap-around included. W has at least 32 bits.
template <class W>
struct Span {
  using U = std::make_unsigned_t<W>;
  U low, span, multiplier;
  Span() = default;
  /// Bounds clipped to [least, most]; high may be most + 1.
  STRATA_HD Span(std::int64_t low64, std::int64_t high64, std::int64_t least, std::int64_t most) {
    const auto clip = [&](std::int64_t x) { return x < least ? least : most < x ? most : x; };
    const std::int64_t l = clip(low64), h = clip(high64);
    low = static_cast<U>(l);
    span = h <= l ? U(1) : static_cast<U>(static_cast<U>(h) - low);
    if (high64 > most && h > l) ++span;  // 0 stands for 2^bits
    multiplier = rem<U>(static_cast<U>(U(1) << (sizeof(U) * 4)), span);
    multiplier = rem<U>(static_cast<U>(multiplier * multiplier), span);
  }
  STRATA_HD U operator()(U higher, U lower) const {
    const U offset = rem(higher, span) * multiplier + rem(lower, span);
    return low + rem(offset, span);
  }
};

/// How integers of type T are drawn: small ones as int32, which keeps their bias small.
template <class T>
struct Integers {
  using Wide = std::conditional_t<sizeof(T) < 4, std::int32_t, T>;
  static constexpr auto least = static_cast<std::int64_t>(std::numeric_limits<T>::min());
  static constexpr auto most = sizeof(T) == 8 ? INT64_MAX : static_cast<std::int64_t>(std::numeric_limits<T>::max());
  static STRATA_HD Span<Wide> span(std::int64_t low, std::int64_t high) { return {low, high, least, most}; }
};

}  // namespace strata::draws
