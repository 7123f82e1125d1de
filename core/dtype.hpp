// Element types: the enum, the C++ type behind each, JAX's default promotion lattice.
// Every module uses it. `Dtype` names what a tensor holds; `BFloat16` and `Float16` are storage types that compute in
// float.
#pragma once
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "strata/core/host_device.hpp"

namespace strata {

enum class Dtype : std::uint8_t {
  bool_,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  bfloat16,
  float16,
  float32,
  float64
};
inline constexpr int dtype_count = 13;

inline constexpr Dtype bool_ = Dtype::bool_;
inline constexpr Dtype uint8 = Dtype::uint8;
inline constexpr Dtype uint16 = Dtype::uint16;
inline constexpr Dtype uint32 = Dtype::uint32;
inline constexpr Dtype uint64 = Dtype::uint64;
inline constexpr Dtype int8 = Dtype::int8;
inline constexpr Dtype int16 = Dtype::int16;
inline constexpr Dtype int32 = Dtype::int32;
inline constexpr Dtype int64 = Dtype::int64;
inline constexpr Dtype bfloat16 = Dtype::bfloat16;
inline constexpr Dtype float16 = Dtype::float16;
inline constexpr Dtype float32 = Dtype::float32;
inline constexpr Dtype float64 = Dtype::float64;

/// The upper half of a float: 8 bits of exponent, 7 of fraction. Rounds to nearest even.
struct BFloat16 {
  std::uint16_t bits = 0;
  BFloat16() = default;
  STRATA_BOTH explicit BFloat16(float x) {
    const auto u = __builtin_bit_cast(std::uint32_t, x);
    bits = x != x ? static_cast<std::uint16_t>((u >> 16) | 0x40)
                  : static_cast<std::uint16_t>((u + 0x7fff + ((u >> 16) & 1)) >> 16);
  }
  STRATA_BOTH explicit operator float() const {
    return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits) << 16);
  }
};

/// IEEE half: 5 bits of exponent, 10 of fraction. Rounds to nearest even.
struct Float16 {
  std::uint16_t bits = 0;
  Float16() = default;
  STRATA_BOTH explicit Float16(float x);
  STRATA_BOTH explicit operator float() const;
};

STRATA_BOTH inline Float16::Float16(float x) {
  const auto u = __builtin_bit_cast(std::uint32_t, x);
  const auto sign = static_cast<std::uint16_t>((u >> 16) & 0x8000);
  const std::uint32_t a = u & 0x7fffffff;
  if (a > 0x7f800000)
    bits = static_cast<std::uint16_t>(sign | 0x7e00 | ((a >> 13) & 0x1ff));
  else if (a >= 0x477ff000)
    bits = static_cast<std::uint16_t>(sign | 0x7c00);  // rounds to infinity
  else if (a >= 0x38800000)
    bits = static_cast<std::uint16_t>(sign | ((a - 0x38000000 + 0xfff + ((a >> 13) & 1)) >> 13));
  else {  // denormal: let float addition round, the magic constant puts the last place of a half at the float's last
          // bit
    const float f = __builtin_bit_cast(float, a) + 0.5f;
    bits = static_cast<std::uint16_t>(sign | (__builtin_bit_cast(std::uint32_t, f) - 0x3f000000));
  }
}

STRATA_BOTH inline Float16::operator float() const {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t a = bits & 0x7fff;
  if (a >= 0x7c00) return __builtin_bit_cast(float, sign | 0x7f800000 | ((a & 0x3ff) << 13));
  if (a >= 0x400) return __builtin_bit_cast(float, sign | ((a << 13) + 0x38000000));
  const float f = static_cast<float>(a) * 0x1p-24f;
  return __builtin_bit_cast(float, sign | __builtin_bit_cast(std::uint32_t, f));
}

template <class T>
concept Scalar = std::is_arithmetic_v<T>;

/// The dtype that stores elements of the C++ type T. `long` and `long long` are both int64.
template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::same_as<T, bool>)
    return Dtype::bool_;
  else if constexpr (std::same_as<T, BFloat16>)
    return Dtype::bfloat16;
  else if constexpr (std::same_as<T, Float16>)
    return Dtype::float16;
  else if constexpr (std::same_as<T, float>)
    return Dtype::float32;
  else if constexpr (std::same_as<T, double>)
    return Dtype::float64;
  else {
    static_assert(std::is_integral_v<T>, "no dtype stores this C++ type");
    constexpr Dtype s[] = {Dtype::int8, Dtype::int16, Dtype::int32, Dtype::int64};
    constexpr Dtype u[] = {Dtype::uint8, Dtype::uint16, Dtype::uint32, Dtype::uint64};
    constexpr int k = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return std::is_signed_v<T> ? s[k] : u[k];
  }
}

constexpr int itemsize(Dtype d) {
  constexpr int bytes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return bytes[static_cast<int>(d)];
}
constexpr bool is_float(Dtype d) { return d >= Dtype::bfloat16; }
constexpr bool is_half(Dtype d) { return d == Dtype::bfloat16 || d == Dtype::float16; }
constexpr bool is_signed_int(Dtype d) { return d >= Dtype::int8 && d <= Dtype::int64; }
constexpr bool is_unsigned_int(Dtype d) { return d >= Dtype::uint8 && d <= Dtype::uint64; }
constexpr bool is_integer(Dtype d) { return d >= Dtype::uint8 && d <= Dtype::int64; }
constexpr bool is_64bit(Dtype d) { return d == Dtype::int64 || d == Dtype::uint64 || d == Dtype::float64; }

/// "float32", "bool", ...
std::string_view name(Dtype d);
/// The dtype called `text` ("float32", "bool", ...). ValueError when there is none.
Dtype dtype_named(std::string_view text);

/// A dtype and whether it is weak (it came from a C++ number and yields to what it meets).
struct Type {
  Dtype dtype;
  bool weak = false;
  bool operator==(const Type&) const = default;
};

/// JAX's default lattice, except that 64-bit types arise only from 64-bit operands: uint32 with int32 is int32.
Type promote(Type a, Type b);

/// float32 for integers and bool (float64 for 64-bit integers), the dtype itself for floats.
constexpr Dtype inexact(Dtype d) {
  if (is_float(d)) return d;
  return d == Dtype::int64 || d == Dtype::uint64 ? Dtype::float64 : Dtype::float32;
}

/// Calls f(T{}) with the C++ type behind `d`, in a GPU's kernels too.
template <class F>
STRATA_BOTH decltype(auto) visit(Dtype d, F&& f) {
  switch (d) {
    case Dtype::bool_:
      return f(bool{});
    case Dtype::uint8:
      return f(std::uint8_t{});
    case Dtype::uint16:
      return f(std::uint16_t{});
    case Dtype::uint32:
      return f(std::uint32_t{});
    case Dtype::uint64:
      return f(std::uint64_t{});
    case Dtype::int8:
      return f(std::int8_t{});
    case Dtype::int16:
      return f(std::int16_t{});
    case Dtype::int32:
      return f(std::int32_t{});
    case Dtype::int64:
      return f(std::int64_t{});
    case Dtype::bfloat16:
      return f(BFloat16{});
    case Dtype::float16:
      return f(Float16{});
    case Dtype::float32:
      return f(float{});
    default:
      return f(double{});
  }
}

}  // namespace strata
