// Products of matrices of floats, on raw memory of a GPU: cuBLASLt's (blas.cu), or in the tests' double of a GPU plain
// loops. Called by ops/cuda/products.cu.
#pragma once
#include "strata/ops/cuda/products.hpp"

namespace strata::gpu {

inline constexpr std::int64_t most_batch = 32768;  ///< of one call; cuBLASLt may refuse more than 65535

/// float32 (with tf32: multiplied in TF32), float64; half types accumulate in float32. Batches up to most_batch.
Error blas_gemm(int device, const GemmCall& call);

}  // namespace strata::gpu
