// The seam of matrix products on the CPU: one product, or many that differ by strides. Called by ops/cpu/contraction
// and the convolution and linear algebra kernels. Half types are not known here: callers convert them to float32.
// What is computed never depends on the number of threads: the cuts follow from the sizes alone.
#pragma once
#include <cstdint>
#include <span>

#include "strata/core/dtype.hpp"

namespace strata {

/// C[m, n] = A[m, k] B[k, n], or C += A B. Strides in elements; C's columns are adjacent. For float32 and float64 one
/// stride of A is 1 and the other at least the extent, so that BLAS can read it (`blas_readable`); B likewise.
/// Integers wrap around; bool is "or of ands".
struct Gemm {
  Dtype dtype;
  std::int64_t m, n, k;
  std::int64_t a_row, a_col, b_row, b_col, c_row;
  bool accumulate = false;
  bool past_caches = false;  // set by `gemm`: C is too large to be found in a cache again
};

/// One axis along which a product is repeated; a stride of 0 shares the operand.
struct GemmLoop {
  std::int64_t size, a, b, c;
};

/// Whether BLAS takes a [rows, cols] matrix with these strides as it lies.
bool blas_readable(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col);

/// All products of the loops (one when there are none), over the thread pool.
void gemm(const Gemm& g, const void* a, const void* b, void* c, std::span<const GemmLoop> loops = {});

}  // namespace strata
