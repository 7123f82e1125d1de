// cuBLAS called directly, to time beside matmul. Called by bench/gpu.cpp; gpu_direct.cu is built where CUDA is.
#pragma once

namespace bench {

enum class Arithmetic { float32, tf32, bfloat16 };

/// Begins C = A B of row-major n x n matrices on a stream of its own; bfloat16 accumulates in float32. Null, or what
/// went wrong.
const char* direct_product(const void* a, const void* b, void* c, int n, Arithmetic arithmetic);

}  // namespace bench
