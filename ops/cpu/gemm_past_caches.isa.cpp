// The kernel of gemm_kernels.hpp whose result goes to memory without being fetched into a cache first. In the table of
// gemm.isa.cpp.
#include "strata/ops/cpu/gemm_kernels.hpp"
#include "strata/ops/cpu/simd.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {
namespace {

using simd::Vec;
using Int = std::int64_t;

/// Stores an aligned vector without fetching its cache line first, where the machine can.
template <class T>
STRATA_HD void store_past_caches(T* p, Vec<T> x) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), (__m512i)x.v);
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), (__m256i)x.v);
#elif defined(__x86_64__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), (__m128i)x.v);
#else
  x.store(p);
#endif
}

}  // namespace

/// Few rows of B; the same sums as those of `rows`.
template <class T>
void past_caches(const GemmArgs<T>& g) {
  using V = Vec<T>;
  for (Int i = 0; i < g.m; ++i) {
    for (Int j = 0; j < g.n; j += V::size) {
      V sum(T(0));
      for (Int l = 0; l < g.k; ++l) sum = fma(V(g.a[i * g.a_row + l * g.a_col]), V::load(g.b + l * g.b_row + j), sum);
      store_past_caches(g.c + i * g.c_row + j, sum);
    }
  }
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

template void past_caches(const GemmArgs<float>&);
template void past_caches(const GemmArgs<double>&);

}  // namespace STRATA_ISA
}  // namespace strata::kernel
