// threefry2x32 for one instruction set: a register holds one word of as many counters as it has lanes.
// Called through ThreefryKernels (ops/cpu/threefry.hpp).
#include "strata/ops/cpu/threefry.hpp"
#include "strata/ops/cpu/simd.hpp"
#include "strata/ops/random_formulas.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

using simd::Vec;
using U = Vec<uint32_t>;
using F = Vec<float>;

template <int N>
STRATA_HD U rotate(U x) {
#if defined(__AVX512F__)
  return U((U::Native)_mm512_maskz_rol_epi32(0xffff, (__m512i)x.v, N));
#else
  return (x << N) | (x >> (32 - N));
#endif
}

template <int A, int B, int C, int D>
STRATA_HD void four_rounds(U& x0, U& x1) {
  x0 += x1, x1 = rotate<A>(x1) ^ x0;
  x0 += x1, x1 = rotate<B>(x1) ^ x0;
  x0 += x1, x1 = rotate<C>(x1) ^ x0;
  x0 += x1, x1 = rotate<D>(x1) ^ x0;
}

/// The block cipher: 20 rounds, the key added before, between and after.
STRATA_HD void threefry(U k0, U k1, U& x0, U& x1) {
  const U k2 = k0 ^ k1 ^ U(0x1bd11bdau);
  x0 += k0, x1 += k1;
  four_rounds<13, 15, 26, 6>(x0, x1);
  x0 += k1, x1 += k2 + U(1);
  four_rounds<17, 29, 16, 24>(x0, x1);
  x0 += k2, x1 += k0 + U(2);
  four_rounds<13, 15, 26, 6>(x0, x1);
  x0 += k0, x1 += k1 + U(3);
  four_rounds<17, 29, 16, 24>(x0, x1);
  x0 += k1, x1 += k2 + U(4);
  four_rounds<13, 15, 26, 6>(x0, x1);
  x0 += k2, x1 += k0 + U(5);
}

STRATA_HD U counters(uint32_t lo) { return U(lo) + simd::bitcast<uint32_t>(U::index()); }

STRATA_HD int lanes_left(int64_t rest) { return rest < U::size ? static_cast<int>(rest) : U::size; }
template <class T>
STRATA_HD void put(Vec<T> v, T* y, int n) {
  n == Vec<T>::size ? v.store(y) : v.store_n(y, n);
}
template <class T>
STRATA_HD Vec<T> get(const T* y, int n) {
  return n == Vec<T>::size ? Vec<T>::load(y) : Vec<T>::load_n(y, n);
}

void bits(const uint32_t* key, uint32_t hi, uint32_t lo, int64_t n, uint32_t* y) {
  const U k0(key[0]), k1(key[1]);
  for (int64_t i = 0; i < n; i += U::size) {
    U x0(hi), x1 = counters(lo + static_cast<uint32_t>(i));
    threefry(k0, k1, x0, x1);
    put(x0 ^ x1, y + i, lanes_left(n - i));
  }
}

void pairs(const uint32_t* key, uint32_t hi, uint32_t lo, int64_t n, uint32_t* y) {
  const U k0(key[0]), k1(key[1]);
  for (int64_t i = 0; i < n; i += U::size) {
    U x0(hi), x1 = counters(lo + static_cast<uint32_t>(i));
    threefry(k0, k1, x0, x1);
    uint32_t word[2][U::size];
    x0.store(word[0]);
    x1.store(word[1]);
    const int lanes = lanes_left(n - i);
    for (int j = 0; j < lanes; ++j) {
      y[2 * (i + j)] = word[0][j];
      y[2 * (i + j) + 1] = word[1][j];
    }
  }
}

void each(const uint32_t* k0, const uint32_t* k1, uint32_t* c0, uint32_t* c1, int64_t n) {
  for (int64_t i = 0; i < n; i += U::size) {
    const int lanes = lanes_left(n - i);
    U x0 = get(c0 + i, lanes), x1 = get(c1 + i, lanes);
    threefry(get(k0 + i, lanes), get(k1 + i, lanes), x0, x1);
    put(x0, c0 + i, lanes);
    put(x1, c1 + i, lanes);
  }
}

void uniform(uint32_t* y, int64_t n, float low, float scale) {
  for (int64_t i = 0; i < n; i += U::size) {
    const int lanes = lanes_left(n - i);
    put(simd::as_bits(draws::uniform(get(y + i, lanes), F(low), F(scale))), y + i, lanes);
  }
}

void normal(uint32_t* y, int64_t n) {
  for (int64_t i = 0; i < n; i += U::size) {
    const int lanes = lanes_left(n - i);
    put(simd::as_bits(draws::normal<F>(get(y + i, lanes))), y + i, lanes);
  }
}

void below(const uint32_t* bits, int64_t n, float p, bool* y) {
  for (int64_t i = 0; i < n; i += U::size) {
    const int lanes = lanes_left(n - i);
    (draws::unit<F>(get(bits + i, lanes)) < F(p)).store_n(reinterpret_cast<uint8_t*>(y + i), lanes);
  }
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <Isa I>
const ThreefryKernels ThreefrySet<I>::table = {&kernel::bits,    &kernel::pairs,  &kernel::each,
                                               &kernel::uniform, &kernel::normal, &kernel::below};
template struct ThreefrySet<Isa::STRATA_ISA>;
}  // namespace strata
