// Running reductions on a GPU: the formulas of ops/scan_formulas.hpp over rows. Called through ops/cuda/reductions.cu's
// library. Sums and products of signed integers are those of unsigned ones.
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/reductions.hpp"
#include "strata/ops/scan_formulas.hpp"

namespace strata::gpu {
namespace {

/// M: a formula; T: the elements' type.
template <class M, class T>
struct ScanWork {
  using State = typename M::State;
  ScanCall c;

  /// Where a row begins.
  struct Line {
    const T* x[2];
    T* y;
  };
  STRATA_HD Line line(std::int64_t row) const {
    const auto at = [&](const Rows& r) { return static_cast<T*>(r.data) + offset_of(c.axes.kept, r.between, row); };
    return {{at(c.x[0]), at(c.x[1])}, at(c.y)};
  }
  STRATA_HD T x(int k, const Line& line, std::int64_t i) const {
    return line.x[k][offset_of(c.axes.reduced, c.x[k].within, i)];
  }
  STRATA_HD State start() const { return M::empty(); }
  STRATA_HD void take(State& s, const Line& line, std::int64_t i) const {
    s = M::step(s, x(0, line, i), x(1, line, i));
  }
  STRATA_HD void join(State& a, const State& b) const { a = M::join(a, b); }
  STRATA_HD void store(const Line& line, std::int64_t i, const State& before, const State& after) const {
    line.y[offset_of(c.axes.reduced, c.y.within, i)] = M::write(c.exclusive ? before : after, before, x(0, line, i));
  }
};

template <class M, class T>
Error run(int device, const ScanCall& c) {
  return scan_rows(device, c.axes.kept.size, c.axes.reduced.size, ScanWork<M, T>{c});
}

template <class T>
Error float_scan(int device, const ScanCall& c) {
  switch (c.scan) {
    case Scan::sum:
      return run<scans::SumScan<T>, T>(device, c);
    case Scan::prod:
      return run<scans::ProdScan<T>, T>(device, c);
    case Scan::max:
      return run<scans::ExtremumScan<T, true>, T>(device, c);
    case Scan::min:
      return run<scans::ExtremumScan<T, false>, T>(device, c);
    case Scan::logsumexp:
      return run<scans::LogSumExpScan<T>, T>(device, c);
    case Scan::recurrence:
      return run<scans::RecurrenceStretch<T>, T>(device, c);
    case Scan::max_share:
      return run<scans::ShareScan<T, true>, T>(device, c);
    default:
      return run<scans::ShareScan<T, false>, T>(device, c);
  }
}

/// U: T without sign.
template <class T, class U>
Error integer_scan(int device, const ScanCall& c) {
  switch (c.scan) {
    case Scan::sum:
      return run<scans::SumScan<U>, U>(device, c);
    case Scan::prod:
      return run<scans::ProdScan<U>, U>(device, c);
    case Scan::max:
      return run<scans::ExtremumScan<T, true>, T>(device, c);
    case Scan::min:
      return run<scans::ExtremumScan<T, false>, T>(device, c);
    default:
      return "this running reduction is not for integers";
  }
}

}  // namespace

Error scan(int device, const ScanCall& c) {
  switch (c.y.dtype) {
    case Dtype::float32:
      return float_scan<float>(device, c);
    case Dtype::float64:
      return float_scan<double>(device, c);
    case Dtype::int32:
      return integer_scan<std::int32_t, std::uint32_t>(device, c);
    case Dtype::uint32:
      return integer_scan<std::uint32_t, std::uint32_t>(device, c);
    case Dtype::int64:
      return integer_scan<std::int64_t, std::uint64_t>(device, c);
    default:
      return integer_scan<std::uint64_t, std::uint64_t>(device, c);
  }
}

}  // namespace strata::gpu
