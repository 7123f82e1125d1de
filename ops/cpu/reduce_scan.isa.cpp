// The loops of running reductions for one instruction set. Sixteen lines go side by side: neighbours in memory become
// registers, others at least hide each other's latency.
#include "strata/ops/cpu/reduce_scan.hpp"
#include "strata/ops/scan_formulas.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

using namespace strata::scans;

inline constexpr int side = 16;

template <class M, class T, bool Exclusive, class At>
STRATA_HD void scan_lines(const ScanLines& l, std::int64_t first, int count, At at) {
  const T* a = static_cast<const T*>(l.x[0]) + first * l.column[0];
  const T* b = static_cast<const T*>(l.x[1]) + first * l.column[1];
  T* y = static_cast<T*>(l.y) + first * l.y_column;
  typename M::State state[side];
  for (int c = 0; c < side; ++c) state[c] = M::empty();
  for (std::int64_t k = 0; k < l.n; ++k, a += l.step[0], b += l.step[1], y += l.y_step) {
    for (int c = 0; c < count; ++c) {
      const auto before = state[c];
      const T x = a[at(c, 0)];
      state[c] = M::step(before, x, b[at(c, 1)]);
      y[at(c, 2)] = M::write(Exclusive ? before : state[c], before, x);
    }
  }
}

template <class M, class T, bool Exclusive>
STRATA_HD void scan_all(const ScanLines& l) {
  const bool touching = l.column[0] == 1 && l.column[1] == 1 && l.y_column == 1;
  std::int64_t c = 0;
  if (touching) {
    for (; c + side <= l.columns; c += side) {
      scan_lines<M, T, Exclusive>(
          l, c, side, [](int i, int) __attribute__((always_inline)) { return i; });
    }
  }
  for (; c < l.columns; c += side) {
    const int count = static_cast<int>(l.columns - c < side ? l.columns - c : side);
    const std::int64_t column[] = {l.column[0], l.column[1], l.y_column};
    scan_lines<M, T, Exclusive>(
        l, c, count, [&column](int i, int k) __attribute__((always_inline)) { return i * column[k]; });
  }
}

template <class M, class T>
void scan(const ScanLines& l) {
  if (l.exclusive)
    scan_all<M, T, true>(l);
  else
    scan_all<M, T, false>(l);
}

template <class T>
constexpr void fill(ScanKernels& k) {
  constexpr int d = static_cast<int>(dtype_of<T>());
  const auto set = [&](Scan s, ScanLoop loop) { k.of[static_cast<int>(s)][d] = loop; };
  set(Scan::sum, &scan<SumScan<T>, T>);
  set(Scan::prod, &scan<ProdScan<T>, T>);
  set(Scan::max, &scan<ExtremumScan<T, true>, T>);
  set(Scan::min, &scan<ExtremumScan<T, false>, T>);
  if constexpr (std::is_floating_point_v<T>) {
    set(Scan::recurrence, &scan<RecurrenceScan<T>, T>);
    set(Scan::max_share, &scan<ShareScan<T, true>, T>);
    set(Scan::min_share, &scan<ShareScan<T, false>, T>);
    set(Scan::logsumexp, &scan<LogSumExpScan<T>, T>);
  }
}

constexpr ScanKernels make_scan_kernels() {
  ScanKernels k{};
  fill<float>(k);
  fill<double>(k);
  fill<std::int32_t>(k);
  fill<std::int64_t>(k);
  fill<std::uint32_t>(k);
  fill<std::uint64_t>(k);
  return k;
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const ScanKernels ScanSet<Isa::STRATA_ISA>::table = kernel::make_scan_kernels();
}  // namespace strata
