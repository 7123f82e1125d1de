// The machine's own vectors: what GCC's vector extensions cannot say (square root, rounding, fused multiply-add, masks,
// partial loads), once for each of AVX-512, AVX2 and everything else. Called only by ops/cpu/simd.hpp.
// Everything is inlined always and lives in the instruction set's own namespace, so that no copy leaks to other
// machines.
#pragma once
#include <cstdint>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef STRATA_ISA
#define STRATA_ISA baseline
#endif

#include "strata/core/host_device.hpp"

namespace strata::simd {
inline namespace STRATA_ISA {

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
inline constexpr int width_bytes = 64;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int width_bytes = 32;
#else
inline constexpr int width_bytes = 16;
#endif

#if defined(__FMA__) || defined(__aarch64__)
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;
#endif

namespace native {

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(width_bytes)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(width_bytes)));
};
template <>
struct VectorOf<int32_t> {
  typedef int32_t type __attribute__((vector_size(width_bytes)));
};
template <>
struct VectorOf<int64_t> {
  typedef int64_t type __attribute__((vector_size(width_bytes)));
};
template <>
struct VectorOf<uint32_t> {
  typedef uint32_t type __attribute__((vector_size(width_bytes)));
};
template <>
struct VectorOf<uint64_t> {
  typedef uint64_t type __attribute__((vector_size(width_bytes)));
};

using F32 = VectorOf<float>::type;
using F64 = VectorOf<double>::type;
using I32 = VectorOf<int32_t>::type;
using I64 = VectorOf<int64_t>::type;
using U32 = VectorOf<uint32_t>::type;
using U64 = VectorOf<uint64_t>::type;

/// One byte a lane, beside a register of Lanes lanes.
template <int Lanes>
struct BytesOf;
template <>
struct BytesOf<2> {
  typedef int8_t type __attribute__((vector_size(2)));
};
template <>
struct BytesOf<4> {
  typedef int8_t type __attribute__((vector_size(4)));
};
template <>
struct BytesOf<8> {
  typedef int8_t type __attribute__((vector_size(8)));
};
template <>
struct BytesOf<16> {
  typedef int8_t type __attribute__((vector_size(16)));
};

enum class Order { lt, le, eq, ne };

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)

// The masked forms with every lane chosen compile to the plain instructions; the plain forms make g++ 12 warn of its
// own headers.
inline constexpr __mmask16 every16 = 0xffff;
inline constexpr __mmask8 every8 = 0xff;

