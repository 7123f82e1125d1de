// The walk of running reductions: which lines stand side by side, and how they are shared between threads.
#include "strata/ops/cpu/reduce_scan.hpp"

#include <algorithm>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/strided.hpp"

namespace strata {
namespace {

constexpr std::int64_t block = 64;  // lines side by side that one call scans
constexpr std::int64_t grain = 8 * 1024;

ScanLoop scan_loop(Scan s, Dtype d) {
  const auto pick = [&](const ScanKernels& t) { return t.of[static_cast<int>(s)][static_cast<int>(d)]; };
#if STRATA_X86_ISAS
  if (cpu_isa() == Isa::avx512) return pick(ScanSet<Isa::avx512>::table);
  if (cpu_isa() == Isa::avx2) return pick(ScanSet<Isa::avx2>::table);
#endif
  return pick(ScanSet<Isa::baseline>::table);
}

/// The axes beside the scanned one, merged where all operands allow; the last holds the lines that stand side by side.
struct Lines {
  int rank = 0;
  std::int64_t shape[max_rank];
  std::int64_t stride[3][max_rank];  // x0, x1, y

  std::int64_t offset(int operand, std::int64_t line) const {
    std::int64_t at = 0;
    for (int a = rank - 1; a >= 0; --a) {
      at += line % shape[a] * stride[operand][a];
      line /= shape[a];
    }
    return at;
  }
};

Lines make_lines(const Tensor* const* t, const Shape& shape, int axis) {
  Lines l;
  for (int i = 0; i < shape.size(); ++i) {
    if (i == axis) continue;
    l.shape[l.rank] = shape[i];
    for (int k = 0; k < 3; ++k) l.stride[k][l.rank] = dense(*t[k]).strides[i];
    ++l.rank;
  }
  std::int64_t* strides[] = {l.stride[0], l.stride[1], l.stride[2]};
  l.rank = merge_axes(l.rank, l.shape, strides, 3);
  if (l.rank == 0) {
    l.rank = 1;
    l.shape[0] = 1;
    l.stride[0][0] = l.stride[1][0] = l.stride[2][0] = 0;
  }
  return l;
}

}  // namespace

void scan_dense(Scan s, std::span<const Tensor> x, const Tensor& y, int axis, bool reverse, bool exclusive) {
  const Shape shape = y.shape();
  if (y.size() == 0) return;
  const Tensor* const t[] = {&x[0], &x[x.size() - 1], &y};
  const Lines lines = make_lines(t, shape, axis);
  const std::int64_t n = shape[axis], count = y.size() / n, bytes = itemsize(y.dtype());
  const std::int64_t side = lines.shape[lines.rank - 1];
  const ScanLoop loop = scan_loop(s, y.dtype());
  std::byte* first[3];
  std::int64_t step[3];
  for (int k = 0; k < 3; ++k) {
    const Dense& d = dense(*t[k]);
    step[k] = reverse ? -d.strides[axis] : d.strides[axis];
    first[k] = d.data + (reverse ? (n - 1) * d.strides[axis] * bytes : 0);
  }
  parallel_for(count, std::max<std::int64_t>(1, grain / n), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end;) {
      const std::int64_t m = std::min({end - i, block, side - i % side});
      const std::byte* from[2] = {first[0] + lines.offset(0, i) * bytes, first[1] + lines.offset(1, i) * bytes};
      const int last = lines.rank - 1;
      loop({{from[0], from[1]},
            {step[0], step[1]},
            {lines.stride[0][last], lines.stride[1][last]},
            first[2] + lines.offset(2, i) * bytes,
            step[2],
            lines.stride[2][last],
            n,
            m,
            exclusive});
      i += m;
    }
  });
}

}  // namespace strata
