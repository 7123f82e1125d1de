// Pooling: sums, means and extrema over sliding windows, with their transposes as ops of their own, so that every rule
// is again one of them. The derivative of an extremum goes to the first place where it is reached. See NOTE [lanes
// under windows] (ops/pool.hpp).
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/pool.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {

namespace windows {

WindowGeometry with_lanes(WindowGeometry g, int axis, std::int64_t size) {
  g.base.insert(axis, size);
  g.plan.result.insert(axis, size);
  g.plan.low.insert(axis, 0);
  for (Shape* ones : {&g.window, &g.plan.strides, &g.plan.base_dilation, &g.plan.window_dilation})
    ones->insert(axis, 1);
  return g;
}

namespace {

WindowGeometry sample_geometry(Shape base, Shape window, Shape strides, Padding padding) {
  return {base, window, plan_windows("sample", {base, window, strides, {}, {}}, padding)};
}

/// A list for the last axes as one for all: leading axes get `fill`.
Shape leading(const Shape& given, int rank, std::int64_t fill) {
  Shape s = Shape::filled(rank - given.size(), fill);
  return s + given;
}

}  // namespace

const WindowGeometry& overlapping() {
  static const WindowGeometry g = sample_geometry({2, 5}, {1, 3}, {1, 2}, {{0, 0}, {1, 1}});
  return g;
}
const WindowGeometry& tiles() {
  static const WindowGeometry g = sample_geometry({4, 2}, {2, 1}, {2, 1}, "VALID");
  return g;
}
const WindowGeometry& nothing() {
  static const WindowGeometry g = sample_geometry({0, 4}, {1, 2}, {1, 2}, "VALID");
  return g;
}

WindowGeometry geometry(const char* op, const Tensor& x, const Window& p) {
  const int rank = x.ndim(), n = p.window.size();
  if (n == 0 || n > rank) {
    throw ShapeError(std::string(op) + ": window " + to_string(p.window) + " should have 1 to " + std::to_string(rank) +
                     " sizes, for the last axes of " + to_string(x.shape()) + level_context());
  }
  if (std::any_of(p.window.begin(), p.window.end(), [](auto v) { return v < 1; })) {
    throw ShapeError(std::string(op) + ": window " + to_string(p.window) + " should have sizes of at least 1" +
                     level_context());
  }
  for (const Shape* list : {&p.strides, &p.base_dilation, &p.window_dilation}) {
    if (!list->empty() && list->size() != n) {
      throw ShapeError(std::string(op) + ": window " + to_string(p.window) + " and " + to_string(*list) +
                       " should have equally many entries" + level_context());
    }
  }
  Padding padding = p.padding;
  if (padding.mode().empty()) {
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs = padding.pairs();
    if (static_cast<int>(pairs.size()) == n) pairs.insert(pairs.begin(), static_cast<std::size_t>(rank - n), {0, 0});
    padding = Padding(pairs);
  }
  const Shape& strides = p.strides.empty() ? p.window : p.strides;
  WindowGeometry g{x.shape(), leading(p.window, rank, 1), {}};
  g.plan = plan_windows(op,
                        {x.shape(), g.window, leading(strides, rank, 1), leading(p.base_dilation, rank, 1),
                         leading(p.window_dilation, rank, 1)},
                        padding);
  return g;
}

void demand_number(const char* op, const Tensor& x) {
  if (x.dtype() != Dtype::bool_) return;
  throw DtypeError(std::string(op) + ": bool has no sums and extrema over windows; convert it with st::astype" +
                   level_context());
}

}  // namespace windows

using namespace windows;

namespace {

struct WindowSum : Linear<WindowSum> {
  using Params = WindowGeometry;
  static constexpr std::string_view name = "window_sum";
  static Tensor eval(const Params& p, Tensor x) { return backend(x).windows.sum(p, x); }
  static Tensor transpose(const Params& p, const Tensor& g);
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    return {apply<WindowSum>(with_lanes(p, x.axis, batch.size), std::move(x.value)), x.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g) {
      return [&g](std::span<const Tensor> x) { return apply<WindowSum>(g, Tensor(x[0])); };
    };
    return {windows_sample("overlapping", {{{2, 5}}}, by(overlapping())),
            windows_sample("tiles", {{{4, 2}}}, by(tiles())), windows_sample("empty", {{{0, 4}}}, by(nothing()))};
  }
};

struct WindowSpread : Linear<WindowSpread> {
  using Params = WindowGeometry;
  static constexpr std::string_view name = "window_spread";
  static Tensor eval(const Params& p, Tensor y) { return backend(y).windows.spread(p, y); }
  static Tensor transpose(const Params& p, const Tensor& g) { return apply<WindowSum>(p, Tensor(g)); }
  static Lane batch(const Params& p, Lane y, Batch& batch) {
    return {apply<WindowSpread>(with_lanes(p, y.axis, batch.size), std::move(y.value)), y.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g) {
      return [&g](std::span<const Tensor> x) { return apply<WindowSpread>(g, Tensor(x[0])); };
    };
    return {windows_sample("overlapping", {{{2, 3}}}, by(overlapping())),
            windows_sample("tiles", {{{2, 2}}}, by(tiles())), windows_sample("empty", {{{0, 2}}}, by(nothing()))};
  }
};

Tensor WindowSum::transpose(const Params& p, const Tensor& g) { return apply<WindowSpread>(p, Tensor(g)); }

struct Mean {
  WindowGeometry geometry;
  bool padding_counts;
};

/// By what the sums of windows over x are divided: a number, or one for each window, of size 1 along axes without
/// windows.
Tensor counts(const Mean& p, const Tensor& x) {
  const WindowGeometry& g = p.geometry;
  if (p.padding_counts) return g.window.elements();
  WindowGeometry one = g;
  for (int i = 0; i < g.base.size(); ++i) {
    if (g.window[i] == 1 && g.plan.strides[i] == 1 && g.plan.low[i] == 0 && g.plan.result[i] == g.base[i])
      one.base[i] = one.plan.result[i] = std::min<std::int64_t>(g.base[i], 1);
  }
  return apply<WindowSum>(one, ones(one.base, {.dtype = x.dtype(), .device = x.device()}));
}

struct WindowMean : Linear<WindowMean> {
  using Params = Mean;
  static constexpr std::string_view name = "window_mean";
  static Tensor eval(const Params& p, Tensor x) {
    const WindowsKernels& windows = backend(x).windows;
    if (Tensor y = windows.mean(p.geometry, p.padding_counts, x); y.defined()) return y;
    return windows.sum(p.geometry, x) / counts(p, x);
  }
  static Tensor transpose(const Params& p, const Tensor& g) {
    return apply<WindowSpread>(p.geometry, g / counts(p, g));
  }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    return {apply<WindowMean>({with_lanes(p.geometry, x.axis, batch.size), p.padding_counts}, std::move(x.value)),
            x.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g, bool padding_counts) {
      return [&g, padding_counts](std::span<const Tensor> x) {
        return apply<WindowMean>({g, padding_counts}, Tensor(x[0]));
      };
    };
    return {windows_sample("overlapping", {{{2, 5}}}, by(overlapping(), true)),
            windows_sample("overlapping, padding aside", {{{2, 5}}}, by(overlapping(), false)),
            windows_sample("tiles", {{{4, 2}}}, by(tiles(), true)),
            windows_sample("empty", {{{0, 4}}}, by(nothing(), false))};
  }
};

