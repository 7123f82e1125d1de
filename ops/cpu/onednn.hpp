// oneDNN, seen from our kernels: the only place that knows it is there (versions 2.6 and 3.x serve alike).
// Called by ops/cpu/gemm.cpp and ops/cpu/conv.cpp. Every call runs on the calling thread alone: our pool shards the
// work, and oneDNN's OpenMP threads never start.
#pragma once
#include <array>
#include <cstdint>

namespace strata::onednn {

/// C = A B, or C += A B with `accumulate`; A is [m, k] and B is [k, n] after the transposes, all row-major with the
/// given row lengths.
void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
           std::int64_t lda, const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool accumulate);

/// Which of the three tensors of a convolution is computed from the other two.
enum class ConvWanted : std::uint8_t { result, image, kernel };

/// A convolution of float32 without zeros between the image's elements. Sizes and strides (in elements): examples,
/// channels, then `rank` spatial axes; w's channels are [groups * o, c].
struct ConvTask {
  using Sizes = std::array<std::int64_t, 3>;
  using Strides = std::array<std::int64_t, 5>;
  ConvWanted wanted;
  int rank;
  std::int64_t n, groups, c, o;  // c and o of one group
  Sizes x, w, y, stride, low, w_dilation;
  Strides x_strides, w_strides, y_strides;
};

/// Computes the wanted tensor; the other two are read. False, and nothing done, when oneDNN has only its reference or
/// its patches for this task: ours are faster.
bool convolve(const ConvTask& task, float* x, float* w, float* y);

}  // namespace strata::onednn
