// Statistics as compositions of reductions, sorts and products; derivatives and batching follow from the parts.
#include <cmath>
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Tensor no_nan(const Tensor& x, const Tensor& mask) {
  const Tensor some = logical_not(isnan(x));
  return mask.defined() ? logical_and(some, mask) : some;
}

/// Where the quantiles lie in sorted lines of n elements, and what the two neighbours weigh.
struct Place {
  Tensor low, high, high_weight;
  Place(const Tensor& q, const Tensor& n) {
    const Tensor last = n - 1, at = q * last;
    const Tensor below = floor(at), top = maximum(last, 0);
    high_weight = at - below;
    low = astype(minimum(maximum(below, 0), top), Dtype::int32);
    high = astype(minimum(maximum(ceil(at), 0), top), Dtype::int32);
  }
  Tensor between(const Tensor& a, const Tensor& b, Between method) const {
    switch (method) {
      case Between::lower:
        return a;
      case Between::higher:
        return b;
      case Between::midpoint:
        return (a + b) * 0.5;
      case Between::nearest:
        return where(high_weight <= 0.5, a, b);
      case Between::linear:
        break;
    }
    return a * (1 - high_weight) + b * high_weight;
  }
};

/// [kept.., Q..] to [Q.., kept..], with the reduced axes back as size 1 if they are to be kept.
Tensor quantile_shape(const Tensor& y, int q_rank, const ReduceParams& p) {
  const int kept = y.ndim() - q_rank;
  std::vector<int> order;
  for (int i = 0; i < q_rank; ++i) order.push_back(kept + i);
  for (int i = 0; i < kept; ++i) order.push_back(i);
  const Tensor moved = transpose(y, AxisList(std::move(order)));
  return reshape(moved, moved.shape().slice(0, q_rank) + reduced_shape(p.from, p.axes, p.keepdims));
}

Tensor quantile_of(const char* name, Tensor x, Tensor q, const Quantile& p, bool skip_nan) {
  x = to_float(std::move(x));
  q = astype(std::move(q), x.dtype()).to(x.device());
  const ReduceParams r{x.shape(), axis_set(name, p.axes, x.ndim()), p.keepdims};
  check_not_empty(name, r.from, r.axes);
  const Tensor lines = sort(reduced_last(x, r.axes));
  const std::int64_t n = lines.shape().back();
  if (!skip_nan) {
    const Place place(reshape(q, {q.size()}), Tensor(static_cast<double>(n)));
    const Tensor a = take(lines, place.low, {.axis = -1}), b = take(lines, place.high, {.axis = -1});
    // NaN is sorted to the end.
    const Tensor bad = isnan(slice_in_dim(lines, n - 1, n, 1, {.axis = -1}));
    const Tensor y = where(bad, not_a_number, place.between(a, b, p.method));
    return quantile_shape(reshape(y, lines.shape().slice(0, lines.ndim() - 1) + q.shape()), q.ndim(), r);
  }
  const Tensor count = astype(count_nonzero(logical_not(isnan(lines)), {.axes = {-1}, .keepdims = true}), x.dtype());
  const Place place(reshape(q, {q.size()}), count);
  const Tensor a = take_along_axis(lines, place.low), b = take_along_axis(lines, place.high);
  const Tensor y = where(count == 0, not_a_number, place.between(a, b, p.method));
  return quantile_shape(reshape(y, lines.shape().slice(0, lines.ndim() - 1) + q.shape()), q.ndim(), r);
}

Tensor nan_extremum(Tensor x, const Reduce& p, bool largest) {
  const ReduceFrom from{.axes = p.axes, .keepdims = p.keepdims};
  if (!is_float(x.dtype())) return largest ? max(std::move(x), from) : min(std::move(x), from);
  const Tensor some = no_nan(x, p.where);
  const ReduceParams r{x.shape(), axis_set(largest ? "nanmax" : "nanmin", p.axes, x.ndim()), p.keepdims};
  check_not_empty(largest ? "nanmax" : "nanmin", r.from, r.axes);
  const Tensor filled = where(some, x, largest ? -infinity : infinity);
  const Tensor y = largest ? max(filled, from) : min(filled, from);
  return where(any(some, {.axes = p.axes, .keepdims = p.keepdims}), y, not_a_number);
}

