// Products of matrices of floats, on raw memory of a GPU: cuBLASLt's (blas.cu), or in the tests' double of a GPU plain
// loops. Called by ops/cuda/products.cu.
#pragma once
#include "strata/ops/cuda/products.hpp"

namespace strata::gpu {

/// float32 (with tf32: multiplied in TF32), float64; half types accumulate in float32.
Error blas_gemm(int device, const GemmCall& call);

}  // namespace strata::gpu
