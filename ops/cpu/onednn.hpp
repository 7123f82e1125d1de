// oneDNN, seen from our kernels: the only place that knows it is there (versions 2.6 and 3.x serve alike).
// Called by ops/cpu/gemm.cpp and ops/cpu/conv.cpp. Every call runs on the calling thread alone: our pool shards the
// work, and oneDNN's OpenMP threads never start.
#pragma once
#include <cstdint>

namespace strata::onednn {

/// C = A B, or C += A B with `accumulate`; A is [m, k] and B is [k, n] after the transposes, all row-major with the
/// given row lengths.
void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
           std::int64_t lda, const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool accumulate);

}  // namespace strata::onednn
