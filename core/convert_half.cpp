// See convert_half.hpp. The functions below carry their instruction set themselves, because core has no kernel files.
#include "strata/core/convert_half.hpp"

#include "strata/core/cpu_isa.hpp"

#if STRATA_X86_ISAS
#include <immintrin.h>
#endif

namespace strata {

#if STRATA_X86_ISAS
namespace {

__attribute__((target("avx2,f16c"))) void widen_bfloat16(const void* from, void* to, std::int64_t n) {
  const auto* f = static_cast<const __m128i*>(from);
  auto* t = static_cast<float*>(to);
  for (std::int64_t i = 0; i < n; i += 8) {
    const __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(f + i / 8));
    _mm256_storeu_ps(t + i, _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
  }
}

__attribute__((target("avx2,f16c"))) void narrow_bfloat16(const void* from, void* to, std::int64_t n) {
  const auto* f = static_cast<const float*>(from);
  auto* t = static_cast<__m128i*>(to);
  const __m256i half = _mm256_set1_epi32(0x7fff), one = _mm256_set1_epi32(1), quiet = _mm256_set1_epi32(0x40);
  for (std::int64_t i = 0; i < n; i += 8) {
    const __m256 x = _mm256_loadu_ps(f + i);
    const __m256i u = _mm256_castps_si256(x), top = _mm256_srli_epi32(u, 16);
    const __m256i rounded =
        _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(u, half), _mm256_and_si256(top, one)), 16);
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    const __m256i y = _mm256_blendv_epi8(rounded, _mm256_or_si256(top, quiet), nan);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(y, y), 0x08);
    _mm_storeu_si128(t + i / 8, _mm256_castsi256_si128(packed));
  }
}

__attribute__((target("avx2,f16c"))) void widen_float16(const void* from, void* to, std::int64_t n) {
  const auto* f = static_cast<const __m128i*>(from);
  auto* t = static_cast<float*>(to);
  for (std::int64_t i = 0; i < n; i += 8) _mm256_storeu_ps(t + i, _mm256_cvtph_ps(_mm_loadu_si128(f + i / 8)));
}

__attribute__((target("avx2,f16c"))) void narrow_float16(const void* from, void* to, std::int64_t n) {
  const auto* f = static_cast<const float*>(from);
  auto* t = static_cast<__m128i*>(to);
  for (std::int64_t i = 0; i < n; i += 8) {
    _mm_storeu_si128(t + i / 8, _mm256_cvtps_ph(_mm256_loadu_ps(f + i), _MM_FROUND_TO_NEAREST_INT));
  }
}

}  // namespace

std::int64_t convert_half_run(const void* from, Dtype from_dtype, void* to, Dtype to_dtype, std::int64_t n) {
  const std::int64_t whole = n / 8 * 8;
  const bool widens = to_dtype == Dtype::float32 && is_half(from_dtype);
  if ((!widens && !(from_dtype == Dtype::float32 && is_half(to_dtype))) || cpu_isa() == Isa::baseline) return 0;
  const Dtype half = widens ? from_dtype : to_dtype;
  const auto run = half == Dtype::bfloat16 ? (widens ? &widen_bfloat16 : &narrow_bfloat16)
                                           : (widens ? &widen_float16 : &narrow_float16);
  run(from, to, whole);
  return whole;
}
#else
std::int64_t convert_half_run(const void*, Dtype, void*, Dtype, std::int64_t) { return 0; }
#endif

}  // namespace strata
