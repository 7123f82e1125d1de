// Pooling: sums and extrema over sliding windows, with their transposes as ops of their own, so that every rule is
// again one of them. The derivative of an extremum goes to the first place where it is reached. NOTE [lanes under
// windows]  A lane axis is one more axis with a window of 1: no rule moves it.
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

/// The geometry with one more axis of `size` at `axis`, whose windows are single elements.
WindowGeometry with_lanes(WindowGeometry g, int axis, std::int64_t size) {
  g.base.insert(axis, size);
  g.plan.result.insert(axis, size);
  g.plan.low.insert(axis, 0);
  for (Shape* ones : {&g.window, &g.plan.strides, &g.plan.base_dilation, &g.plan.window_dilation})
    ones->insert(axis, 1);
  return g;
}

/// Geometries for samples: [2, 5] by 3 with stride 2 and padding, overlapping; [4, 2] by 2 x 1; none.
WindowGeometry sample_geometry(Shape base, Shape window, Shape strides, Padding padding) {
  return {base, window, plan_windows("sample", {base, window, strides, {}, {}}, padding)};
}
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

template <class F>
Sample windows_sample(const char* label, std::vector<Argument> arguments, F f) {
  return {label, std::move(arguments), [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x)}; }};
}

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

/// A list for the last axes as one for all: leading axes get `fill`.
Shape leading(const Shape& given, int rank, std::int64_t fill) {
  Shape s = Shape::filled(rank - given.size(), fill);
  return s + given;
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
  x = to_float(std::move(x));
  const Dtype dtype = x.dtype();
  const Device device = x.device();
  Tensor total = apply<WindowSum>(g, std::move(x));
  if (p.count_include_pad) return total / g.window.elements();
  return total / apply<WindowSum>(g, ones(g.base, {.dtype = dtype, .device = device}));
}

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

namespace {

template <class F>
Samples pool_samples(F f) {
  return {windows_sample("two axes", {{{2, 4, 6}}},
                         [f](std::span<const Tensor> x) {
                           return f(x[0], Window{{2, 2}});
                         }),
          windows_sample("overlapping, SAME", {{{1, 5}}},
                         [f](std::span<const Tensor> x) {
                           return f(x[0], Window{.window = {3}, .strides = {2}, .padding = "SAME"});
                         }),
          windows_sample("empty", {{{0, 4}}}, [f](std::span<const Tensor> x) { return f(x[0], Window{{2}}); })};
}

Samples max_pool_samples() { return pool_samples(&max_pool); }
Samples avg_pool_samples() {
  return pool_samples([](Tensor x, const Window& p) {
    return avg_pool(std::move(x), {p.window, p.strides, p.padding, {}, p.padding.mode() == "VALID"});
  });
}
Samples im2col_samples() { return pool_samples(&im2col); }
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
          entry<row<WindowArg>>(),
          entry<row<WindowPick>>(),
          entry<row<WindowPlace>>(),
          entry<row<WindowExtremum>>(),
          entry<row<Unfold>>(),
          entry<row<Fold>>(),
          composite("reduce_window", &reduce_window_samples),
          composite("max_pool", &max_pool_samples),
          composite("avg_pool", &avg_pool_samples),
          composite("im2col", &im2col_samples)};
}

}  // namespace strata
