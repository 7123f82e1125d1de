// Plain: an element in a register. Values are those of the ops one by one: halves compute in float and are rounded
// after each op. Used by the kernels of ops/elementwise/kernel.hpp.
#pragma once
#include "strata/core/convert.hpp"
#include "strata/ops/cuda/lanes.hpp"
#include "strata/ops/power.hpp"

namespace strata::fused {

/// An element stored as S.
template <class S>
struct Plain {
  using T = gpu::compute_t<S>;
  using Bool = bool;
  T v{};

  STRATA_HD static Plain rounded(T y) { return {static_cast<T>(static_cast<S>(y))}; }
  template <Scalar A>
  STRATA_HD static Plain of(A number) {
    return {static_cast<T>(convert<S>(number))};
  }
  STRATA_HD static Plain from(bool b) { return {b ? T(1) : T(0)}; }
  STRATA_HD static Plain stopped(Plain x) { return x; }

  template <class D, class... A>
  STRATA_HD static Plain apply(A... a) {
    return rounded(D::scalar(a.v...));
  }
  template <class D, class... A>
  STRATA_HD static bool ask(A... a) {
    return D::scalar(a.v...);
  }
  STRATA_HD static bool both(bool a, bool b) { return a && b; }
  STRATA_HD static bool either(bool a, bool b) { return a || b; }
  STRATA_HD static bool opposite(bool a) { return !a; }
  STRATA_HD static Plain select(bool c, Plain a, Plain b) { return c ? a : b; }
  STRATA_HD static Plain whole_power(Plain x, int n) {
    return n == 1 ? x : rounded(IntegerPow::scalar(IntegerPow::Params{n}, x.v));
  }

  /// g times the derivative of D, which keeps x, y = D(x) or both.
  template <class D>
  STRATA_HD static Plain scaled(Plain g, Plain x, Plain y) {
    if constexpr (D::keep == Keep::both)
      return rounded(D::scaled(g.v, x.v, y.v));
    else
      return rounded(D::scaled(g.v, D::keep == Keep::inputs ? x.v : y.v));
  }
  template <class D>
  STRATA_HD static Slopes<Plain> slopes(Plain a, Plain b, Plain y, Wanted want) {
    const Slopes<T> d = D::slopes(a.v, b.v, y.v, want);
    return {rounded(d.first), rounded(d.second)};
  }
};

}  // namespace strata::fused