STRATA_HD F32 sqrt(F32 a) { return (F32)_mm512_maskz_sqrt_ps(every16, (__m512)a); }
STRATA_HD F64 sqrt(F64 a) { return (F64)_mm512_maskz_sqrt_pd(every8, (__m512d)a); }
STRATA_HD F32 fma(F32 a, F32 b, F32 c) { return (F32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
STRATA_HD F64 fma(F64 a, F64 b, F64 c) { return (F64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
STRATA_HD F32 min(F32 a, F32 b) { return (F32)_mm512_maskz_min_ps(every16, (__m512)a, (__m512)b); }
STRATA_HD F64 min(F64 a, F64 b) { return (F64)_mm512_maskz_min_pd(every8, (__m512d)a, (__m512d)b); }
STRATA_HD F32 max(F32 a, F32 b) { return (F32)_mm512_maskz_max_ps(every16, (__m512)a, (__m512)b); }
STRATA_HD F64 max(F64 a, F64 b) { return (F64)_mm512_maskz_max_pd(every8, (__m512d)a, (__m512d)b); }

/// 0 nearest even, 1 down, 2 up, 3 to zero.
template <int Mode>
STRATA_HD F32 round(F32 a) {
  return (F32)_mm512_maskz_roundscale_ps(every16, (__m512)a, Mode | _MM_FROUND_NO_EXC);
}
template <int Mode>
STRATA_HD F64 round(F64 a) {
  return (F64)_mm512_maskz_roundscale_pd(every8, (__m512d)a, Mode | _MM_FROUND_NO_EXC);
}

template <int LaneBytes>
struct MaskBits {
  using type = std::conditional_t<LaneBytes == 4, __mmask16, __mmask8>;
};

template <Order O>
inline constexpr int float_predicate = O == Order::lt   ? _CMP_LT_OQ
                                       : O == Order::le ? _CMP_LE_OQ
                                       : O == Order::eq ? _CMP_EQ_OQ
                                                        : _CMP_NEQ_UQ;
template <Order O>
inline constexpr auto int_predicate = O == Order::lt   ? _MM_CMPINT_LT
                                      : O == Order::le ? _MM_CMPINT_LE
                                      : O == Order::eq ? _MM_CMPINT_EQ
                                                       : _MM_CMPINT_NE;

template <Order O>
STRATA_HD __mmask16 compare(F32 a, F32 b) {
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, float_predicate<O>);
}
template <Order O>
STRATA_HD __mmask8 compare(F64 a, F64 b) {
  return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, float_predicate<O>);
}
template <Order O>
STRATA_HD __mmask16 compare(I32 a, I32 b) {
  return _mm512_cmp_epi32_mask((__m512i)a, (__m512i)b, int_predicate<O>);
}
template <Order O>
STRATA_HD __mmask16 compare(U32 a, U32 b) {
  return _mm512_cmp_epu32_mask((__m512i)a, (__m512i)b, int_predicate<O>);
}
template <Order O>
STRATA_HD __mmask8 compare(I64 a, I64 b) {
  return _mm512_cmp_epi64_mask((__m512i)a, (__m512i)b, int_predicate<O>);
}
template <Order O>
STRATA_HD __mmask8 compare(U64 a, U64 b) {
  return _mm512_cmp_epu64_mask((__m512i)a, (__m512i)b, int_predicate<O>);
}

template <class V>
STRATA_HD V select(__mmask16 m, V a, V b) {
  return (V)_mm512_mask_blend_epi32(m, (__m512i)b, (__m512i)a);
}
STRATA_HD F32 select(__mmask16 m, F32 a, F32 b) { return (F32)_mm512_mask_blend_ps(m, (__m512)b, (__m512)a); }
template <class V>
STRATA_HD V select(__mmask8 m, V a, V b) {
  return (V)_mm512_mask_blend_epi64(m, (__m512i)b, (__m512i)a);
}
STRATA_HD F64 select(__mmask8 m, F64 a, F64 b) { return (F64)_mm512_mask_blend_pd(m, (__m512d)b, (__m512d)a); }

template <class B, class V>
STRATA_HD V select_top_bit(B bits, V a, V b) {
  if constexpr (sizeof(bits[0]) == 4) {
    return select(_mm512_movepi32_mask((__m512i)bits), a, b);
  } else {
    return select(_mm512_movepi64_mask((__m512i)bits), a, b);
  }
}

STRATA_HD bool any(__mmask16 m) { return m != 0; }
STRATA_HD bool any(__mmask8 m) { return m != 0; }
STRATA_HD bool all(__mmask16 m) { return m == 0xffff; }
STRATA_HD bool all(__mmask8 m) { return m == 0xff; }
STRATA_HD __mmask16 negate(__mmask16 m) { return static_cast<__mmask16>(~m); }
STRATA_HD __mmask8 negate(__mmask8 m) { return static_cast<__mmask8>(~m); }
STRATA_HD I32 to_lanes(__mmask16 m) { return (I32)_mm512_movm_epi32(m); }
STRATA_HD I64 to_lanes(__mmask8 m) { return (I64)_mm512_movm_epi64(m); }
STRATA_HD __mmask16 from_lanes(I32 v) { return _mm512_movepi32_mask((__m512i)v); }
STRATA_HD __mmask8 from_lanes(I64 v) { return _mm512_movepi64_mask((__m512i)v); }

/// The first n lanes of memory, zeros after them; touches nothing beyond.
template <class V, class T>
STRATA_HD V load_n(const T* p, int n) {
  if constexpr (sizeof(T) == 4) {
    return (V)_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), p);
  } else {
    return (V)_mm512_maskz_loadu_epi64(static_cast<__mmask8>((1u << n) - 1), p);
  }
}
template <class V, class T>
STRATA_HD void store_n(T* p, V v, int n) {
  if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << n) - 1), (__m512i)v);
  } else {
    _mm512_mask_storeu_epi64(p, static_cast<__mmask8>((1u << n) - 1), (__m512i)v);
  }
}

#else  // masks are vectors of 0 and -1

