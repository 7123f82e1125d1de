// standardize, layer_norm, rms_norm: fused rows; batch_norm and group_norm made of them and of reductions.
// With z = standardize(x) and r = 1 / sqrt(var + eps), the derivative is r (t - mean(t) - z mean(t z)): symmetric, so
// one op is both jvp and vjp. rms_norm is the same without means.
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

struct RowParams {
  AxisSet axes;
  double eps;
  bool centred;  // false: rms
  RowParams beside(int lane) const { return {axes.beside(lane), eps, centred}; }
};

Tensor run_row(RowOp op, const RowParams& p, std::span<const Tensor> x) {
  Tensor y = empty_dense(x[0].shape(), x[0].dtype(), x[0].device(), x[0].weak());
  backend(y).reductions.map_rows(op, x, y, p.axes, p.eps, !p.centred);
  return y;
}

Tensor mean_rows(const Tensor& x, const RowParams& p) { return mean(x, {.axes = axis_list(p.axes), .keepdims = true}); }

struct StandardizePull;
Tensor standardized(const RowParams& p, const Tensor& x);

/// r (t - mean(t) - z mean(t z)).
struct StandardizePull : General<StandardizePull, 2> {
  using Params = RowParams;
  static constexpr std::string_view name = "standardize_pull";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::standardize_pull, p, x); }
  static Tensor pull(const Params& p, const Tensor& x, const Tensor& t) {
    return apply<StandardizePull>(p, Tensor(x), Tensor(t));
  }
  static Tensor scale(const Params& p, const Tensor& x) {
    const Tensor v = p.centred ? var(x, {.axes = axis_list(p.axes), .keepdims = true}) : mean_rows(square(x), p);
    return rsqrt(v + p.eps);
  }
  /// dr = -r^2 mean(z dx); dz = pull(x, dx).
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    Tensor d;
    if (dx[1].defined()) d = pull(p, x[0], dx[1]);
    if (!dx[0].defined()) return d;
    const Tensor z = standardized(p, x[0]), dz = pull(p, x[0], dx[0]), r = scale(p, x[0]);
    const Tensor moved = mean_rows(z * dx[0], p) * y[0] + mean_rows(x[1] * dz, p) * z + mean_rows(x[1] * z, p) * dz;
    return add_tangents(std::move(d), -(r * moved));
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    const Tensor h = pull(p, x[0], g[0]);
    if (need[1]) dx[1] = h;
    if (!need[0]) return;
    const Tensor z = standardized(p, x[0]), r = scale(p, x[0]);
    const Tensor moved = mean_rows(g[0] * y[0], p) * z + mean_rows(x[1] * z, p) * h + mean_rows(g[0] * z, p) * y[0];
    dx[0] = -(r * moved);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    Tensor a = lanes_first(x[0], batch.size), b = lanes_first(x[1], batch.size);
    return {apply<StandardizePull>(p.beside(0), std::move(a), std::move(b)), 0};
  }
  static Samples samples() {
    const auto call = [](AxisSet axes, bool centred) {
      return [axes, centred](std::span<const Tensor> x) {
        return std::vector<Tensor>{pull({axes, 0.1, centred}, x[0], x[1])};
      };
    };
    return {{"[2, 5] along 1", {{{2, 5}}, {{2, 5}}}, call({2}, true)},
            {"[4, 3] along 0, rms", {{{4, 3}}, {{4, 3}}}, call({1}, false)},
            {"empty", {{{0, 3}}, {{0, 3}}}, call({2}, true)}};
  }
};

/// z [times scale [plus bias]]; all operands have x's shape.
template <class D, int N>
struct Standardize : General<D, N> {
  using Params = RowParams;
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::standardize, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    Tensor d;
    if (dx[0].defined()) d = StandardizePull::pull(p, x[0], dx[0]);
    if constexpr (N > 1) {
      if (d.defined()) d = d * x[1];
      if (dx[1].defined()) d = add_tangents(std::move(d), standardized(p, x[0]) * dx[1]);
    }
    if constexpr (N > 2) d = add_tangents(std::move(d), dx[2]);
    return d;
  }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = StandardizePull::pull(p, x[0], N > 1 ? g[0] * x[N > 1] : g[0]);
    if constexpr (N > 1) {
      if (need[1]) dx[1] = g[0] * standardized(p, x[0]);
    }
    if constexpr (N > 2) dx[2] = g[0];
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if constexpr (N == 1) return {apply<D>(p.beside(x[0].axis), std::move(x[0].value)), x[0].axis};
    if constexpr (N == 2)
      return {apply<D>(p.beside(0), lanes_first(x[0], batch.size), lanes_first(x[1], batch.size)), 0};
    if constexpr (N == 3) {
      return {apply<D>(p.beside(0), lanes_first(x[0], batch.size), lanes_first(x[1], batch.size),
                       lanes_first(x[2], batch.size)),
              0};
    }
  }
};

