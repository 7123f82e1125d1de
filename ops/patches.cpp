// Patches: the windows themselves, laid out, and their sum back onto the base. Each is the other's transpose. The rules
// of lanes are those of ops/pool.cpp, but lanes stay outside of the patches.
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/pool.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

using namespace windows;

namespace {

struct Patches {
  WindowGeometry geometry;
  int at;  // the place of the axis that counts the window's elements
};

/// The lanes before axis `at`: further back they would be inside the patches.
Lane lanes_outside(Lane x, int at) { return x.axis <= at ? x : Lane{lanes_first(x), 0}; }

struct Unfold : Linear<Unfold> {
  using Params = Patches;
  static constexpr std::string_view name = "window_unfold";
  static Tensor eval(const Params& p, Tensor x) { return backend(x).windows.unfold(p.geometry, p.at, x); }
  static Tensor transpose(const Params& p, const Tensor& g);
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    const Lane l = lanes_outside(std::move(x), p.at);
    return {apply<Unfold>({with_lanes(p.geometry, l.axis, batch.size), p.at + 1}, Tensor(l.value)), l.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g, int at) {
      return [&g, at](std::span<const Tensor> x) { return apply<Unfold>({g, at}, Tensor(x[0])); };
    };
    return {windows_sample("overlapping", {{{2, 5}}}, by(overlapping(), 1)),
            windows_sample("tiles", {{{4, 2}}}, by(tiles(), 0)), windows_sample("empty", {{{0, 4}}}, by(nothing(), 1))};
  }
};

struct Fold : Linear<Fold> {
  using Params = Patches;
  static constexpr std::string_view name = "window_fold";
  static Tensor eval(const Params& p, Tensor y) { return backend(y).windows.fold(p.geometry, p.at, y); }
  static Tensor transpose(const Params& p, const Tensor& g) { return apply<Unfold>(p, Tensor(g)); }
  static Lane batch(const Params& p, Lane y, Batch& batch) {
    const Lane l = lanes_outside(std::move(y), p.at);
    return {apply<Fold>({with_lanes(p.geometry, l.axis, batch.size), p.at + 1}, Tensor(l.value)), l.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g, int at) {
      return [&g, at](std::span<const Tensor> x) { return apply<Fold>({g, at}, Tensor(x[0])); };
    };
    return {windows_sample("overlapping", {{{2, 3, 3}}}, by(overlapping(), 1)),
            windows_sample("tiles", {{{2, 2, 2}}}, by(tiles(), 0)),
            windows_sample("empty", {{{0, 2, 2}}}, by(nothing(), 1))};
  }
};

Tensor Unfold::transpose(const Params& p, const Tensor& g) { return apply<Fold>(p, Tensor(g)); }

Samples im2col_samples() { return pool_samples(&im2col); }

}  // namespace

Tensor im2col(Tensor x, Window p) {
  demand_number("im2col", x);
  const int n = p.window.size(), at = x.ndim() - n;
  if (at < 1) {
    throw ShapeError("im2col: " + to_string(x.shape()) +
                     " should have an axis of channels before those of the window " + to_string(p.window) +
                     level_context());
  }
  if (p.strides.empty()) p.strides = Shape::filled(n, 1);
  const WindowGeometry g = geometry("im2col", x, p);
  const Tensor y = apply<Unfold>({g, at}, std::move(x));
  Shape joined = y.shape();
  joined.erase(at);
  joined[at - 1] *= g.window.elements();
  return reshape(y, joined);
}

std::vector<Entry> patch_entries() {
  return {entry<row<Unfold>>(), entry<row<Fold>>(), composite("im2col", &im2col_samples)};
}

}  // namespace strata
