// cuSOLVER's and cuBLAS's routines by element type, and each thread's handles for them. Included by solver.cu alone.
#pragma once
#include <cublas_v2.h>
#include <cusolverDn.h>

#include "strata/ops/cuda/libraries/handles.hpp"
#include "strata/ops/cuda/library.hpp"
#include "strata/ops/cuda/runtime.hpp"

namespace strata::gpu {

inline Error said(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? nullptr : text("cuBLAS: ", cublasGetStatusString(status));
}
inline Error said(cusolverStatus_t status) {
  switch (status) {
    case CUSOLVER_STATUS_SUCCESS:
      return nullptr;
    case CUSOLVER_STATUS_NOT_INITIALIZED:
      return text("cuSOLVER: ", "could not start");
    case CUSOLVER_STATUS_ALLOC_FAILED:
      return text("cuSOLVER: ", "found no memory");
    case CUSOLVER_STATUS_INVALID_VALUE:
      return text("cuSOLVER: ", "was given a value it does not take");
    default:
      return text("cuSOLVER: ", "failed");
  }
}

template <class T>
struct Routines;
template <>
struct Routines<float> {
  static constexpr auto potrf_size = &cusolverDnSpotrf_bufferSize;
  static constexpr auto potrf = &cusolverDnSpotrf;
  static constexpr auto potrf_batched = &cusolverDnSpotrfBatched;
  static constexpr auto getrf_size = &cusolverDnSgetrf_bufferSize;
  static constexpr auto getrf = &cusolverDnSgetrf;
  static constexpr auto getrf_batched = &cublasSgetrfBatched;
  static constexpr auto getrs = &cusolverDnSgetrs;
  static constexpr auto getrs_batched = &cublasSgetrsBatched;
  static constexpr auto trsm = &cublasStrsm;
  static constexpr auto trsm_batched = &cublasStrsmBatched;
  static constexpr auto syevd_size = &cusolverDnSsyevd_bufferSize;
  static constexpr auto syevd = &cusolverDnSsyevd;
  static constexpr auto gesvdj_size = &cusolverDnSgesvdj_bufferSize;
  static constexpr auto gesvdj = &cusolverDnSgesvdj;
  static constexpr auto geqrf_size = &cusolverDnSgeqrf_bufferSize;
  static constexpr auto geqrf = &cusolverDnSgeqrf;
  static constexpr auto orgqr_size = &cusolverDnSorgqr_bufferSize;
  static constexpr auto orgqr = &cusolverDnSorgqr;
};
template <>
struct Routines<double> {
  static constexpr auto potrf_size = &cusolverDnDpotrf_bufferSize;
  static constexpr auto potrf = &cusolverDnDpotrf;
  static constexpr auto potrf_batched = &cusolverDnDpotrfBatched;
  static constexpr auto getrf_size = &cusolverDnDgetrf_bufferSize;
  static constexpr auto getrf = &cusolverDnDgetrf;
  static constexpr auto getrf_batched = &cublasDgetrfBatched;
  static constexpr auto getrs = &cusolverDnDgetrs;
  static constexpr auto getrs_batched = &cublasDgetrsBatched;
  static constexpr auto trsm = &cublasDtrsm;
  static constexpr auto trsm_batched = &cublasDtrsmBatched;
  static constexpr auto syevd_size = &cusolverDnDsyevd_bufferSize;
  static constexpr auto syevd = &cusolverDnDsyevd;
  static constexpr auto gesvdj_size = &cusolverDnDgesvdj_bufferSize;
  static constexpr auto gesvdj = &cusolverDnDgesvdj;
  static constexpr auto geqrf_size = &cusolverDnDgeqrf_bufferSize;
  static constexpr auto geqrf = &cusolverDnDgeqrf;
  static constexpr auto orgqr_size = &cusolverDnDorgqr_bufferSize;
  static constexpr auto orgqr = &cusolverDnDorgqr;
};

/// Handles on a device.
struct SolverHandles {
  cusolverDnHandle_t solver = nullptr;
  cublasHandle_t blas = nullptr;
  gesvdjInfo_t jacobi = nullptr;  // what its method is to do: cuSOLVER's defaults

  Error make() {
    Error error = solver ? nullptr : said(cusolverDnCreate(&solver));
    if (!error && !blas) error = said(cublasCreate(&blas));
    if (!error && !jacobi) error = said(cusolverDnCreateGesvdjInfo(&jacobi));
    return error;
  }
};

/// This thread's, on its stream.
struct Solvers : SolverHandles {
  Error error = nullptr;

  explicit Solvers(int device) {
    const cudaStream_t on_stream = stream_on(device, error);
    if (error) return;
    thread_local ThreadHandles<SolverHandles> handles;
    static_cast<SolverHandles&>(*this) =
        handles.on(device, stream(), error, [](SolverHandles& mine) { return mine.make(); });
    if (!error) error = said(cusolverDnSetStream(solver, on_stream));
    if (!error) error = said(cublasSetStream(blas, on_stream));
  }
};

}  // namespace strata::gpu