template <int LaneBytes>
struct MaskBits {
  using type = typename VectorOf<std::conditional_t<LaneBytes == 4, int32_t, int64_t> >::type;
};
template <class V>
using BitsOf = typename MaskBits<sizeof(V{}[0])>::type;

template <Order O, class V>
STRATA_HD BitsOf<V> compare(V a, V b) {
  if constexpr (O == Order::lt) return (BitsOf<V>)(a < b);
  if constexpr (O == Order::le) return (BitsOf<V>)(a <= b);
  if constexpr (O == Order::eq) return (BitsOf<V>)(a == b);
  if constexpr (O == Order::ne) return (BitsOf<V>)(a != b);
}
template <class M>
STRATA_HD M negate(M m) {
  return ~m;
}
template <class M>
STRATA_HD M to_lanes(M m) {
  return m;
}
template <class M>
STRATA_HD M from_lanes(M v) {
  return v < 0;
}

#if defined(__AVX2__) && defined(__FMA__)

STRATA_HD F32 sqrt(F32 a) { return (F32)_mm256_sqrt_ps((__m256)a); }
STRATA_HD F64 sqrt(F64 a) { return (F64)_mm256_sqrt_pd((__m256d)a); }
STRATA_HD F32 fma(F32 a, F32 b, F32 c) { return (F32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
STRATA_HD F64 fma(F64 a, F64 b, F64 c) { return (F64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
STRATA_HD F32 min(F32 a, F32 b) { return (F32)_mm256_min_ps((__m256)a, (__m256)b); }
STRATA_HD F64 min(F64 a, F64 b) { return (F64)_mm256_min_pd((__m256d)a, (__m256d)b); }
STRATA_HD F32 max(F32 a, F32 b) { return (F32)_mm256_max_ps((__m256)a, (__m256)b); }
STRATA_HD F64 max(F64 a, F64 b) { return (F64)_mm256_max_pd((__m256d)a, (__m256d)b); }
template <int Mode>
STRATA_HD F32 round(F32 a) {
  return (F32)_mm256_round_ps((__m256)a, Mode | _MM_FROUND_NO_EXC);
}
template <int Mode>
STRATA_HD F64 round(F64 a) {
  return (F64)_mm256_round_pd((__m256d)a, Mode | _MM_FROUND_NO_EXC);
}
template <class V>
STRATA_HD V select(BitsOf<V> m, V a, V b) {
  if constexpr (sizeof(V{}[0]) == 4) {
    return (V)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)m);
  } else {
    return (V)_mm256_blendv_pd((__m256d)b, (__m256d)a, (__m256d)m);
  }
}
template <class B, class V>
STRATA_HD V select_top_bit(B bits, V a, V b) {
  return select((BitsOf<V>)bits, a, b);  // blends look at the top bit only
}
STRATA_HD bool any(I32 m) { return _mm256_movemask_ps((__m256)m) != 0; }
STRATA_HD bool any(I64 m) { return _mm256_movemask_pd((__m256d)m) != 0; }
STRATA_HD bool all(I32 m) { return _mm256_movemask_ps((__m256)m) == 0xff; }
STRATA_HD bool all(I64 m) { return _mm256_movemask_pd((__m256d)m) == 0xf; }

template <class T>
STRATA_HD __m256i first_lanes(int n) {
  if constexpr (sizeof(T) == 4) {
    return (__m256i)((I32)_mm256_set1_epi32(n) > (I32)_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  } else {
    return (__m256i)((I64)_mm256_set1_epi64x(n) > (I64)_mm256_setr_epi64x(0, 1, 2, 3));
  }
}
/// The first n lanes of memory, zeros after them; touches nothing beyond.
template <class V, class T>
STRATA_HD V load_n(const T* p, int n) {
  if constexpr (sizeof(T) == 4) {
    return (V)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), first_lanes<T>(n));
  } else {
    return (V)_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), first_lanes<T>(n));
  }
}
template <class V, class T>
STRATA_HD void store_n(T* p, V v, int n) {
  if constexpr (sizeof(T) == 4) {
    _mm256_maskstore_epi32(reinterpret_cast<int*>(p), first_lanes<T>(n), (__m256i)v);
  } else {
    _mm256_maskstore_epi64(reinterpret_cast<long long*>(p), first_lanes<T>(n), (__m256i)v);
  }
}

