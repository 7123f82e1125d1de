// Products of matrices by cuBLASLt. Its matrices go column after column, ours row after row: what it is asked for is
// C' = B' A', with the same memory. The algorithm that its heuristic names first is remembered for each shape
// (keys.hpp). Called by ops/cuda/products.cu, on the calling thread's stream.
#include "strata/ops/cuda/libraries/blas.hpp"

#include <cublasLt.h>

#include <mutex>

#include "strata/ops/cuda/libraries/keys.hpp"
#include "strata/ops/cuda/runtime.hpp"

namespace strata::gpu {
namespace {

constexpr std::size_t most_workspace = std::size_t{32} << 20;

Error said(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? nullptr : text("cuBLASLt: ", cublasGetStatusString(status));
}

/// A handle for each device, which threads may share.
cublasLtHandle_t handle_on(int device, Error& error) {
  static std::mutex mutex;
  static cublasLtHandle_t handles[max_devices] = {};
  const std::lock_guard lock(mutex);
  if (!handles[device]) error = said(cublasLtCreate(&handles[device]));
  return handles[device];
}

cudaDataType_t type_of(Dtype d) {
  switch (d) {
    case Dtype::float64:
      return CUDA_R_64F;
    case Dtype::bfloat16:
      return CUDA_R_16BF;
    case Dtype::float16:
      return CUDA_R_16F;
    default:
      return CUDA_R_32F;
  }
}

/// Descriptors of one call, freed with it. The first error of all calls that set them up is kept.
struct Descriptors {
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;

  explicit Descriptors(const GemmCall& g) {
    const bool wide = g.dtype == Dtype::float64;
    const cublasComputeType_t compute = wide                                  ? CUBLAS_COMPUTE_64F
                                        : g.tf32 && g.dtype == Dtype::float32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                              : CUBLAS_COMPUTE_32F;
    note(cublasLtMatmulDescCreate(&product, compute, wide ? CUDA_R_64F : CUDA_R_32F));
    const MatrixLayout in_a = matrix_layout(g.m, g.k, g.a_row, g.a_col),
                       in_b = matrix_layout(g.k, g.n, g.b_row, g.b_col);
    // Theirs is C'[n, m] = B'[n, k] A'[k, m]: our b is their first operand.
    set(CUBLASLT_MATMUL_DESC_TRANSA, in_b.turned ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, in_a.turned ? CUBLAS_OP_T : CUBLAS_OP_N);
    lay(&b, g, in_b.turned ? g.k : g.n, in_b.turned ? g.n : g.k, in_b.ld, g.b_batch);
    lay(&a, g, in_a.turned ? g.m : g.k, in_a.turned ? g.k : g.m, in_a.ld, g.a_batch);
    lay(&c, g, g.n, g.m, g.c_row, g.c_batch);
  }
  ~Descriptors() {
    if (preference) cublasLtMatmulPreferenceDestroy(preference);
    for (cublasLtMatrixLayout_t layout : {a, b, c}) {
      if (layout) cublasLtMatrixLayoutDestroy(layout);
    }
    if (product) cublasLtMatmulDescDestroy(product);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  void prefer(const GemmCall& g) {
    note(cublasLtMatmulPreferenceCreate(&preference));
    want(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most_workspace);
    if (itemsize(g.dtype) == 2)  // parts of a sum meet as floats too
      want(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
           static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, static_cast<std::uint32_t>(alignment_of(g.b)));
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, static_cast<std::uint32_t>(alignment_of(g.a)));
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, static_cast<std::uint32_t>(alignment_of(g.c)));
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, static_cast<std::uint32_t>(alignment_of(g.c)));
  }

 private:
  void note(cublasStatus_t s) {
    if (status == CUBLAS_STATUS_SUCCESS) status = s;
  }
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    if (status == CUBLAS_STATUS_SUCCESS) note(cublasLtMatmulDescSetAttribute(product, attribute, &value, sizeof value));
  }
  template <class T>
  void want(cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
    if (status == CUBLAS_STATUS_SUCCESS)
      note(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value));
  }
  void lay(cublasLtMatrixLayout_t* layout, const GemmCall& g, std::int64_t rows, std::int64_t cols, std::int64_t ld,
           std::int64_t batch_stride) {
    if (status != CUBLAS_STATUS_SUCCESS) return;
    note(cublasLtMatrixLayoutCreate(layout, type_of(g.dtype), static_cast<std::uint64_t>(rows),
                                    static_cast<std::uint64_t>(cols), ld));
    if (status != CUBLAS_STATUS_SUCCESS || g.batch == 1) return;
    const auto count = static_cast<std::int32_t>(g.batch);
    note(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
    note(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &batch_stride,
                                          sizeof batch_stride));
  }
};

struct Found {
  cublasLtMatmulAlgo_t algorithm;
  std::size_t workspace;
};

Error choose(cublasLtHandle_t handle, const GemmCall& g, Descriptors& d, Found& found) {
  d.prefer(g);
  if (d.status != CUBLAS_STATUS_SUCCESS) return said(d.status);
  cublasLtMatmulHeuristicResult_t result = {};
  int count = 0;
  if (const Error error =
          said(cublasLtMatmulAlgoGetHeuristic(handle, d.product, d.b, d.a, d.c, d.c, d.preference, 1, &result, &count)))
    return error;
  if (count == 0) return text("cuBLASLt: ", "has no algorithm for this product");
  found = {result.algo, result.workspaceSize};
  return nullptr;
}

ShapeCache<GemmKey, Found>& cache() {
  static auto* c = new ShapeCache<GemmKey, Found>;  // never destroyed: threads may outlive main
  return *c;
}

}  // namespace

Error blas_gemm(int device, const GemmCall& g) {
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  const cublasLtHandle_t handle = error ? nullptr : handle_on(device, error);
  if (error) return error;
  Descriptors d(g);
  if (d.status != CUBLAS_STATUS_SUCCESS) return said(d.status);
  Found found;
  const GemmKey key = key_of(device, g);
  if (!cache().find(key, found)) {
    error = choose(handle, g, d, found);
    if (error) return error;
    cache().keep(key, found);
  }
  const Scratch workspace(device, found.workspace);
  if (workspace.error()) return workspace.error();
  const double wide[] = {1, g.accumulate ? 1.0 : 0.0};
  const float narrow[] = {1, g.accumulate ? 1.0f : 0.0f};
  const bool is_wide = g.dtype == Dtype::float64;
  const void* alpha = is_wide ? static_cast<const void*>(&wide[0]) : &narrow[0];
  const void* beta = is_wide ? static_cast<const void*>(&wide[1]) : &narrow[1];
  return said(cublasLtMatmul(handle, d.product, alpha, g.b, d.b, g.a, d.a, beta, g.c, d.c, g.c, d.c, &found.algorithm,
                             workspace.get(), found.workspace, stream));
}

}  // namespace strata::gpu