struct Extremum {
  WindowGeometry geometry;
  bool smallest;
};

struct WindowArg : NonDifferentiable<WindowArg, 1> {
  using Params = Extremum;
  static constexpr std::string_view name = "window_arg";
  static Tensor eval(const Params& p, Out x) { return backend(x[0]).windows.arg(p.geometry, p.smallest, x[0]); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    const int axis = x[0].axis;
    return {apply<WindowArg>({with_lanes(p.geometry, axis, batch.size), p.smallest}, std::move(x[0].value)), axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g, bool smallest) {
      return [&g, smallest](std::span<const Tensor> x) { return apply<WindowArg>({g, smallest}, Tensor(x[0])); };
    };
    return {windows_sample("overlapping", {{{2, 5}}}, by(overlapping(), false)),
            windows_sample("smallest", {{{4, 2}}}, by(tiles(), true)),
            windows_sample("empty", {{{0, 4}}}, by(nothing(), false))};
  }
};

/// Both operands with their lanes at one axis, and the geometry for them.
struct TwoLanes {
  WindowGeometry geometry;
  Tensor value, which;
  int axis;
  TwoLanes(const WindowGeometry& g, std::span<Lane> x, std::int64_t size)
      : axis(x[0].mapped() ? x[0].axis : x[1].axis) {
    geometry = with_lanes(g, axis, size);
    value = at_axis(x[0], size);
    which = at_axis(x[1], size);
  }
  Tensor at_axis(const Lane& x, std::int64_t size) const {
    return x.axis == axis ? x.value : moveaxis(lanes_first(x, size), 0, axis);
  }
};

Argument places(Shape shape, double high) { return {shape, Dtype::int32, 0, high}; }

struct WindowPick : General<WindowPick, 2> {
  using Params = WindowGeometry;
  static constexpr std::string_view name = "window_pick";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return backend(x[0]).windows.pick(p, x[0], x[1]); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return dx[0].defined() ? apply<WindowPick>(p, Tensor(dx[0]), Tensor(x[1])) : Tensor();
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx);
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    TwoLanes l(p, x, batch.size);
    return {apply<WindowPick>(l.geometry, std::move(l.value), std::move(l.which)), l.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g) {
      return [&g](std::span<const Tensor> x) { return apply<WindowPick>(g, Tensor(x[0]), Tensor(x[1])); };
    };
    return {windows_sample("overlapping", {{{2, 5}}, places({2, 3}, 3)}, by(overlapping())),
            windows_sample("tiles", {{{4, 2}}, places({2, 2}, 2)}, by(tiles())),
            windows_sample("empty", {{{0, 4}}, places({0, 2}, 2)}, by(nothing()))};
  }
};

