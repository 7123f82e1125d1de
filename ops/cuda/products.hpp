// Matrix products and convolutions on a GPU, as plain calls. Asked for by ops/cuda/contraction.cpp and
// ops/cuda/conv.cpp; run by ops/cuda/products.cu, for floats through NVIDIA's libraries (ops/cuda/libraries).
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// C[m, n] = A[m, k] B[k, n], or C += A B, `batch` times. Strides in elements; C's columns are adjacent. For floats A
/// and B have a `matrix_layout`. Integers wrap around; bool is "or of ands".
struct GemmCall {
  Dtype dtype;
  bool accumulate = false, tf32 = false;
  std::int64_t m = 1, n = 1, k = 1, batch = 1;
  const void *a = nullptr, *b = nullptr;
  void* c = nullptr;
  std::int64_t a_row = 0, a_col = 0, b_row = 0, b_col = 0, c_row = 0;
  std::int64_t a_batch = 0, b_batch = 0, c_batch = 0;
};

/// Items `first` to `first + count` of the batch.
inline GemmCall part_of_batch(GemmCall g, std::int64_t first, std::int64_t count) {
  const std::int64_t bytes = first * itemsize(g.dtype);
  g.a = static_cast<const unsigned char*>(g.a) + g.a_batch * bytes;
  g.b = static_cast<const unsigned char*>(g.b) + g.b_batch * bytes;
  g.c = static_cast<unsigned char*>(g.c) + g.c_batch * bytes;
  g.batch = count;
  return g;
}

/// A matrix as libraries of products read it: row after row, `ld` elements apart; `turned`: column after column. ld is
/// 0 when they cannot.
struct MatrixLayout {
  bool turned;
  std::int64_t ld;
};
inline MatrixLayout matrix_layout(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col) {
  if ((col == 1 || cols == 1) && (row >= cols || rows == 1)) return {false, row > cols ? row : cols};
  if ((row == 1 || rows == 1) && (col >= rows || cols == 1)) return {true, col > rows ? col : rows};
  return {false, 0};
}

enum class ConvWanted : std::uint8_t { result, image, kernel };

/// One of the three tensors of a convolution from the other two: ConvGeometry (ops/conv.hpp) with three spatial axes,
/// the used ones last. The axes of x: examples, channels, spatial; of w: channels of y, channels of x (of one group),
/// spatial.
struct ConvCall {
  struct Memory {
    void* data;
    std::int64_t strides[5];
  };
  ConvWanted wanted;
  Dtype dtype;
  bool tf32, channels_last;
  std::int64_t n, groups, c, o;  // c and o of one group
  std::int64_t x_size[3], w_size[3], y_size[3], stride[3], low[3], x_dilation[3], w_dilation[3];
  Memory x, w, y;
};

struct ProductLibrary {
  Error (*gemm)(int device, const GemmCall& call);
  /// `native`: by the library of convolutions; its tensors are then row-major, or all with their channels last.
  Error (*convolve)(int device, const ConvCall& call, bool native);
};
extern const ProductLibrary products_library;

}  // namespace strata::gpu
