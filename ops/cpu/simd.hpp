// Vec<T>: as many lanes of T as one register of this translation unit's instruction set holds, and Mask<T>, one truth
// value a lane. Kernels (ops/cpu/*.isa.cpp) load, compute with the formulas of ops/math.hpp, and store; tails go
// through load_n and store_n, so that every element sees the same instructions wherever it lies. Everything is inlined
// always and lives in namespace STRATA_ISA (baseline, avx2, avx512), so that no symbol compiled for a newer machine can
// be linked into the code for an older one. Kernels must not call std:: templates for the same reason.
#pragma once
#include <cstdint>
#include <type_traits>

#include "strata/ops/cpu/simd_native.hpp"

namespace strata::simd {
inline namespace STRATA_ISA {

template <class T>
struct Vec;

/// One truth value for each lane of Vec<T>. Lanes of the same size share their mask type: float and int32, double and
/// int64.
template <int LaneBytes>
struct MaskOf {
  using Native = typename native::MaskBits<LaneBytes>::type;
  static constexpr int size = width_bytes / LaneBytes;
  Native v;

  MaskOf() = default;
  STRATA_HD explicit MaskOf(Native native) : v(native) {}

  friend STRATA_HD MaskOf operator&&(MaskOf a, MaskOf b) { return MaskOf(static_cast<Native>(a.v & b.v)); }
  friend STRATA_HD MaskOf operator||(MaskOf a, MaskOf b) { return MaskOf(static_cast<Native>(a.v | b.v)); }
  friend STRATA_HD MaskOf operator&(MaskOf a, MaskOf b) { return a && b; }
  friend STRATA_HD MaskOf operator|(MaskOf a, MaskOf b) { return a || b; }
  friend STRATA_HD MaskOf operator^(MaskOf a, MaskOf b) { return MaskOf(static_cast<Native>(a.v ^ b.v)); }
  friend STRATA_HD MaskOf operator==(MaskOf a, MaskOf b) { return !(a ^ b); }
  friend STRATA_HD MaskOf operator!=(MaskOf a, MaskOf b) { return a ^ b; }
  friend STRATA_HD MaskOf operator!(MaskOf a) { return MaskOf(native::negate(a.v)); }
  friend STRATA_HD MaskOf operator~(MaskOf a) { return !a; }
  friend STRATA_HD bool any(MaskOf a) { return native::any(a.v); }
  friend STRATA_HD bool all(MaskOf a) { return native::all(a.v); }

  /// From and to one byte a lane (0 or 1), as the bool dtype stores them; n < size for tails.
  static STRATA_HD MaskOf load(const uint8_t* p) { return load_n(p, size); }
  static STRATA_HD MaskOf load_n(const uint8_t* p, int n) {
    Bytes bytes = {};
    if (n == size) {
      __builtin_memcpy(&bytes, p, size);
    } else {
      for (int i = 0; i < n; ++i) bytes[i] = static_cast<int8_t>(p[i]);
    }
    const auto lanes = __builtin_convertvector(bytes, Lanes);
    return MaskOf(native::from_lanes((Lanes)(lanes != 0)));
  }
  STRATA_HD void store(uint8_t* p) const { store_n(p, size); }
  STRATA_HD void store_n(uint8_t* p, int n) const {
    const Bytes bytes = __builtin_convertvector(native::to_lanes(v), Bytes) & 1;
    if (n == size) {
      __builtin_memcpy(p, &bytes, size);
    } else {
      for (int i = 0; i < n; ++i) p[i] = static_cast<uint8_t>(bytes[i]);
    }
  }

 private:
  using Bytes = typename native::BytesOf<size>::type;
  using Lanes = typename native::VectorOf<std::conditional_t<LaneBytes == 4, int32_t, int64_t>>::type;
};

template <class T>
using Mask = MaskOf<sizeof(T)>;

/// A register of T: float, double, int32_t, int64_t, uint32_t or uint64_t. Numbers convert to it, so formulas read as
/// for one number: `1 - x * x`. Integer arithmetic wraps around. Shift counts are those of the machine: 0 to the lane's
/// width - 1.
template <class T>
struct Vec {
  using Lane = T;
  using Native = typename native::VectorOf<T>::type;
  using Mask = simd::Mask<T>;
  template <class U>
  using Rebind = Vec<U>;
  static constexpr int size = width_bytes / static_cast<int>(sizeof(T));
  static constexpr bool fused = has_fma;  ///< whether fma() rounds once
  static constexpr bool integer = std::is_integral_v<T>;

  Native v;

  Vec() = default;
  STRATA_HD explicit Vec(Native native) : v(native) {}
  template <class U>
  requires std::is_arithmetic_v<U> STRATA_HD Vec(U x) : v(static_cast<T>(x) - Native{}) {}

  static STRATA_HD Vec load(const T* p) {
    Vec r;
    __builtin_memcpy(&r.v, p, sizeof(Native));
    return r;
  }
  /// The first n lanes (0 <= n < size) from memory, the others `rest`; nothing beyond them is touched.
  static STRATA_HD Vec load_n(const T* p, int n) { return Vec(native::load_n<Native>(p, n)); }
  static STRATA_HD Vec load_n(const T* p, int n, T rest) {
    return select(index() < Vec<Int>(n), load_n(p, n), Vec(rest));
  }
  STRATA_HD void store(T* p) const { __builtin_memcpy(p, &v, sizeof(Native)); }
  STRATA_HD void store_n(T* p, int n) const { native::store_n(p, v, n); }
  /// Lane i.
  STRATA_HD T operator[](int i) const { return v[i]; }
  STRATA_HD void set(int i, T x) { v[i] = x; }

  friend STRATA_HD Vec operator+(Vec a, Vec b) { return Vec((Native)((Work)a.v + (Work)b.v)); }
  friend STRATA_HD Vec operator-(Vec a, Vec b) { return Vec((Native)((Work)a.v - (Work)b.v)); }
  friend STRATA_HD Vec operator*(Vec a, Vec b) { return Vec((Native)((Work)a.v * (Work)b.v)); }
  friend STRATA_HD Vec operator/(Vec a, Vec b) { return Vec(a.v / b.v); }
  friend STRATA_HD Vec operator-(Vec a) { return Vec((Native)(-(Work)a.v)); }
  friend STRATA_HD Vec operator+(Vec a) { return a; }
  STRATA_HD Vec& operator+=(Vec b) { return *this = *this + b; }
  STRATA_HD Vec& operator-=(Vec b) { return *this = *this - b; }
  STRATA_HD Vec& operator*=(Vec b) { return *this = *this * b; }
  STRATA_HD Vec& operator/=(Vec b) { return *this = *this / b; }

  friend STRATA_HD Mask operator<(Vec a, Vec b) { return Mask(native::compare<native::Order::lt>(a.v, b.v)); }
  friend STRATA_HD Mask operator<=(Vec a, Vec b) { return Mask(native::compare<native::Order::le>(a.v, b.v)); }
  friend STRATA_HD Mask operator>(Vec a, Vec b) { return Mask(native::compare<native::Order::lt>(b.v, a.v)); }
  friend STRATA_HD Mask operator>=(Vec a, Vec b) { return Mask(native::compare<native::Order::le>(b.v, a.v)); }
  friend STRATA_HD Mask operator==(Vec a, Vec b) { return Mask(native::compare<native::Order::eq>(a.v, b.v)); }
  friend STRATA_HD Mask operator!=(Vec a, Vec b) { return Mask(native::compare<native::Order::ne>(a.v, b.v)); }

  /// Bit operations work on floating lanes too (on their bits); shifts on integers only: >> keeps the sign of signed
  /// lanes.
  friend STRATA_HD Vec operator&(Vec a, Vec b) { return Vec((Native)((Bits)a.v & (Bits)b.v)); }
  friend STRATA_HD Vec operator|(Vec a, Vec b) { return Vec((Native)((Bits)a.v | (Bits)b.v)); }
  friend STRATA_HD Vec operator^(Vec a, Vec b) { return Vec((Native)((Bits)a.v ^ (Bits)b.v)); }
  friend STRATA_HD Vec operator~(Vec a) { return Vec((Native)(~(Bits)a.v)); }
  friend STRATA_HD Vec operator<<(Vec a, int n) requires integer { return Vec(a.v << n); }
  friend STRATA_HD Vec operator>>(Vec a, int n) requires integer { return Vec(a.v >> n); }
  friend STRATA_HD Vec operator<<(Vec a, Vec n) requires integer { return Vec(a.v << n.v); }
  friend STRATA_HD Vec operator>>(Vec a, Vec n) requires integer { return Vec(a.v >> n.v); }

  /// a where the mask holds, b elsewhere.
  friend STRATA_HD Vec select(Mask m, Vec a, Vec b) { return Vec(native::select(m.v, a.v, b.v)); }

  /// 0, 1, 2, ...
  static STRATA_HD Vec<std::conditional_t<sizeof(T) == 4, int32_t, int64_t>> index() {
    Vec<Int> r;
    for (int i = 0; i < size; ++i) r.v[i] = i;
    return r;
  }

 private:
  using Int = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  using Unsigned = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  using Bits = typename native::VectorOf<Int>::type;
  using Work = typename native::VectorOf<std::conditional_t<integer, Unsigned, T>>::type;  // signed overflow wraps
};

/// The same bits as lanes of another type of the same size: bitcast<int32_t>(x) for x of floats.
template <class To, class From>
requires(sizeof(To) == sizeof(From)) STRATA_HD Vec<To> bitcast(Vec<From> a) {
  return Vec<To>((typename Vec<To>::Native)a.v);
}

/// The same numbers as lanes of another type of the same size; floating to integer truncates.
template <class To, class From>
requires(sizeof(To) == sizeof(From)) STRATA_HD Vec<To> convert(Vec<From> a) {
  return Vec<To>(__builtin_convertvector(a.v, typename Vec<To>::Native));
}

STRATA_HD Vec<uint32_t> as_bits(Vec<float> a) { return bitcast<uint32_t>(a); }
STRATA_HD Vec<uint64_t> as_bits(Vec<double> a) { return bitcast<uint64_t>(a); }
STRATA_HD Vec<float> as_float(Vec<uint32_t> a) { return bitcast<float>(a); }
STRATA_HD Vec<double> as_float(Vec<uint64_t> a) { return bitcast<double>(a); }

/// a where the top bit of `bits` is set, b elsewhere: cheaper than a comparison and select().
template <class B, class T>
requires(sizeof(B) == sizeof(T)) STRATA_HD Vec<T> select_top_bit(Vec<B> bits, Vec<T> a, Vec<T> b) {
  return Vec<T>(native::select_top_bit(bitcast<std::make_signed_t<B>>(bits).v, a.v, b.v));
}

/// a >> n with zeros shifted in, also for signed lanes.
template <class T>
requires std::is_integral_v<T> STRATA_HD Vec<T> shift_right_logical(Vec<T> a, int n) {
  using U = std::make_unsigned_t<T>;
  return bitcast<T>(bitcast<U>(a) >> n);
}

template <class T>
requires std::is_floating_point_v<T> STRATA_HD Vec<T> sqrt(Vec<T> a) { return Vec<T>(native::sqrt(a.v)); }
/// a * b + c, rounded once where the machine can (Vec::fused), else twice.
template <class T>
requires std::is_floating_point_v<T> STRATA_HD Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return Vec<T>(native::fma(a.v, b.v, c.v));
}
/// a < b ? a : b, so b where either is NaN: the machine's own; math::minimum propagates NaN.
template <class T>
STRATA_HD Vec<T> min(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>) {
    return Vec<T>(native::min(a.v, b.v));
  } else {
    return select(a < b, a, b);
  }
}
/// a > b ? a : b, so b where either is NaN.
template <class T>
STRATA_HD Vec<T> max(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>) {
    return Vec<T>(native::max(a.v, b.v));
  } else {
    return select(a > b, a, b);
  }
}
template <class T>
STRATA_HD Vec<T> abs(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>) {
    return a & ~Vec<T>(T(-0.0));
  } else if constexpr (std::is_signed_v<T>) {
    return select(a < Vec<T>(0), -a, a);
  } else {
    return a;
  }
}
template <class T>
requires std::is_floating_point_v<T> STRATA_HD Vec<T> copysign(Vec<T> size, Vec<T> sign) {
  const Vec<T> bit(T(-0.0));
  return (size & ~bit) | (sign & bit);
}
/// To an integer: nearest (ties to even), down, up, towards zero. The sign of zero results is that of the argument.
template <class T>
STRATA_HD Vec<T> rint(Vec<T> a) {
  return Vec<T>(native::round<0>(a.v));
}
template <class T>
STRATA_HD Vec<T> floor(Vec<T> a) {
  return Vec<T>(native::round<1>(a.v));
}
template <class T>
STRATA_HD Vec<T> ceil(Vec<T> a) {
  return Vec<T>(native::round<2>(a.v));
}
template <class T>
STRATA_HD Vec<T> trunc(Vec<T> a) {
  return Vec<T>(native::round<3>(a.v));
}