struct WindowPlace : General<WindowPlace, 2> {
  using Params = WindowGeometry;
  static constexpr std::string_view name = "window_place";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return backend(x[0]).windows.place(p, x[0], x[1]); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return dx[0].defined() ? apply<WindowPlace>(p, Tensor(dx[0]), Tensor(x[1])) : Tensor();
  }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = apply<WindowPick>(p, Tensor(g[0]), Tensor(x[1]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    TwoLanes l(p, x, batch.size);
    return {apply<WindowPlace>(l.geometry, std::move(l.value), std::move(l.which)), l.axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g) {
      return [&g](std::span<const Tensor> x) { return apply<WindowPlace>(g, Tensor(x[0]), Tensor(x[1])); };
    };
    return {windows_sample("overlapping", {{{2, 3}}, places({2, 3}, 3)}, by(overlapping())),
            windows_sample("tiles", {{{2, 2}}, places({2, 2}, 2)}, by(tiles())),
            windows_sample("empty", {{{0, 2}}, places({0, 2}, 2)}, by(nothing()))};
  }
};

void WindowPick::vjp(const Params& p, In x, In, In g, Need need, Out dx) {
  if (need[0]) dx[0] = apply<WindowPlace>(p, Tensor(g[0]), Tensor(x[1]));
}

struct WindowExtremum : General<WindowExtremum, 1> {
  using Params = Extremum;
  static constexpr std::string_view name = "window_extremum";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return backend(x[0]).windows.extremum(p.geometry, p.smallest, x[0]); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return apply<WindowPick>(p.geometry, Tensor(dx[0]), apply<WindowArg>(p, Tensor(x[0])));
  }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = apply<WindowPlace>(p.geometry, Tensor(g[0]), apply<WindowArg>(p, Tensor(x[0])));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    const int axis = x[0].axis;
    return {apply<WindowExtremum>({with_lanes(p.geometry, axis, batch.size), p.smallest}, std::move(x[0].value)), axis};
  }
  static Samples samples() {
    const auto by = [](const WindowGeometry& g, bool smallest) {
      return [&g, smallest](std::span<const Tensor> x) { return apply<WindowExtremum>({g, smallest}, Tensor(x[0])); };
    };
    return {windows_sample("overlapping", {{{2, 5}}}, by(overlapping(), false)),
            windows_sample("smallest", {{{4, 2}}}, by(tiles(), true)),
            windows_sample("empty", {{{0, 4}}}, by(nothing(), false))};
  }
};

}  // namespace

Tensor reduce_window(Tensor x, WindowReduction reduction, Window p) {
  demand_number("reduce_window", x);
  const WindowGeometry g = geometry("reduce_window", x, p);
  if (reduction == WindowReduction::sum) return apply<WindowSum>(g, std::move(x));
  return apply<WindowExtremum>({g, reduction == WindowReduction::min}, std::move(x));
}

Tensor max_pool(Tensor x, Window p) {
  demand_number("max_pool", x);
  const WindowGeometry g = geometry("max_pool", x, p);
  return apply<WindowExtremum>({g, false}, std::move(x));
}

Tensor avg_pool(Tensor x, AvgPool p) {
  demand_number("avg_pool", x);
  const WindowGeometry g = geometry("avg_pool", x, {p.window, p.strides, p.padding, {}, p.window_dilation});
  return apply<WindowMean>({g, p.count_include_pad}, to_float(std::move(x)));
}

namespace {

Samples max_pool_samples() { return pool_samples(&max_pool); }
Samples avg_pool_samples() {
  return pool_samples([](Tensor x, const Window& p) {
    return avg_pool(std::move(x), {p.window, p.strides, p.padding, {}, p.padding.mode() == "VALID"});
  });
}
Samples reduce_window_samples() {
  Samples s =
      pool_samples([](Tensor x, const Window& p) { return reduce_window(std::move(x), WindowReduction::min, p); });
  s.push_back(windows_sample("sum, dilated", {{{5}}}, [](std::span<const Tensor> x) {
    return reduce_window(
        x[0], WindowReduction::sum,
        {.window = {2}, .strides = {1}, .padding = {{1, 2}}, .base_dilation = {2}, .window_dilation = {3}});
  }));
  return s;
}

}  // namespace

std::vector<Entry> pool_entries() {
  return {entry<row<WindowSum>>(),
          entry<row<WindowSpread>>(),
          entry<row<WindowMean>>(),
          entry<row<WindowArg>>(),
          entry<row<WindowPick>>(),
          entry<row<WindowPlace>>(),
          entry<row<WindowExtremum>>(),
          composite("reduce_window", &reduce_window_samples),
          composite("max_pool", &max_pool_samples),
          composite("avg_pool", &avg_pool_samples)};
}

}  // namespace strata