struct StandardizeOp : Standardize<StandardizeOp, 1> {
  static constexpr std::string_view name = "standardize";
  static Samples samples() {
    const auto along = [](Normalization p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{standardize(x[0], p)}; };
    };
    return {{"[2, 5]", {{{2, 5}}}, along({.eps = 0.1})},
            {"[4, 3] along 0", {{{4, 3}}}, along({.axis = 0, .eps = 0.1})},
            {"[2, 3, 2] along 0, 2", {{{2, 3, 2}}}, along({.axis = {0, 2}, .eps = 0.1})},
            {"empty", {{{0, 3}}}, along({})}};
  }
};
struct RmsNormOp : Standardize<RmsNormOp, 2> {
  static constexpr std::string_view name = "rms_norm";
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{rms_norm(x[0], x[1], {.eps = 0.1})}; };
    return {{"[2, 5]", {{{2, 5}}, {{5}}}, call}, {"[5]", {{{5}}, {{5}}}, call}, {"empty", {{{0, 3}}, {{3}}}, call}};
  }
};
struct LayerNormOp : Standardize<LayerNormOp, 3> {
  static constexpr std::string_view name = "layer_norm";
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{layer_norm(x[0], x[1], x[2], {.eps = 0.1})};
    };
    return {{"[2, 5]", {{{2, 5}}, {{5}}, {{5}}}, call},
            {"[2, 3, 4]", {{{2, 3, 4}}, {{4}}, {{4}}}, call},
            {"empty", {{{0, 3}}, {{3}}, {{3}}}, call}};
  }
};

Tensor standardized(const RowParams& p, const Tensor& x) { return apply<StandardizeOp>(p, Tensor(x)); }

/// Operands in one float dtype and in x's shape.
void settle(const char* name, std::span<Tensor* const> operands) {
  Type type = operands[0]->type();
  for (Tensor* t : operands) type = promote(type, t->type());
  const Shape shape = operands[0]->shape();
  for (Tensor* t : operands) {
    if (!(broadcast_shapes(name, shape, t->shape()) == shape)) {
      throw ShapeError(std::string(name) + ": scale or bias of shape " + to_string(t->shape()) +
                       " does not broadcast to the argument's " + to_string(shape) + level_context());
    }
    if (t->ndim() == 0 && t->device() == cpu) *t = t->to(operands[0]->device());
    *t = broadcast_to(astype_weak(std::move(*t), inexact(type.dtype)), shape);
  }
}

Tensor normalize(const char* name, Tensor x, Tensor scale, Tensor bias, const RowParams& p) {
  if (!scale.defined() && !bias.defined()) return apply<StandardizeOp>(p, to_float(std::move(x)));
  if (!scale.defined()) scale = Tensor(1.0);
  if (!bias.defined()) {
    Tensor* const all[] = {&x, &scale};
    settle(name, all);
    return apply<RmsNormOp>(p, std::move(x), std::move(scale));
  }
  Tensor* const all[] = {&x, &scale, &bias};
  settle(name, all);
  return apply<LayerNormOp>(p, std::move(x), std::move(scale), std::move(bias));
}

/// scale or bias, of the shape of the axes that are kept, beside x.
Tensor beside(const char* op, const char* what, const Tensor& t, const Shape& x, AxisSet reduced) {
  const Shape wanted = reduced_shape(x, reduced, false);
  if (!(t.shape() == wanted)) {
    throw ShapeError(std::string(op) + ": " + what + " has shape " + to_string(t.shape()) + ", the channels of " +
                     to_string(x) + " are " + to_string(wanted) + level_context());
  }
  return reshape(t, reduced_shape(x, reduced, true));
}

Samples batch_norm_samples() {
  const auto call = [](std::span<const Tensor> x) {
    const auto [y, m, v] = batch_norm(x[0], x[1], x[2], {.axes = {0}, .eps = 0.1});
    return std::vector<Tensor>{y, m, v};
  };
  const auto given = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{batch_norm(x[0], {}, {}, {.axes = {0, 1}, .mean = x[1], .var = x[2]})[0]};
  };
  return {{"[4, 3]", {{{4, 3}}, {{3}}, {{3}}}, call},
          {"[2, 3, 2], statistics given", {{{2, 3, 2}}, {{2}}, {{2}, Dtype::float32, 0.5, 2}}, given},
          {"no channels", {{{3, 0}}, {{0}}, {{0}}}, call}};
}