/// f(lane) for each lane, one after the other: for the rare lanes that no branch-free formula serves.
template <class T, class F>
STRATA_HD Vec<T> map_lanes(F f, Vec<T> a) {
  for (int i = 0; i < Vec<T>::size; ++i) a.v[i] = f(T(a.v[i]));
  return a;
}
template <class T, class F>
STRATA_HD Vec<T> map_lanes(F f, Vec<T> a, Vec<T> b) {
  for (int i = 0; i < Vec<T>::size; ++i) a.v[i] = f(T(a.v[i]), T(b.v[i]));
  return a;
}

/// All lanes in one number, halves first: the order never depends on the values. reduce(v, [](auto a, auto b) { ... }).
template <class T, class F>
STRATA_HD T reduce(Vec<T> a, F f) {
  T lanes[Vec<T>::size];
  a.store(lanes);
  for (int half = Vec<T>::size / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = f(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}
template <class T>
STRATA_HD T reduce_sum(Vec<T> a) {
  return reduce(
      a, [](T x, T y) __attribute__((always_inline)) { return static_cast<T>(x + y); });
}
template <class T>
STRATA_HD T reduce_max(Vec<T> a) {
  return reduce(
      a, [](T x, T y) __attribute__((always_inline)) { return x > y ? x : y; });
}
template <class T>
STRATA_HD T reduce_min(Vec<T> a) {
  return reduce(
      a, [](T x, T y) __attribute__((always_inline)) { return x < y ? x : y; });
}

}  // namespace STRATA_ISA
}  // namespace strata::simd
