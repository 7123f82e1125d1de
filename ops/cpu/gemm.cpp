// Chooses who multiplies: our own kernels when the product is small or thin, else oneDNN for float32 and OpenBLAS (or
// our packed kernel, where OpenBLAS does not know the CPU) for float64; cuts the work into chunks.
#include "strata/ops/cpu/gemm.hpp"

#include <cblas.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/gemm_kernels.hpp"
#include "strata/ops/cpu/onednn.hpp"
#include "strata/ops/cpu/openblas.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/cpu/widths.hpp"

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

/// The kernels of this machine.
const GemmKernels& kernels() {
  static const GemmKernels& table = cpu_isa() == Isa::avx512 ? GemmKernelSet<Isa::avx512>::table
                                    : cpu_isa() == Isa::avx2 ? GemmKernelSet<Isa::avx2>::table
                                                             : GemmKernelSet<Isa::baseline>::table;
  return table;
}

template <class T>
const FloatGemmKernels<T>& float_kernels() {
  if constexpr (sizeof(T) == 4)
    return kernels().f32;
  else
    return kernels().f64;
}

/// Rows of B that are few whole pairs of AVX-512's registers, on not too many pages: streamed as they lie, as fast as
/// when packed.
template <class T>
bool streams(const Gemm& g) {
  constexpr std::int64_t pair = 128 / sizeof(T);
  const bool along = g.a_col == 1 || g.k <= 128;
  return cpu_isa() == Isa::avx512 && g.n <= 4 * pair && g.n % pair == 0 && g.b_row % pair == 0 && along &&
         std::max(g.m, g.k) <= 1024 && g.k * g.b_row * std::int64_t{sizeof(T)} <= 512 * 1024;
}

/// Columns of B that are adjacent in memory and whole registers of AVX-512, for rows of A enough to pay for turning
/// them.
template <class T>
bool turns(const Gemm& g) {
  constexpr std::int64_t width = 64 / sizeof(T);
  return cpu_isa() == Isa::avx512 && g.b_row == 1 && g.a_col == 1 && g.m >= 8 && g.k >= width && g.n % width == 0 &&
         std::max({g.m, g.n, g.k}) <= 1024;
}

/// NOTE [who multiplies]  Measured on one core with AVX-512: oneDNN needs 0.3 us a call and wins from about 100^3 on;
/// rows of B streamed from the first cache win below, whenever k or m is small, and where `streams` or `turns`
/// says so; inner products win for few columns. The choice follows from sizes and strides alone. Null: the product is
/// large.
template <class T>
GemmKernel<T> small_kernel(const Gemm& g) {
  const FloatGemmKernels<T>& own = float_kernels<T>();
  if (g.past_caches) return own.past_caches;
  const bool a_along = g.a_col == 1 || g.k == 1, b_along = g.b_row == 1 || g.k == 1;
  const bool b_rows = g.b_col == 1 || g.n == 1;
  constexpr std::int64_t first_cache = 24 * 1024 / sizeof(T);
  if (g.n <= thin_columns && a_along && g.k >= 16) return b_along ? own.dots : own.thin;
  if (b_rows && (g.m <= 5 || g.k <= 24 || g.k * g.n <= first_cache || streams<T>(g))) return own.rows;
  if (g.m == 1 && a_along && b_along) return own.dots;
  if (!b_rows && (g.k <= 16 || g.m * g.n * g.k <= 32 * 32 * 32 || turns<T>(g))) return own.transposed;
  return nullptr;
}

void sgemm(const Gemm& g, const float* a, const float* b, float* c) {
  const BlasOperand ta(g.m, g.k, g.a_row, g.a_col), tb(g.k, g.n, g.b_row, g.b_col);
  onednn::sgemm(ta.transposed, tb.transposed, g.m, g.n, g.k, a, ta.ld, b, tb.ld, c, std::max(g.c_row, g.n),
                g.accumulate);
}

