// Chooses who multiplies: oneDNN for float32, OpenBLAS for float64, plain loops for the rest; cuts the work into
// chunks.
#include "strata/ops/cpu/gemm.hpp"

#include <cblas.h>

#include <algorithm>
#include <cstring>

#include "strata/core/memory.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/onednn.hpp"

namespace strata {
namespace {

/// A matrix as BLAS wants it: transposed or not, and its row length.
struct BlasOperand {
  bool transposed;
  std::int64_t ld;
  BlasOperand(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col)
      : transposed(!plain(rows, cols, row, col)), ld(transposed ? std::max(col, rows) : std::max(row, cols)) {
    if (transposed ? cols == 1 : rows == 1) ld = std::max<std::int64_t>(1, transposed ? rows : cols);
  }
  static bool plain(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col) {
    return (col == 1 || cols == 1) && (row >= cols || rows == 1);
  }
};

void multiply(const Gemm& g, const float* a, const float* b, float* c) {
  const BlasOperand ta(g.m, g.k, g.a_row, g.a_col), tb(g.k, g.n, g.b_row, g.b_col);
  onednn::sgemm(ta.transposed, tb.transposed, g.m, g.n, g.k, a, ta.ld, b, tb.ld, c, std::max(g.c_row, g.n),
                g.accumulate);
}

void multiply(const Gemm& g, const double* a, const double* b, double* c) {
  const BlasOperand ta(g.m, g.k, g.a_row, g.a_col), tb(g.k, g.n, g.b_row, g.b_col);
  static const bool one_thread = (openblas_set_num_threads(1), true);  // our pool shards
  (void)one_thread;
  const auto i = [](std::int64_t v) { return static_cast<blasint>(v); };
  cblas_dgemm(CblasRowMajor, ta.transposed ? CblasTrans : CblasNoTrans, tb.transposed ? CblasTrans : CblasNoTrans,
              i(g.m), i(g.n), i(g.k), 1, a, i(ta.ld), b, i(tb.ld), g.accumulate ? 1.0 : 0.0, c,
              i(std::max(g.c_row, g.n)));
}

/// Integers as unsigned, which wraps as two's complement does.
template <class T>
void multiply_integers(const Gemm& g, const T* a, const T* b, T* c) {
  for (std::int64_t i = 0; i < g.m; ++i) {
    T* row = c + i * g.c_row;
    if (!g.accumulate) std::fill(row, row + g.n, T(0));
    for (std::int64_t l = 0; l < g.k; ++l) {
      const T x = a[i * g.a_row + l * g.a_col];
      const T* p = b + l * g.b_row;
      for (std::int64_t j = 0; j < g.n; ++j) {
        if constexpr (std::is_same_v<T, bool>)
          row[j] = row[j] || (x && p[j * g.b_col]);
        else
          row[j] = static_cast<T>(row[j] + static_cast<T>(std::uint64_t{x} * p[j * g.b_col]));
      }
    }
  }
}

template <class T>
void multiply_at(const Gemm& g, const void* a, const void* b, void* c, std::int64_t a0, std::int64_t b0,
                 std::int64_t c0) {
  const auto* x = static_cast<const T*>(a) + a0;
  const auto* y = static_cast<const T*>(b) + b0;
  auto* z = static_cast<T*>(c) + c0;
  if constexpr (std::is_floating_point_v<T>)
    multiply(g, x, y, z);
  else
    multiply_integers(g, x, y, z);
}

/// Elements a0, b0, c0 past the operands' beginnings.
void multiply_one(const Gemm& g, const void* a, const void* b, void* c, std::int64_t a0, std::int64_t b0,
                  std::int64_t c0) {
  if (g.dtype == Dtype::float32) return multiply_at<float>(g, a, b, c, a0, b0, c0);
  if (g.dtype == Dtype::float64) return multiply_at<double>(g, a, b, c, a0, b0, c0);
  if (g.dtype == Dtype::bool_) return multiply_at<bool>(g, a, b, c, a0, b0, c0);
  switch (itemsize(g.dtype)) {
    case 1:
      return multiply_at<std::uint8_t>(g, a, b, c, a0, b0, c0);
    case 2:
      return multiply_at<std::uint16_t>(g, a, b, c, a0, b0, c0);
    case 4:
      return multiply_at<std::uint32_t>(g, a, b, c, a0, b0, c0);
    default:
      return multiply_at<std::uint64_t>(g, a, b, c, a0, b0, c0);
  }
}

constexpr std::int64_t chunk_work = 2'000'000;  // multiply-adds: about 40 us of one core

/// How a product is cut into chunks: rows_per x cols_per blocks of C.
struct Cut {
  std::int64_t rows, cols, rows_per, cols_per;
  explicit Cut(const Gemm& g) : rows(1), cols(1), rows_per(g.m), cols_per(g.n) {
    const std::int64_t work = g.m * g.n * std::max<std::int64_t>(g.k, 1);
    const std::int64_t parts = std::min<std::int64_t>(work / chunk_work, 16);
    constexpr std::int64_t least = 96;
    while (rows * cols < parts) {
      if (rows_per >= cols_per && rows_per >= 2 * least)
        rows *= 2;
      else if (cols_per >= 2 * least)
        cols *= 2;
      else if (rows_per >= 2 * least)
        rows *= 2;
      else
        break;
      rows_per = ((g.m + rows - 1) / rows + 15) / 16 * 16;
      cols_per = ((g.n + cols - 1) / cols + 15) / 16 * 16;
    }
    rows = (g.m + rows_per - 1) / rows_per;
    cols = (g.n + cols_per - 1) / cols_per;
  }
};

void multiply_cut(const Gemm& g, const void* a, const void* b, void* c, std::int64_t a0, std::int64_t b0,
                  std::int64_t c0) {
  const Cut cut(g);
  if (cut.rows * cut.cols == 1) return multiply_one(g, a, b, c, a0, b0, c0);
  parallel_chunks(cut.rows * cut.cols, [&](std::int64_t chunk) {
    const std::int64_t i = chunk / cut.cols * cut.rows_per, j = chunk % cut.cols * cut.cols_per;
    Gemm part = g;
    part.m = std::min(cut.rows_per, g.m - i);
    part.n = std::min(cut.cols_per, g.n - j);
    multiply_one(part, a, b, c, a0 + i * g.a_row, b0 + j * g.b_col, c0 + i * g.c_row + j);
  });
}

/// Walks the loops from product number `begin` on.
class LoopCursor {
 public:
  LoopCursor(std::span<const GemmLoop> loops, std::int64_t begin) : loops_(loops) {
    for (int i = static_cast<int>(loops.size()) - 1; i >= 0; --i) {
      const GemmLoop& l = loops[static_cast<std::size_t>(i)];
      index_[i] = begin % l.size;
      begin /= l.size;
      a += index_[i] * l.a, b += index_[i] * l.b, c += index_[i] * l.c;
    }
  }
  void next() {
    for (int i = static_cast<int>(loops_.size()) - 1; i >= 0; --i) {
      const GemmLoop& l = loops_[static_cast<std::size_t>(i)];
      a += l.a, b += l.b, c += l.c;
      if (++index_[i] < l.size) return;
      a -= l.size * l.a, b -= l.size * l.b, c -= l.size * l.c;
      index_[i] = 0;
    }
  }
  std::int64_t a = 0, b = 0, c = 0;

