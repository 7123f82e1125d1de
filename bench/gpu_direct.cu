// cuBLAS called directly, with what it chooses by itself. Its matrices go column after column, so C' = B' A' is asked
// for. Called by bench/gpu.cpp.
#include "strata/bench/gpu_direct.hpp"

#include <cublas_v2.h>

namespace bench {

const char* direct_product(const void* a, const void* b, void* c, int n, Arithmetic arithmetic) {
  static cublasHandle_t handle = nullptr;
  cublasStatus_t status = handle ? CUBLAS_STATUS_SUCCESS : cublasCreate(&handle);
  const float one = 1, zero = 0;
  const cudaDataType_t type = arithmetic == Arithmetic::bfloat16 ? CUDA_R_16BF : CUDA_R_32F;
  const cublasComputeType_t compute =
      arithmetic == Arithmetic::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  if (status == CUBLAS_STATUS_SUCCESS) {
    status = cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, b, type, n, a, type, n, &zero, c, type, n,
                          compute, CUBLAS_GEMM_DEFAULT);
  }
  return status == CUBLAS_STATUS_SUCCESS ? nullptr : cublasGetStatusString(status);
}

}  // namespace bench
