// Sums, means, and what tests or counts elements: any, all, count_nonzero.
// Linear or not differentiable; the other reductions are in ops/reduce_extrema.cpp and ops/reduce_moments.cpp.
#include "strata/ops/factored.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

struct SumParams : ReduceParams {
  double scale = 1;  // the mean's 1 / n
  Dtype dtype;       // of the result
};

Tensor sum_dense(const SumParams& p, const Tensor& x) {
  Tensor y = empty_result(p, x, p.dtype, x.weak() && p.dtype == x.dtype());
  const bool counts = x.dtype() == Dtype::bool_ && !is_float(p.dtype);
  const Dtype compute = counts ? Dtype::bool_ : compute_dtype(p.dtype);
  reduce({counts ? Reducer::count : Reducer::sum, compute, p.axes, p.scale}, x, y);
  return y;
}

struct Sum : Linear<Sum> {
  using Params = SumParams;
  static constexpr std::string_view name = "sum";
  static constexpr bool takes_pending = true;
  static Tensor eval(const Params& p, Tensor x) { return sum_dense(p, x); }
  static Tensor transpose(const Params& p, const Tensor& g) { return spread(p.scale == 1 ? g : g * p.scale, p); }
  static Lane batch(const Params& p, Lane x, Batch&) { return batch_reduced<Sum>(p, x); }
  static Tensor deferred(const Params& p, Out x) { return factored::sum(x[0], p.axes, p.keepdims, p.scale, p.dtype); }
  static Samples samples() {
    const auto over = [](Reduce p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{sum(x[0], p)}; };
    };
    const auto masked = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{sum(x[0], {.axes = {1}, .where = x[1]})};
    };
    const auto masked_mean = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{mean(x[0], {.axes = {0}, .where = logical_or(x[1], true)})};
    };
    const auto average = [](std::span<const Tensor> x) { return std::vector<Tensor>{mean(x[0], {.axes = {0}})}; };
    return {{"[2, 3] over -1", {{{2, 3}}}, over({.axes = {-1}})},
            {"[2, 3, 4] over 0, 2, kept", {{{2, 3, 4}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"[3, 4] over all", {{{3, 4}}}, over({})},
            {"[2] over none", {{{2}}}, over({.axes = {}})},
            {"mean of [3, 2] over 0", {{{3, 2}}}, average},
            {"[2, 3] where", {{{2, 3}}, {{2, 3}, Dtype::bool_}}, masked},
            {"mean of [2, 3] where", {{{2, 3}}, {{3}, Dtype::bool_}}, masked_mean},
            {"empty", {{{2, 0}}}, over({.axes = {-1}})}};
  }
};

/// any, all, count_nonzero of a bool tensor.
template <class D, Reducer R>
struct Test : NonDifferentiable<D, 1> {
  using Params = ReduceParams;
  static constexpr bool takes_pending = true;
  static Tensor eval(const Params& p, Out x) {
    Tensor y = empty_result(p, x[0], R == Reducer::count ? Dtype::int32 : Dtype::bool_, false);
    reduce({R, Dtype::bool_, p.axes}, x[0], y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<D>(p, x[0]); }
  static Samples samples() {
    const auto over = [](Reduce p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{D::call(x[0], p)}; };
    };
    return {{"[2, 3] over -1", {{{2, 3}, Dtype::bool_}}, over({.axes = {-1}})},
            {"[2, 3] over all", {{{2, 3}, Dtype::int32}}, over({})},
            {"[2, 3] over 0, kept", {{{2, 3}}}, over({.axes = {0}, .keepdims = true})},
            {"empty", {{{0, 2}, Dtype::bool_}}, over({.axes = {0}})}};
  }
};
struct Any : Test<Any, Reducer::any> {
  static constexpr std::string_view name = "any";
  static Tensor call(Tensor x, Reduce p) { return any(std::move(x), std::move(p)); }
};
struct All : Test<All, Reducer::all> {
  static constexpr std::string_view name = "all";
  static Tensor call(Tensor x, Reduce p) { return strata::all(std::move(x), std::move(p)); }
};
struct CountNonzero : Test<CountNonzero, Reducer::count> {
  static constexpr std::string_view name = "count_nonzero";
  static Tensor call(Tensor x, Reduce p) { return count_nonzero(std::move(x), std::move(p)); }
};

template <class D>
Tensor test(const char* name, Tensor x, const Reduce& p, bool left_out) {
  check_where(name, x, p.where);
  if (x.dtype() != Dtype::bool_) x = astype(std::move(x), Dtype::bool_);
  if (p.where.defined()) x = where(p.where, std::move(x), left_out);
  const ReduceParams q{x.shape(), axis_set(name, p.axes, x.ndim()), p.keepdims};
  return apply<D>(q, std::move(x));
}

}  // namespace

Tensor sum(Tensor x, Reduce p) {
  check_where("sum", x, p.where);
  if (p.where.defined()) x = where(p.where, std::move(x), 0);
  const SumParams q{{x.shape(), axis_set("sum", p.axes, x.ndim()), p.keepdims}, 1, sum_dtype(x.dtype())};
  return apply<Sum>(q, std::move(x));
}

Tensor mean(Tensor x, Reduce p) {
  check_where("mean", x, p.where);
  if (p.where.defined()) {
    const Dtype dtype = inexact(x.dtype());
    x = astype_weak(std::move(x), dtype);
    x = where(p.where, std::move(x), 0);
    const Tensor count = count_nonzero(broadcast_to(p.where, x.shape()), {.axes = p.axes, .keepdims = p.keepdims});
    return sum(std::move(x), {.axes = p.axes, .keepdims = p.keepdims}) / count;
  }
  const AxisSet axes = axis_set("mean", p.axes, x.ndim());
  const double scale = 1 / static_cast<double>(reduced_count(x.shape(), axes));
  const SumParams q{{x.shape(), axes, p.keepdims}, scale, inexact(x.dtype())};
  return apply<Sum>(q, std::move(x));
}

Tensor any(Tensor x, Reduce p) { return test<Any>("any", std::move(x), p, false); }
Tensor AllTag::operator()(Tensor x) const { return (*this)(std::move(x), Reduce{}); }
Tensor AllTag::operator()(Tensor x, Reduce p) const { return test<All>("all", std::move(x), p, true); }
Tensor count_nonzero(Tensor x, Reduce p) { return test<CountNonzero>("count_nonzero", std::move(x), p, false); }

Tensor sum_to(Tensor x, const Shape& shape) {
  if (x.shape() == shape) return x;
  AxisSet axes;
  const int offset = x.ndim() - shape.size();
  for (int i = 0; i < x.ndim(); ++i) {
    if (i < offset || (shape[i - offset] == 1 && x.shape()[i] != 1)) axes.bits |= 1u << i;
  }
  const SumParams q{{x.shape(), axes, offset == 0}, 1, sum_dtype(x.dtype())};
  return reshape(apply<Sum>(q, std::move(x)), shape);
}

std::vector<Entry> reduce_entries() {
  return {entry<row<Sum>>(), entry<row<Any>>(), entry<row<All>>(), entry<row<CountNonzero>>()};
}

}  // namespace strata
