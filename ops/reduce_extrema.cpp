// Largest and smallest elements, and where they stand.
// Their derivative goes through `share`: 1 for the extremum, divided among ties.
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

struct ShareParams {
  AxisSet axes;
  bool smallest;
};

/// The weight of each element in the largest (smallest) one along the axes: 1 / number of equals, 0 for the others.
struct ExtremumShare : NonDifferentiable<ExtremumShare, 1> {
  using Params = ShareParams;
  static constexpr std::string_view name = "extremum_share";
  static Tensor eval(const Params& p, Out x) {
    Tensor y = empty_dense(x[0].shape(), x[0].dtype(), x[0].device(), x[0].weak());
    backend(y).reductions.map_rows(RowOp::share, {x.data(), 1}, y, p.axes, 0, p.smallest);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<ExtremumShare>({p.axes.beside(x[0].axis), p.smallest}, std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() {
    const auto over = [](AxisSet axes, bool smallest) {
      return [axes, smallest](std::span<const Tensor> x) {
        return std::vector<Tensor>{apply<ExtremumShare>({axes, smallest}, Tensor(x[0]))};
      };
    };
    return {{"[2, 3] over 1", {{{2, 3}}}, over({2}, false)},
            {"[4, 3] over 0, smallest", {{{4, 3}}}, over({1}, true)},
            {"[2, 3] over all", {{{2, 3}}}, over({3}, false)},
            {"empty", {{{0, 2}}}, over({2}, false)}};
  }
};

template <class D, Reducer R>
struct Extremum : General<D, 1> {
  using Params = ReduceParams;
  static constexpr const char* without_elements = "give .initial, or check the size first";
  static constexpr bool takes_pending = true;
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    const Dtype dtype = x[0].dtype(), compute = compute_dtype(dtype);
    const bool truth = dtype == Dtype::bool_;
    Tensor y = empty_result(p, x[0], dtype, x[0].weak());
    reduce({!truth ? R : R == Reducer::max ? Reducer::any : Reducer::all, compute, p.axes}, x[0], y);
    return y;
  }
  static Tensor share(const Params& p, const Tensor& x) {
    return apply<ExtremumShare>({p.axes, R == Reducer::min}, Tensor(x));
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return sum(share(p, x[0]) * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims});
  }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) { dx[0] = share(p, x[0]) * keep_axes(g[0], p); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<D>(p, x[0]); }
  static Samples samples() {
    const auto over = [](ReduceFrom p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{D::call(x[0], p)}; };
    };
    return {{"[5] over all", {{{5}}}, over({})},
            {"[4, 3] over 0", {{{4, 3}}}, over({.axes = {0}})},
            {"[2, 3, 2] over 0, 2, kept", {{{2, 3, 2}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"[2, 3] over none", {{{2, 3}}}, over({.axes = {}})},
            {"[2, 3] from 0.3", {{{2, 3}}}, over({.axes = {1}, .initial = 0.3})},
            {"int32 [2, 3]", {{{2, 3}, Dtype::int32}}, over({.axes = {1}})},
            {"empty", {{{0, 2}}}, over({.axes = {1}})}};
  }
};
struct Max : Extremum<Max, Reducer::max> {
  static constexpr std::string_view name = "max";
  static Tensor call(Tensor x, ReduceFrom p) { return max(std::move(x), std::move(p)); }
};
struct Min : Extremum<Min, Reducer::min> {
  static constexpr std::string_view name = "min";
  static Tensor call(Tensor x, ReduceFrom p) { return min(std::move(x), std::move(p)); }
};

template <class D, Reducer R>
struct ArgExtremum : NonDifferentiable<D, 1> {
  using Params = ReduceParams;
  static constexpr const char* without_elements = "check the size first";
  static constexpr bool takes_pending = true;
  static Tensor eval(const Params& p, Out x) {
    const Dtype compute = x[0].dtype() == Dtype::bool_ ? Dtype::uint32 : compute_dtype(x[0].dtype());
    Tensor y = empty_result(p, x[0], Dtype::int32, false);
    reduce({R, compute, p.axes}, x[0], y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<D>(p, x[0]); }
  static Samples samples() {
    const auto along = [](ReduceOne p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{D::call(x[0], p)}; };
    };
    return {{"[5]", {{{5}}}, along({})},
            {"[4, 3] along 0", {{{4, 3}}}, along({.axis = 0})},
            {"[2, 3] of few values along -1, kept", {{{2, 3}, Dtype::int32}}, along({.axis = -1, .keepdims = true})},
            {"[2, 3] flattened", {{{2, 3}}}, along({})},
            {"empty", {{{0, 2}}}, along({.axis = 1})}};
  }
};
struct Argmax : ArgExtremum<Argmax, Reducer::argmax> {
  static constexpr std::string_view name = "argmax";
  static Tensor call(Tensor x, ReduceOne p) { return argmax(std::move(x), p); }
};
struct Argmin : ArgExtremum<Argmin, Reducer::argmin> {
  static constexpr std::string_view name = "argmin";
  static Tensor call(Tensor x, ReduceOne p) { return argmin(std::move(x), p); }
};

template <class D>
Tensor reduce_some(Tensor x, const AxesOrAll& axes, bool keepdims) {
  const ReduceParams p{x.shape(), axis_set(D::name.data(), axes, x.ndim()), keepdims};
  check_not_empty(D::name.data(), p.from, p.axes, D::without_elements);
  return apply<D>(p, std::move(x));
}

template <class D>
Tensor extremum(Tensor x, const ReduceFrom& p, Tensor (*join)(Tensor, Tensor)) {
  check_where(D::name.data(), x, p.where);
  if (p.where.defined()) {
    if (!p.initial.defined()) {
      throw ValueError(std::string(D::name) + ": with .where there may be no elements, so give .initial too" +
                       level_context());
    }
    x = where(p.where, std::move(x), p.initial);
  }
  if (!p.initial.defined()) return reduce_some<D>(std::move(x), p.axes, p.keepdims);
  const ReduceParams q{x.shape(), axis_set(D::name.data(), p.axes, x.ndim()), p.keepdims};
  if (reduced_count(q.from, q.axes) > 0) return join(apply<D>(q, std::move(x)), p.initial);
  const Dtype dtype = promote(x.type(), p.initial.type()).dtype;
  return broadcast_to(astype(p.initial, dtype).to(x.device()), reduced_shape(q.from, q.axes, q.keepdims));
}

Samples ptp_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{ptp(x[0], {.axes = {0}})}; };
  return {{"[4, 3]", {{{4, 3}}}, call}, {"empty", {{{2, 0}}}, call}};
}

}  // namespace

Tensor max(Tensor x, ReduceFrom p) { return extremum<Max>(std::move(x), p, &maximum); }
Tensor min(Tensor x, ReduceFrom p) { return extremum<Min>(std::move(x), p, &minimum); }
Tensor ptp(Tensor x, ReduceFrom p) { return max(x, p) - min(x, p); }

Tensor argmax(Tensor x, ReduceOne p) {
  return reduce_some<Argmax>(std::move(x), p.axis ? AxesOrAll(*p.axis) : every_axis, p.keepdims);
}
Tensor argmin(Tensor x, ReduceOne p) {
  return reduce_some<Argmin>(std::move(x), p.axis ? AxesOrAll(*p.axis) : every_axis, p.keepdims);
}

std::vector<Entry> reduce_extrema_entries() {
  return {entry<row<Max>>(),    entry<row<Min>>(),           entry<row<Argmax>>(),
          entry<row<Argmin>>(), entry<row<ExtremumShare>>(), composite("ptp", &ptp_samples)};
}

}  // namespace strata