/// NOTE [rows that fall on one another]  oneDNN reads B where it lies, and slows down when many rows of it fall on one
/// another in the cache. With AVX-512 a product of few rows of B at a time avoids that: 10 to 20 % for row lengths of
/// 1024, 2048... Without, half the speed is lost from 512 on, and B is copied to longer rows first.
void multiply_large(const Gemm& g, const float* a, const float* b, float* c) {
  const BlasOperand tb(g.k, g.n, g.b_row, g.b_col);
  const bool wide = cpu_isa() == Isa::avx512;
  if (tb.transposed || tb.ld % (wide ? 1024 : 512) != 0 || g.m < 16) return sgemm(g, a, b, c);
  Gemm part = g;
  if (wide) {
    constexpr std::int64_t rows = 192;
    for (std::int64_t l = 0; l < g.k; l += rows) {
      part.k = std::min(rows, g.k - l);
      part.accumulate = g.accumulate || l > 0;
      sgemm(part, a + l * g.a_col, b + l * g.b_row, c);
    }
    return;
  }
  part.b_row = g.n + 16;
  const Scratch<float> padded(g.k * part.b_row);
  for (std::int64_t i = 0; i < g.k; ++i)
    std::memcpy(padded.get() + i * part.b_row, b + i * tb.ld, static_cast<std::size_t>(g.n) * sizeof(float));
  sgemm(part, a, padded.get(), c);
}

/// Whether OpenBLAS knows this CPU. If not, it runs kernels for machines of 2004.
bool openblas_knows_cpu() {
  const std::string_view core = openblas_get_corename();
  return cpu_isa() == Isa::baseline ||
         (core != "Prescott" && core != "Generic" && core != "Core2" && core != "Nehalem" && core != "unknown");
}

template <class T>
GemmArgs<T> arguments(const Gemm& g, const T* a, const T* b, T* c) {
  return {g.m, g.n, g.k, a, g.a_row, g.a_col, b, g.b_row, g.b_col, c, g.c_row, g.accumulate};
}

void multiply_large(const Gemm& g, const double* a, const double* b, double* c) {
  static const bool use_openblas = (openblas_single_threaded(), openblas_knows_cpu());
  if (!use_openblas) {
    const Scratch<double> scratch(gemm_scratch);
    return kernels().f64.packed(arguments(g, a, b, c), scratch.get());
  }
  const BlasOperand ta(g.m, g.k, g.a_row, g.a_col), tb(g.k, g.n, g.b_row, g.b_col);
  const auto i = [](std::int64_t v) { return static_cast<blasint>(v); };
  cblas_dgemm(CblasRowMajor, ta.transposed ? CblasTrans : CblasNoTrans, tb.transposed ? CblasTrans : CblasNoTrans,
              i(g.m), i(g.n), i(g.k), 1, a, i(ta.ld), b, i(tb.ld), g.accumulate ? 1.0 : 0.0, c,
              i(std::max(g.c_row, g.n)));
}

template <class T>
void multiply(const Gemm& g, const T* a, const T* b, T* c) {
  if (const GemmKernel<T> kernel = small_kernel<T>(g)) return kernel(arguments(g, a, b, c));
  multiply_large(g, a, b, c);
}
void multiply(const Gemm& g, const bool* a, const bool* b, bool* c) { kernels().boolean(arguments(g, a, b, c)); }
void multiply(const Gemm& g, const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* c) {
  kernels().u8(arguments(g, a, b, c));
}
void multiply(const Gemm& g, const std::uint16_t* a, const std::uint16_t* b, std::uint16_t* c) {
  kernels().u16(arguments(g, a, b, c));
}
void multiply(const Gemm& g, const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* c) {
  kernels().u32(arguments(g, a, b, c));
}
void multiply(const Gemm& g, const std::uint64_t* a, const std::uint64_t* b, std::uint64_t* c) {
  kernels().u64(arguments(g, a, b, c));
}

template <class T>
void multiply_at(const Gemm& g, const void* a, const void* b, void* c, std::int64_t a0, std::int64_t b0,
                 std::int64_t c0) {
  multiply(g, static_cast<const T*>(a) + a0, static_cast<const T*>(b) + b0, static_cast<T*>(c) + c0);
}

/// Elements a0, b0, c0 past the operands' beginnings. Signed integers multiply as unsigned ones.
void multiply_one(const Gemm& g, const void* a, const void* b, void* c, std::int64_t a0, std::int64_t b0,
                  std::int64_t c0) {
  visit_storage(g.dtype, [&]<class T>(T) { multiply_at<T>(g, a, b, c, a0, b0, c0); });
}

constexpr std::int64_t us_work = 50'000;          // multiply-adds: about 1 us of one core
constexpr std::int64_t least_work = 5 * us_work;  // of a chunk

