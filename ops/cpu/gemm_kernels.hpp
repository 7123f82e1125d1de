// Our own kernels for products of matrices, one table per instruction set: small and thin products straight from where
// the operands lie, larger ones by packed blocks, and the loops of integers. Chosen among by ops/cpu/gemm.cpp alone.
#pragma once
#include <cstdint>

#include "strata/core/cpu_isa.hpp"

namespace strata {

/// C[m, n] = A[m, k] B[k, n], or C += A B; C's columns are adjacent.
template <class T>
struct GemmArgs {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_col;
  const T* b;
  std::int64_t b_row, b_col;
  T* c;
  std::int64_t c_row;
  bool accumulate;
};

template <class T>
using GemmKernel = void (*)(const GemmArgs<T>&);

template <class T>
struct FloatGemmKernels {
  GemmKernel<T> rows;         // b_col is 1: rows of B, streamed
  GemmKernel<T> past_caches;  // b_col is 1, all of C is whole aligned vectors, no sum: rows, written to memory at once
  GemmKernel<T> transposed;   // any strides: B is packed, block by block, on the stack
  GemmKernel<T> dots;         // a_col and b_row are 1: inner products along adjacent memory, for few rows or columns
  GemmKernel<T> thin;         // a_col is 1, n at most thin_columns, any B
  void (*packed)(const GemmArgs<T>&, T* scratch);  // any strides: both operands in packed blocks
};

inline constexpr std::int64_t thin_columns = 6;
/// Elements that `packed` wants as scratch.
inline constexpr std::int64_t gemm_scratch = 768 * 1024;

struct GemmKernels {
  FloatGemmKernels<float> f32;
  FloatGemmKernels<double> f64;
  GemmKernel<std::uint8_t> u8;  // signed integers as unsigned ones: both wrap
  GemmKernel<std::uint16_t> u16;
  GemmKernel<std::uint32_t> u32;
  GemmKernel<std::uint64_t> u64;
  GemmKernel<bool> boolean;
};

template <Isa I>
struct GemmKernelSet {
  static const GemmKernels table;
};
template <>
const GemmKernels GemmKernelSet<Isa::baseline>::table;
template <>
const GemmKernels GemmKernelSet<Isa::avx2>::table;
template <>
const GemmKernels GemmKernelSet<Isa::avx512>::table;

}  // namespace strata
