// softmax, log_softmax, logsumexp: one pass over each row; their derivatives are fused rows too, differentiable again
// by rules made of ops.
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

struct SoftmaxParams {
  AxisSet axes;
  bool empty_rows;  // a row of nothing but -inf means that nothing is there
};

Tensor run_row(RowOp op, const SoftmaxParams& p, std::span<const Tensor> x) {
  Tensor y = empty_dense(x[0].shape(), x[0].dtype(), x[0].device(), x[0].weak());
  backend(y).reductions.map_rows(op, x, y, p.axes, 0, p.empty_rows);
  return y;
}

Tensor sum_rows(const Tensor& x, const SoftmaxParams& p) {
  return sum(x, {.axes = axis_list(p.axes), .keepdims = true});
}

template <class D>
Lane batch_pair(const SoftmaxParams& p, std::span<Lane> x, const Batch& batch) {
  Tensor a = lanes_first(x[0], batch.size), b = lanes_first(x[1], batch.size);
  return {apply<D>({p.axes.beside(0), p.empty_rows}, std::move(a), std::move(b)), 0};
}

Samples row_samples(Tensor (*f)(Tensor, Softmax)) {
  const auto along = [f](Softmax p) {
    return [f, p](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], p)}; };
  };
  return {{"[2, 5]", {{{2, 5}}}, along({})},
          {"[4, 3] along 0", {{{4, 3}}}, along({.axis = 0})},
          {"[2, 3, 2] along 0, 2", {{{2, 3, 2}}}, along({.axis = {0, 2}})},
          {"empty", {{{0, 3}}}, along({})}};
}

template <class D>
Samples pair_samples() {
  const auto along = [](AxisSet axes) {
    return [axes](std::span<const Tensor> x) {
      return std::vector<Tensor>{apply<D>({axes, false}, Tensor(x[0]), Tensor(x[1]))};
    };
  };
  return {{"[2, 5] along 1", {{{2, 5}}, {{2, 5}}}, along({2})},
          {"[4, 3] along 0", {{{4, 3}}, {{4, 3}}}, along({1})},
          {"empty", {{{0, 3}}, {{0, 3}}}, along({2})}};
}