/// How a product is cut into chunks: rows_per x cols_per blocks of C.
struct Cut {
  std::int64_t rows, cols, rows_per, cols_per;
  explicit Cut(const Gemm& g) : rows(1), cols(1), rows_per(g.m), cols_per(g.n) {
    const std::int64_t work = g.m * g.n * std::max<std::int64_t>(g.k, 1);
    const std::int64_t parts = std::min<std::int64_t>(work / (2 * least_work), 16);
    const std::int64_t least = work < 80 * us_work ? 48 : 96;
    while (rows * cols < parts) {
      if (2 * rows_per >= cols_per && rows_per >= 2 * least)
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
  const auto multiply_part = [&](std::int64_t chunk) {
    const std::int64_t i = chunk / cut.cols * cut.rows_per, j = chunk % cut.cols * cut.cols_per;
    Gemm part = g;
    part.m = std::min(cut.rows_per, g.m - i);
    part.n = std::min(cut.cols_per, g.n - j);
    multiply_one(part, a, b, c, a0 + i * g.a_row, b0 + j * g.b_col, c0 + i * g.c_row + j);
  };
  parallel_chunks(cut.rows * cut.cols, multiply_part, g.m * g.n * g.k / us_work);
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
  std::int64_t index_[3 * 12];
};

/// n products from `at` on; who multiplies is asked once.
template <class T>
void multiply_each(const Gemm& g, const void* a, const void* b, void* c, LoopCursor at, std::int64_t n) {
  if constexpr (std::is_floating_point_v<T>) {
    if (const GemmKernel<T> kernel = small_kernel<T>(g)) {
      GemmArgs<T> args = arguments(g, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(c));
      for (std::int64_t i = 0; i < n; ++i, at.next()) {
        args.a = static_cast<const T*>(a) + at.a;
        args.b = static_cast<const T*>(b) + at.b;
        args.c = static_cast<T*>(c) + at.c;
        kernel(args);
      }
      return;
    }
  }
  for (std::int64_t i = 0; i < n; ++i, at.next()) multiply_at<T>(g, a, b, c, at.a, at.b, at.c);
}

/// NOTE [past the caches]  A sum of few outer products costs its writing. Ordinary stores fetch each line of C first;
/// those that do not take 9 instead of 23 ms for 205 MB. Smaller results are better left where their reader finds them.
bool past_caches(const Gemm& g, const void* c, std::span<const GemmLoop> loops, std::int64_t count) {
  constexpr std::int64_t least_bytes = 32 * 1024 * 1024, line = 64;
  const std::int64_t item = itemsize(g.dtype);
  if (count * g.m * g.n * item < least_bytes || g.k > 8 || g.b_col != 1 || g.accumulate) return false;
  const auto aligned = [&](std::int64_t elements) { return elements * item % line == 0; };
  const bool steps = std::all_of(loops.begin(), loops.end(), [&](const GemmLoop& l) { return aligned(l.c); });
  return steps && aligned(g.n) && aligned(g.c_row) && reinterpret_cast<std::uintptr_t>(c) % line == 0;
}

}  // namespace

bool blas_readable(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col) {
  return BlasOperand::plain(rows, cols, row, col) || BlasOperand::plain(cols, rows, col, row);
}

void gemm(const Gemm& product, const void* a, const void* b, void* c, std::span<const GemmLoop> loops) {
  std::int64_t count = 1;
  for (const GemmLoop& l : loops) count *= l.size;
  if (count == 0 || product.m == 0 || product.n == 0) return;
  Gemm g = product;
  g.past_caches = past_caches(g, c, loops, count);
  const std::int64_t work = g.m * g.n * std::max<std::int64_t>(g.k, 1);
  if (work > 80 * us_work || count == 1) {  // large ones one after the other, each over the pool
    LoopCursor at(loops, 0);
    for (std::int64_t i = 0; i < count; ++i, at.next()) multiply_cut(g, a, b, c, at.a, at.b, at.c);
    return;
  }
  parallel_for(count, std::max<std::int64_t>(1, least_work / (work + 1000)), [&](std::int64_t begin, std::int64_t end) {
    visit_storage(g.dtype, [&]<class T>(T) { multiply_each<T>(g, a, b, c, LoopCursor(loops, begin), end - begin); });
  });
}

}  // namespace strata