Samples group_norm_samples() {
  const auto groups = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{group_norm(x[0], x[1], x[2], {.groups = 2, .eps = 0.1})};
  };
  const auto batch = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{group_norm(x[0], {}, {}, {.groups = 2, .axis = 1, .axes = {2}, .eps = 0.1})};
  };
  return {{"[3, 4]", {{{3, 4}}, {{4}}, {{4}}}, groups},
          {"a batch [2, 4, 3], channels first", {{{2, 4, 3}}}, batch},
          {"empty batch", {{{0, 4, 3}}}, batch}};
}

Samples instance_norm_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{instance_norm(x[0], x[1], x[2], {.eps = 0.1})};
  };
  return {{"[4, 3]", {{{4, 3}}, {{3}}, {{3}}}, call}, {"empty", {{{2, 0}}, {{0}}, {{0}}}, call}};
}

}  // namespace

Tensor standardize(Tensor x, Normalization p) {
  const RowParams q{axis_set("standardize", p.axis, x.ndim()), p.eps, true};
  return normalize("standardize", std::move(x), {}, {}, q);
}

Tensor layer_norm(Tensor x, Tensor scale, Tensor bias, Normalization p) {
  const RowParams q{axis_set("layer_norm", p.axis, x.ndim()), p.eps, true};
  return normalize("layer_norm", std::move(x), std::move(scale), std::move(bias), q);
}

Tensor rms_norm(Tensor x, Tensor scale, RmsNormalization p) {
  const RowParams q{axis_set("rms_norm", p.axis, x.ndim()), p.eps, false};
  return normalize("rms_norm", std::move(x), std::move(scale), {}, q);
}

std::array<Tensor, 3> batch_norm(Tensor x, Tensor scale, Tensor bias, BatchNormalization p) {
  x = to_float(std::move(x));
  const Shape shape = x.shape();
  const AxisSet axes = axis_set("batch_norm", p.axes, x.ndim());
  const auto given = [&](const Tensor& t, const char* what) {
    return t.shape() == reduced_shape(shape, axes, true) ? t : beside("batch_norm", what, t, shape, axes);
  };
  const Tensor m = p.mean.defined() ? given(p.mean, "the mean") : mean(x, {.axes = p.axes, .keepdims = true});
  const Tensor v = p.var.defined() ? given(p.var, "the variance") : var(x, {.axes = p.axes, .keepdims = true});
  Tensor r = rsqrt(v + p.eps);
  if (scale.defined()) r = r * beside("batch_norm", "scale", scale, shape, axes);
  Tensor y = (std::move(x) - m) * r;
  if (bias.defined()) y = std::move(y) + beside("batch_norm", "bias", bias, shape, axes);
  return {y, m, v};
}

Tensor group_norm(Tensor x, Tensor scale, Tensor bias, GroupNormalization p) {
  x = to_float(std::move(x));
  const Shape shape = x.shape();
  const int channel = normalize_axis("group_norm", p.axis, x.ndim());
  const std::int64_t channels = shape[channel];
  if (p.groups < 1 || channels % p.groups != 0) {
    throw ShapeError("group_norm: " + std::to_string(p.groups) + " groups do not divide " + std::to_string(channels) +
                     " channels (axis " + std::to_string(channel) + " of " + to_string(shape) + ")" + level_context());
  }
  AxisSet spanned = axis_set("group_norm", p.axes, x.ndim());
  spanned.bits &= ~(1u << channel);
  Shape split = shape;
  split[channel] = p.groups;
  split.insert(channel + 1, channels / p.groups);
  AxisSet axes = spanned.beside(channel + 1);
  axes.bits |= 1u << (channel + 1);
  const Tensor y = reshape(apply<StandardizeOp>({axes, p.eps, true}, reshape(x, split)), shape);
  AxisSet others = all_axes(shape.size());
  others.bits &= ~(1u << channel);
  Tensor z = scale.defined() ? y * beside("group_norm", "scale", scale, shape, others) : y;
  return bias.defined() ? z + beside("group_norm", "bias", bias, shape, others) : z;
}

Tensor instance_norm(Tensor x, Tensor scale, Tensor bias, GroupNormalization p) {
  p.groups = std::max<std::int64_t>(1, x.shape()[normalize_axis("instance_norm", p.axis, x.ndim())]);
  return group_norm(std::move(x), std::move(scale), std::move(bias), p);
}

std::vector<Entry> normalize_entries() {
  return {entry<row<StandardizeOp>>(),
          entry<row<LayerNormOp>>(),
          entry<row<RmsNormOp>>(),
          composite("batch_norm", &batch_norm_samples),
          entry<row<StandardizePull>>(),
          composite("group_norm", &group_norm_samples),
          composite("instance_norm", &instance_norm_samples)};
}

}  // namespace strata
