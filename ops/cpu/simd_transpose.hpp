// Transposing squares of as many rows as a register has lanes, in registers. Called by kernels that pack operands
// (ops/cpu/gemm.isa.cpp). Everything is inlined always and lives in namespace STRATA_ISA, as all of simd.hpp.
#pragma once
#include "strata/ops/cpu/simd.hpp"

namespace strata::simd {
inline namespace STRATA_ISA {
namespace detail {

template <int... lane>
struct Lanes {};
template <int n, int... lane>
struct CountLanes : CountLanes<n - 1, n - 1, lane...> {};
template <int... lane>
struct CountLanes<0, lane...> {
  using type = Lanes<lane...>;
};

/// a0 b0 a1 b1 ...: of the first halves of a and b, or of the second.
template <bool second, class T, int... lane>
STRATA_HD Vec<T> interleave(Vec<T> a, Vec<T> b, Lanes<lane...>) {
  constexpr int half = Vec<T>::size / 2;
  return Vec<T>((typename Vec<T>::Native)__builtin_shufflevector(
      a.v, b.v, (lane / 2 + (second ? half : 0) + (lane % 2) * 2 * half)...));
}

}  // namespace detail

/// to[j][i] = from[i][j] for a square of Vec<T>::size rows; strides in elements. Each round of interleaving moves one
/// bit of an element's row number to its lane number.
template <class T>
STRATA_HD void transpose_square(const T* from, int64_t from_row, T* to, int64_t to_row) {
  constexpr int n = Vec<T>::size;
  using Lanes = typename detail::CountLanes<n>::type;
  Vec<T> x[n], y[n];
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) x[i] = Vec<T>::load(from + i * from_row);
#pragma GCC unroll 4
  for (int round = 1; round < n; round *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < n / 2; ++i) {
      y[2 * i] = detail::interleave<false>(x[i], x[i + n / 2], Lanes());
      y[2 * i + 1] = detail::interleave<true>(x[i], x[i + n / 2], Lanes());
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) x[i] = y[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) x[i].store(to + i * to_row);
}

}  // namespace STRATA_ISA
}  // namespace strata::simd