 private:
  std::span<const GemmLoop> loops_;
  std::int64_t index_[3 * 12] = {};
};

}  // namespace

bool blas_readable(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col) {
  return BlasOperand::plain(rows, cols, row, col) || BlasOperand::plain(cols, rows, col, row);
}

void gemm(const Gemm& g, const void* a, const void* b, void* c, std::span<const GemmLoop> loops) {
  std::int64_t count = 1;
  for (const GemmLoop& l : loops) count *= l.size;
  if (count == 0 || g.m == 0 || g.n == 0) return;
  const std::int64_t work = g.m * g.n * std::max<std::int64_t>(g.k, 1);
  if (work > 2 * chunk_work || count == 1) {  // large ones one after the other, each over the pool
    LoopCursor at(loops, 0);
    for (std::int64_t i = 0; i < count; ++i, at.next()) multiply_cut(g, a, b, c, at.a, at.b, at.c);
    return;
  }
  parallel_for(count, std::max<std::int64_t>(1, chunk_work / (work + 1000)), [&](std::int64_t begin, std::int64_t end) {
    LoopCursor at(loops, begin);
    for (std::int64_t i = begin; i < end; ++i, at.next()) multiply_one(g, a, b, c, at.a, at.b, at.c);
  });
}

}  // namespace strata