/// y (t - sum(y t)): softmax's derivative, symmetric, from its result.
struct SoftmaxPull : General<SoftmaxPull, 2> {
  using Params = SoftmaxParams;
  static constexpr std::string_view name = "softmax_pull";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::softmax_pull, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    Tensor d;
    if (dx[1].defined()) d = apply<SoftmaxPull>(p, Tensor(x[0]), Tensor(dx[1]));
    if (!dx[0].defined()) return d;
    const Tensor moved = dx[0] * (x[1] - sum_rows(x[0] * x[1], p)) - x[0] * sum_rows(dx[0] * x[1], p);
    return add_tangents(std::move(d), moved);
  }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = g[0] * (x[1] - sum_rows(x[0] * x[1], p)) - x[1] * sum_rows(g[0] * x[0], p);
    if (need[1]) dx[1] = apply<SoftmaxPull>(p, Tensor(x[0]), Tensor(g[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& b) { return batch_pair<SoftmaxPull>(p, x, b); }
  static Samples samples() { return pair_samples<SoftmaxPull>(); }
};

struct SoftmaxOp : General<SoftmaxOp, 1> {
  using Params = SoftmaxParams;
  static constexpr std::string_view name = "softmax";
  static constexpr Keep keep = Keep::result;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::softmax, p, x); }
  static Tensor jvp(const Params& p, In, In dx, In y) { return apply<SoftmaxPull>(p, Tensor(y[0]), Tensor(dx[0])); }
  static void vjp(const Params& p, In, In y, In g, Need, Out dx) {
    dx[0] = apply<SoftmaxPull>(p, Tensor(y[0]), Tensor(g[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<SoftmaxOp>({p.axes.beside(x[0].axis), p.empty_rows}, std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() { return row_samples(&softmax); }
};

struct LogSoftmaxPull;
/// log_softmax's derivative at y = log_softmax(x): t - sum(exp(y) t).
struct LogSoftmaxPush : General<LogSoftmaxPush, 2> {
  using Params = SoftmaxParams;
  static constexpr std::string_view name = "log_softmax_push";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::log_softmax_push, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    Tensor d;
    if (dx[1].defined()) d = apply<LogSoftmaxPush>(p, Tensor(x[0]), Tensor(dx[1]));
    if (!dx[0].defined()) return d;
    const Tensor moved = broadcast_to(-sum_rows(exp(x[0]) * x[1] * dx[0], p), x[0].shape());
    return add_tangents(std::move(d), moved);
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx);
  static Lane batch(const Params& p, std::span<Lane> x, Batch& b) { return batch_pair<LogSoftmaxPush>(p, x, b); }
  static Samples samples() { return pair_samples<LogSoftmaxPush>(); }
};

/// Its transpose: t - exp(y) sum(t).
struct LogSoftmaxPull : General<LogSoftmaxPull, 2> {
  using Params = SoftmaxParams;
  static constexpr std::string_view name = "log_softmax_pull";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::log_softmax_pull, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    Tensor d;
    if (dx[1].defined()) d = apply<LogSoftmaxPull>(p, Tensor(x[0]), Tensor(dx[1]));
    if (!dx[0].defined()) return d;
    return add_tangents(std::move(d), -(exp(x[0]) * dx[0] * sum_rows(x[1], p)));
  }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = -(exp(x[0]) * g[0] * sum_rows(x[1], p));
    if (need[1]) dx[1] = apply<LogSoftmaxPush>(p, Tensor(x[0]), Tensor(g[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& b) { return batch_pair<LogSoftmaxPull>(p, x, b); }
  static Samples samples() { return pair_samples<LogSoftmaxPull>(); }
};

void LogSoftmaxPush::vjp(const Params& p, In x, In, In g, Need need, Out dx) {
  if (need[0]) dx[0] = -(exp(x[0]) * x[1] * sum_rows(g[0], p));
  if (need[1]) dx[1] = apply<LogSoftmaxPull>(p, Tensor(x[0]), Tensor(g[0]));
}

struct LogSoftmaxOp : General<LogSoftmaxOp, 1> {
  using Params = SoftmaxParams;
  static constexpr std::string_view name = "log_softmax";
  static constexpr Keep keep = Keep::result;
  static Tensor eval(const Params& p, Out x) { return run_row(RowOp::log_softmax, p, x); }
  static Tensor jvp(const Params& p, In, In dx, In y) { return apply<LogSoftmaxPush>(p, Tensor(y[0]), Tensor(dx[0])); }
  static void vjp(const Params& p, In, In y, In g, Need, Out dx) {
    dx[0] = apply<LogSoftmaxPull>(p, Tensor(y[0]), Tensor(g[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<LogSoftmaxOp>({p.axes.beside(x[0].axis), p.empty_rows}, std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() { return row_samples(&log_softmax); }
};

/// Its derivative is softmax, 0 in a row of -inf.
struct LogSumExpOp : General<LogSumExpOp, 1> {
  static constexpr bool takes_pending = true;
  using Params = ReduceParams;
  static constexpr std::string_view name = "logsumexp";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    const Dtype dtype = x[0].dtype();
    Tensor y = empty_result(p, x[0], dtype, x[0].weak());
    reduce({Reducer::logsumexp, compute_dtype(dtype), p.axes}, x[0], y);
    return y;
  }
  static Tensor weights(const Params& p, const Tensor& x) { return apply<SoftmaxOp>({p.axes, true}, Tensor(x)); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return sum(weights(p, x[0]) * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims});
  }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) { dx[0] = weights(p, x[0]) * keep_axes(g[0], p); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<LogSumExpOp>(p, x[0]); }
  static Samples samples() {
    const auto over = [](LogSumExp p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{logsumexp(x[0], p)}; };
    };
    const auto weighted = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{logsumexp(x[0], {.axes = {1}, .b = x[1]})};
    };
    return {{"[5] over all", {{{5}}}, over({})},
            {"[4, 3] over 0", {{{4, 3}}}, over({.axes = {0}})},
            {"[2, 3, 2] over 0, 2, kept", {{{2, 3, 2}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"weighted", {{{2, 3}}, {{2, 3}, Dtype::float32, 0.5, 2}}, weighted},
            {"empty", {{{2, 0}}}, over({.axes = {1}})}};
  }
};

/// log |sum of b exp(x)| the long way: shifted by the largest exponent that counts.
Tensor weighted_logsumexp(Tensor x, const Tensor& b, const AxesOrAll& axes, bool keepdims) {
  const double none = -std::numeric_limits<double>::infinity();
  x = where(b != 0, x, none);
  Tensor top = stop_gradient(max(x, {.axes = axes, .keepdims = true}));
  top = where(isfinite(top), top, 0);
  const Tensor total = log(sum(b * exp(x - top), {.axes = axes, .keepdims = true})) + top;
  const ReduceParams p{x.shape(), axis_set("logsumexp", axes, x.ndim()), keepdims};
  return drop_axes(total, p);
}

template <class D>
Tensor normalized_exp(const char* name, Tensor x, const Softmax& p, double left_out) {
  check_where(name, x, p.where);
  x = to_float(std::move(x));
  const SoftmaxParams q{axis_set(name, p.axis, x.ndim()), p.where.defined()};
  if (!p.where.defined()) return apply<D>(q, std::move(x));
  const double none = -std::numeric_limits<double>::infinity();
  return where(p.where, apply<D>(q, where(p.where, std::move(x), none)), left_out);
}

Samples logmeanexp_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{logmeanexp(x[0], {.axes = {0}})}; };
  return {{"[4, 3]", {{{4, 3}}}, call}, {"empty", {{{2, 0}}}, call}};
}

}  // namespace

Tensor softmax(Tensor x, Softmax p) { return normalized_exp<SoftmaxOp>("softmax", std::move(x), p, 0); }
Tensor log_softmax(Tensor x, Softmax p) {
  return normalized_exp<LogSoftmaxOp>("log_softmax", std::move(x), p, -std::numeric_limits<double>::infinity());
}

Tensor logsumexp(Tensor x, LogSumExp p) {
  check_where("logsumexp", x, p.where);
  x = to_float(std::move(x));
  if (p.where.defined()) x = where(p.where, std::move(x), -std::numeric_limits<double>::infinity());
  if (p.b.defined()) {
    const Shape shape = broadcast_shapes("logsumexp", x.shape(), p.b.shape());
    return weighted_logsumexp(broadcast_to(std::move(x), shape), p.b, p.axes, p.keepdims);
  }
  const ReduceParams q{x.shape(), axis_set("logsumexp", p.axes, x.ndim()), p.keepdims};
  return apply<LogSumExpOp>(q, std::move(x));
}

Tensor logmeanexp(Tensor x, LogSumExp p) {
  const AxisSet axes = axis_set("logmeanexp", p.axes, x.ndim());
  const Tensor count = p.where.defined()
                           ? count_nonzero(broadcast_to(p.where, x.shape()), {.axes = p.axes, .keepdims = p.keepdims})
                           : Tensor(static_cast<double>(reduced_count(x.shape(), axes)));
  return logsumexp(std::move(x), p) - log(count);
}

std::vector<Entry> softmax_entries() {
  return {entry<row<SoftmaxOp>>(),
          entry<row<LogSoftmaxOp>>(),
          entry<row<LogSumExpOp>>(),
          entry<row<SoftmaxPull>>(),
          entry<row<LogSoftmaxPush>>(),
          entry<row<LogSoftmaxPull>>(),
          composite("logmeanexp", &logmeanexp_samples)};
}

}  // namespace strata
