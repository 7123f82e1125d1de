// Products and variances. A product's derivative is made of running products from both ends, so zeros do no harm.
#include "strata/core/convert.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

struct Prod : General<Prod, 1> {
  using Params = ReduceParams;
  static constexpr std::string_view name = "prod";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    const Dtype from = x[0].dtype(), dtype = sum_dtype(from), compute = compute_dtype(dtype);
    Tensor y = empty_result(p, x[0], dtype, x[0].weak() && from == dtype);
    std::byte* to = dense(y).data;
    reduce_dense(Reducer::prod, compute, x[0], p.axes, [&](const void* states, std::int64_t first, std::int64_t n) {
      convert_run(states, compute, to + first * itemsize(dtype), dtype, n);
    });
    return y;
  }
  /// For each element, the product of the others: of those before it times of those after it.
  static Tensor others(const Params& p, const Tensor& x) {
    std::vector<int> order, inverse(static_cast<std::size_t>(x.ndim()));
    for (const bool reduced : {false, true}) {
      for (int i = 0; i < x.ndim(); ++i) {
        if (p.axes.has(i) == reduced) order.push_back(i);
      }
    }
    for (std::size_t i = 0; i < order.size(); ++i) inverse[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    const Tensor moved = transpose(x, AxisList(order));
    Shape flat = reduced_shape(p.from, p.axes, false);
    flat.push_back(reduced_count(p.from, p.axes));
    const Tensor lines = reshape(moved, flat);
    const Tensor y = cumprod(lines, {.axis = -1, .exclusive = true}) *
                     cumprod(lines, {.axis = -1, .reverse = true, .exclusive = true});
    return transpose(reshape(y, moved.shape()), AxisList(inverse));
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return sum(others(p, x[0]) * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims});
  }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) { dx[0] = others(p, x[0]) * keep_axes(g[0], p); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    const int lane = lane_of_result(p, x[0]);
    const Params q = lane_params(p, x[0]);
    return {apply<Prod>(q, std::move(x[0].value)), lane};
  }
  static Samples samples() {
    const auto over = [](Reduce p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{prod(x[0], p)}; };
    };
    return {{"[5] over all", {{{5}}}, over({})},
            {"[4, 3] over 0", {{{4, 3}}}, over({.axes = {0}})},
            {"[2, 3, 2] over 0, 2, kept", {{{2, 3, 2}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"with zeros", {{{6}, Dtype::float32, -2, 2, array({1.f, 0.f, 2.f, 0.f, 3.f, 1.f})}}, over({})},
            {"empty", {{{2, 0}}}, over({.axes = {1}})}};
  }
};

struct VarParams : ReduceParams {
  double ddof = 0;
  double divisor() const { return static_cast<double>(reduced_count(from, axes)) - ddof; }
};

/// d var = 2 / (n - ddof) sum((x - mean) dx): the mean's own change adds up to nothing.
struct Var : General<Var, 1> {
  using Params = VarParams;
  static constexpr std::string_view name = "var";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    const Dtype dtype = x[0].dtype();
    Tensor y = empty_result(p, x[0], dtype, x[0].weak());
    std::byte* to = dense(y).data;
    reduce_dense(Reducer::moments, compute_dtype(dtype), x[0], p.axes,
                 [&](const void* states, std::int64_t first, std::int64_t n) {
                   const auto* s = static_cast<const Moments*>(states);
                   for (std::int64_t i = 0; i < n; ++i) {
                     const double v = s[i].m2 / (s[i].count - p.ddof);
                     convert_element(&v, Dtype::float64, to + (first + i) * itemsize(dtype), dtype);
                   }
                 });
    return y;
  }
  static Tensor slope(const Params& p, const Tensor& x) {
    return (2 / p.divisor()) * (x - mean(x, {.axes = axis_list(p.axes), .keepdims = true}));
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return sum(slope(p, x[0]) * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims});
  }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) { dx[0] = slope(p, x[0]) * keep_axes(g[0], p); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    const int lane = lane_of_result(p, x[0]);
    const Params q{lane_params(p, x[0]), p.ddof};
    return {apply<Var>(q, std::move(x[0].value)), lane};
  }
  static Samples samples() {
    const auto over = [](Deviation p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{var(x[0], p)}; };
    };
    return {{"[5] over all", {{{5}}}, over({})},
            {"[4, 3] over 0, unbiased", {{{4, 3}}}, over({.axes = {0}, .ddof = 1})},
            {"[2, 3, 2] over 0, 2, kept", {{{2, 3, 2}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"empty", {{{0, 2}}}, over({.axes = {1}})}};
  }
};

}  // namespace

Tensor prod(Tensor x, Reduce p) {
  const ReduceParams q{x.shape(), axis_set("prod", p.axes, x.ndim()), p.keepdims};
  return apply<Prod>(q, std::move(x));
}

Tensor var(Tensor x, Deviation p) {
  const VarParams q{{x.shape(), axis_set("var", p.axes, x.ndim()), p.keepdims}, p.ddof};
  if (!is_float(x.dtype())) x = astype(std::move(x), inexact(x.dtype()));
  return apply<Var>(q, std::move(x));
}

std::vector<Entry> reduce_moments_entries() { return {entry<row<Prod>>(), entry<row<Var>>()}; }

}  // namespace strata
