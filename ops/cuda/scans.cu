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

  STRATA_HD T x(int k, std::int64_t row, std::int64_t i) const {
    return static_cast<const T*>(c.x[k].data)[place(c.axes, c.x[k], row, i)];
  }
  STRATA_HD State start() const { return M::empty(); }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { s = M::step(s, x(0, row, i), x(1, row, i)); }
  STRATA_HD void join(State& a, const State& b) const { a = M::join(a, b); }
  STRATA_HD void store(std::int64_t row, std::int64_t i, const State& before, const State& after) const {
    static_cast<T*>(c.y.data)[place(c.axes, c.y, row, i)] =
        M::write(c.exclusive ? before : after, before, x(0, row, i));
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
