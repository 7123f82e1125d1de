// The inner product of two runs of elements, for one instruction set. Called by ops/cpu/factored.cpp.
// Adds up in eight registers over pieces of 4096 elements, the pieces in double.
#include "strata/ops/cpu/factored.hpp"
#include "strata/ops/cpu/simd.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

template <class T>
double piece(const T* x, const T* y, std::int64_t n) {
  using V = simd::Vec<T>;
  constexpr int size = V::size, unroll = 8;
  V s[unroll];
  for (int k = 0; k < unroll; ++k) s[k] = V(T(0));
  std::int64_t i = 0;
  for (; i + unroll * size <= n; i += unroll * size) {
    for (int k = 0; k < unroll; ++k) s[k] = s[k] + V::load(x + i + k * size) * V::load(y + i + k * size);
  }
  for (; i + size <= n; i += size) s[0] = s[0] + V::load(x + i) * V::load(y + i);
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    s[0] = s[0] + V::load_n(x + i, rest, T(0)) * V::load_n(y + i, rest, T(0));
  }
  for (int half = unroll / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) s[k] = s[k] + s[k + half];
  }
  double sum = 0;
  for (int k = 0; k < size; ++k) sum += static_cast<double>(s[0][k]);
  return sum;
}

template <class T>
double dot(const T* x, const T* y, std::int64_t n) {
  constexpr std::int64_t length = 4096;
  double sum = 0;
  for (std::int64_t i = 0; i < n; i += length) sum += piece(x + i, y + i, n - i < length ? n - i : length);
  return sum;
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const DotKernels DotSet<Isa::STRATA_ISA>::table = {&kernel::dot<float>, &kernel::dot<double>};
}  // namespace strata