#else  // 16 bytes: SSE2, or any other machine through the compiler's vectors

template <class V>
STRATA_HD V select(BitsOf<V> m, V a, V b) {
  return (V)((m & (BitsOf<V>)a) | (~m & (BitsOf<V>)b));
}
template <class B, class V>
STRATA_HD V select_top_bit(B bits, V a, V b) {
  return select((BitsOf<V>)(bits >> static_cast<int>(8 * sizeof(bits[0]) - 1)), a, b);
}
template <class V>
STRATA_HD V fma(V a, V b, V c) {
  return a * b + c;
}

#if defined(__x86_64__)
STRATA_HD F32 sqrt(F32 a) { return (F32)_mm_sqrt_ps((__m128)a); }
STRATA_HD F64 sqrt(F64 a) { return (F64)_mm_sqrt_pd((__m128d)a); }
STRATA_HD F32 min(F32 a, F32 b) { return (F32)_mm_min_ps((__m128)a, (__m128)b); }
STRATA_HD F64 min(F64 a, F64 b) { return (F64)_mm_min_pd((__m128d)a, (__m128d)b); }
STRATA_HD F32 max(F32 a, F32 b) { return (F32)_mm_max_ps((__m128)a, (__m128)b); }
STRATA_HD F64 max(F64 a, F64 b) { return (F64)_mm_max_pd((__m128d)a, (__m128d)b); }
STRATA_HD bool any(I32 m) { return _mm_movemask_ps((__m128)m) != 0; }
STRATA_HD bool any(I64 m) { return _mm_movemask_pd((__m128d)m) != 0; }
STRATA_HD bool all(I32 m) { return _mm_movemask_ps((__m128)m) == 0xf; }
STRATA_HD bool all(I64 m) { return _mm_movemask_pd((__m128d)m) == 0x3; }
#else
STRATA_HD F32 sqrt(F32 a) {
  for (int i = 0; i < 4; ++i) a[i] = __builtin_sqrtf(a[i]);
  return a;
}
STRATA_HD F64 sqrt(F64 a) {
  for (int i = 0; i < 2; ++i) a[i] = __builtin_sqrt(a[i]);
  return a;
}
template <class V>
STRATA_HD V min(V a, V b) {
  return select((BitsOf<V>)(a < b), a, b);
}
template <class V>
STRATA_HD V max(V a, V b) {
  return select((BitsOf<V>)(a > b), a, b);
}
STRATA_HD bool any(I32 m) { return (m[0] | m[1] | m[2] | m[3]) != 0; }
STRATA_HD bool any(I64 m) { return (m[0] | m[1]) != 0; }
STRATA_HD bool all(I32 m) { return (m[0] & m[1] & m[2] & m[3]) != 0; }
STRATA_HD bool all(I64 m) { return (m[0] & m[1]) != 0; }
#endif

/// Adding and taking away 2^23 (2^52) leaves the nearest integer, ties to even; the sign bit is kept for zeros.
template <int Mode, class V>
STRATA_HD V round(V a) {
  using B = BitsOf<V>;
  constexpr bool single = sizeof(a[0]) == 4;
  using Lane = std::conditional_t<single, float, double>;
  constexpr Lane big = single ? Lane(8388608) : Lane(4503599627370496);
  const B sign = (B)a & (B)(Lane(-0.0) - V{});
  const V size = (V)((B)a & ~(B)(Lane(-0.0) - V{}));
  V r = (size + big) - big;
  if constexpr (Mode == 3) {
    r = r - (V)((B)(r > size) & (B)(Lane(1) - V{}));
  }
  r = (V)((B)r | sign);
  if constexpr (Mode == 1) r = r - (V)((B)(r > a) & (B)(Lane(1) - V{}));
  if constexpr (Mode == 2) r = (V)((B)(r + (V)((B)(r < a) & (B)(Lane(1) - V{}))) | sign);
  return select((B)(size < big), r, a);
}

template <class V, class T>
STRATA_HD V load_n(const T* p, int n) {
  V v = {};
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
template <class V, class T>
STRATA_HD void store_n(T* p, V v, int n) {
  for (int i = 0; i < n; ++i) p[i] = v[i];
}

#endif
#endif

}  // namespace native
}  // namespace STRATA_ISA
}  // namespace strata::simd