Tensor nan_position(Tensor x, const ReduceOne& p, bool largest) {
  const AxesOrAll axes = p.axis ? AxesOrAll(*p.axis) : every_axis;
  const Tensor some = no_nan(x, {});
  const Tensor filled = where(some, x, largest ? -infinity : infinity);
  const Tensor y = largest ? argmax(filled, p) : argmin(filled, p);
  return where(any(some, {.axes = axes, .keepdims = p.keepdims}), y, -1);
}

// ---- samples: one call each on a matrix, one on an empty one

using Function = std::function<Tensor(std::span<const Tensor>)>;
Samples on_matrix(Function f, Shape empty, int arguments = 1, double low = -2, double high = 2) {
  const auto call = [f = std::move(f)](std::span<const Tensor> x) { return std::vector<Tensor>{f(x)}; };
  const std::vector<Argument> full(static_cast<std::size_t>(arguments), Argument{{4, 3}, Dtype::float32, low, high});
  const std::vector<Argument> none(static_cast<std::size_t>(arguments), Argument{empty, Dtype::float32, low, high});
  return {{"[4, 3]", full, call}, {"empty", none, call}};
}

using In1 = std::span<const Tensor>;
Samples quantile_samples() {
  return on_matrix([](In1 x) { return quantile(x[0], array({0.25f, 0.6f}), {.axes = {0}}); }, {4, 0});
}
Samples percentile_samples() {
  return on_matrix([](In1 x) { return percentile(x[0], 30, {.axes = {1}, .keepdims = true}); }, {0, 3});
}
Samples median_samples() {
  return on_matrix([](In1 x) { return median(x[0], {.axes = {0}}); }, {4, 0});
}
Samples nanquantile_samples() {
  return on_matrix([](In1 x) { return nanquantile(x[0], 0.3, {.axes = {0}}); }, {4, 0});
}
Samples nanmedian_samples() {
  return on_matrix([](In1 x) { return nanmedian(x[0], {.axes = {1}}); }, {0, 3});
}
Samples average_samples() {
  return on_matrix([](In1 x) { return average(x[0], x[1], {.axes = {0}}); }, {4, 0}, 2, 0.5, 2);
}
template <Tensor (*F)(Tensor, Reduce)>
Samples nan_samples() {
  return on_matrix([](In1 x) { return F(x[0], {.axes = {0}}); }, {4, 0});
}
template <Tensor (*F)(Tensor, Deviation)>
Samples nan_spread_samples() {
  return on_matrix([](In1 x) { return F(x[0], {.axes = {0}}); }, {4, 0});
}
template <Tensor (*F)(Tensor, ReduceOne)>
Samples nan_position_samples() {
  return on_matrix([](In1 x) { return F(x[0], {.axis = 0}); }, {4, 0});
}
template <Tensor (*F)(Tensor, Cumulative)>
Samples nan_running_samples() {
  return on_matrix([](In1 x) { return F(x[0], {.axis = 0}); }, {4, 0});
}
Samples cov_samples() {
  return on_matrix([](In1 x) { return cov(x[0]); }, {0, 3});
}
Samples corrcoef_samples() {
  return on_matrix([](In1 x) { return corrcoef(x[0] + reshape(arange(x[0].size()), x[0].shape())); }, {0, 3});
}

}  // namespace

Tensor quantile(Tensor x, Tensor q, Quantile p) {
  return quantile_of("quantile", std::move(x), std::move(q), p, false);
}
Tensor percentile(Tensor x, Tensor q, Quantile p) {
  return quantile_of("percentile", std::move(x), std::move(q) / 100, p, false);
}
Tensor median(Tensor x, Reduce p) {
  const Quantile q{.axes = p.axes, .keepdims = p.keepdims, .method = Between::midpoint};
  return quantile_of("median", std::move(x), 0.5, q, false);
}
Tensor nanquantile(Tensor x, Tensor q, Quantile p) {
  return quantile_of("nanquantile", std::move(x), std::move(q), p, true);
}
Tensor nanmedian(Tensor x, Reduce p) {
  const Quantile q{.axes = p.axes, .keepdims = p.keepdims, .method = Between::midpoint};
  return quantile_of("nanmedian", std::move(x), 0.5, q, true);
}

Tensor average(Tensor x, Tensor weights, Reduce p) {
  if (!weights.defined()) return mean(std::move(x), std::move(p));
  x = to_float(std::move(x));
  if (!(weights.shape() == x.shape())) {
    const AxisSet axes = axis_set("average", p.axes, x.ndim());
    if (weights.ndim() != 1 || axes.count() != 1 || weights.size() != reduced_count(x.shape(), axes)) {
      throw ShapeError("average: weights of shape " + to_string(weights.shape()) + " for an argument of shape " +
                       to_string(x.shape()) + ": they have its shape, or that of the one axis averaged over" +
                       level_context());
    }
    Shape beside = Shape::filled(x.ndim(), 1);
    beside[axis_list(axes)[0]] = weights.size();
    weights = broadcast_to(reshape(std::move(weights), beside), x.shape());
  }
  return sum(x * weights, p) / sum(weights, p);
}

Tensor nansum(Tensor x, Reduce p) {
  p.where = no_nan(x, p.where);
  return sum(std::move(x), std::move(p));
}
Tensor nanprod(Tensor x, Reduce p) {
  p.where = no_nan(x, p.where);
  return prod(std::move(x), std::move(p));
}
Tensor nanmean(Tensor x, Reduce p) {
  p.where = no_nan(x, p.where);
  return mean(std::move(x), std::move(p));
}
Tensor nanmax(Tensor x, Reduce p) { return nan_extremum(std::move(x), p, true); }
Tensor nanmin(Tensor x, Reduce p) { return nan_extremum(std::move(x), p, false); }
Tensor nanvar(Tensor x, Deviation p) {
  p.where = no_nan(x, p.where);
  return var(std::move(x), std::move(p));
}
Tensor nanstd(Tensor x, Deviation p) {
  p.where = no_nan(x, p.where);
  return strata::std(std::move(x), std::move(p));
}
Tensor nanargmax(Tensor x, ReduceOne p) { return nan_position(std::move(x), p, true); }
Tensor nanargmin(Tensor x, ReduceOne p) { return nan_position(std::move(x), p, false); }
Tensor nancumsum(Tensor x, Cumulative p) { return cumsum(where(isnan(x), 0, x), p); }
Tensor nancumprod(Tensor x, Cumulative p) { return cumprod(where(isnan(x), 1, x), p); }

Tensor cov(Tensor x, Covariance p) {
  x = to_float(std::move(x));
  if (x.ndim() > 2)
    throw ShapeError("cov: shape " + to_string(x.shape()) + " is no vector or matrix" + level_context());
  const bool vector = x.ndim() == 1;
  if (vector) x = expand_dims(std::move(x), 0);
  if (!vector && !p.rowvar) x = transpose(std::move(x));
  const double n = static_cast<double>(x.shape()[1]);
  const Tensor centred = x - mean(x, {.axes = {1}, .keepdims = true});
  const Tensor c = matmul(centred, transpose(centred)) / (n - p.ddof);
  return c.shape() == Shape{1, 1} ? reshape(c, {}) : c;
}

Tensor corrcoef(Tensor x, Covariance p) {
  const Tensor c = cov(std::move(x), p);
  if (c.ndim() == 0) return c / c;
  const Tensor d = sqrt(diagonal(c));
  return clip(c / expand_dims(d, 1) / expand_dims(d, 0), -1, 1);
}

std::vector<Entry> reduce_statistics_entries() {
  return {composite("quantile", &quantile_samples),
          composite("percentile", &percentile_samples),
          composite("median", &median_samples),
          composite("nanquantile", &nanquantile_samples),
          composite("nanmedian", &nanmedian_samples),
          composite("average", &average_samples),
          composite("nansum", &nan_samples<&nansum>),
          composite("nanprod", &nan_samples<&nanprod>),
          composite("nanmean", &nan_samples<&nanmean>),
          composite("nanmax", &nan_samples<&nanmax>),
          composite("nanmin", &nan_samples<&nanmin>),
          composite("nanvar", &nan_spread_samples<&nanvar>),
          composite("nanstd", &nan_spread_samples<&nanstd>),
          composite("nanargmax", &nan_position_samples<&nanargmax>),
          composite("nanargmin", &nan_position_samples<&nanargmin>),
          composite("nancumsum", &nan_running_samples<&nancumsum>),
          composite("nancumprod", &nan_running_samples<&nancumprod>),
          composite("cov", &cov_samples),
          composite("corrcoef", &corrcoef_samples)};
}

}  // namespace strata
