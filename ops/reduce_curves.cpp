// Curves and counts as compositions: differences, integrals, interpolation, histograms; comparisons of whole tensors.
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

/// x without its first (last) element along an axis.
Tensor tail(const Tensor& x, int axis) { return slice_in_dim(x, 1, x.shape()[axis], 1, {.axis = axis}); }
Tensor head(const Tensor& x, int axis) { return slice_in_dim(x, 0, x.shape()[axis] - 1, 1, {.axis = axis}); }

Tensor histogram_edges(const Tensor& x, const Histogram& p) {
  Tensor low, high;
  if (p.range) {
    low = (*p.range)[0];
    high = (*p.range)[1];
  } else if (x.size() == 0) {
    low = 0.0;
    high = 1.0;
  } else {
    low = min(x);
    high = max(x);
  }
  const Tensor same = low == high;
  const Tensor from = where(same, low - 0.5, low), to = where(same, high + 0.5, high);
  const Tensor steps = astype(arange(p.bins + 1, {.device = x.device()}), x.dtype()) / static_cast<double>(p.bins);
  return from * (1 - steps) + to * steps;
}

Samples diff_samples() {
  const auto call = [](Difference p) {
    return [p](std::span<const Tensor> x) { return std::vector<Tensor>{diff(x[0], p)}; };
  };
  return {{"[2, 4]", {{{2, 4}}}, call({})},
          {"twice along 0", {{{4, 3}}}, call({.n = 2, .axis = 0})},
          {"empty", {{{2, 0}}}, call({})}};
}

Samples trapezoid_samples() {
  const auto spaced = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{trapezoid(x[0], {}, {.dx = 0.5, .axis = 0})};
  };
  const auto at = [](std::span<const Tensor> x) { return std::vector<Tensor>{trapezoid(x[0], x[1])}; };
  return {{"[4, 3]", {{{4, 3}}}, spaced}, {"at points", {{{2, 3}}, {{3}}}, at}, {"empty", {{{2, 0}}}, spaced}};
}

Samples interp_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{interp(x[0], astype(arange(4), Dtype::float32) - 1.5, x[1])};
  };
  return {{"[5]", {{{5}}, {{4}}}, call}, {"[2, 3]", {{{2, 3}}, {{4}}}, call}, {"empty", {{{0}}, {{4}}}, call}};
}

Samples histogram_samples() {
  const auto call = [](std::span<const Tensor> x) {
    const auto [counts, edges] = histogram(x[0], {.bins = 3, .range = {{-2, 2}}});
    return std::vector<Tensor>{counts, edges};
  };
  return {{"[6]", {{{6}}}, call}, {"empty", {{{0}}}, call}};
}

Samples pair_samples(Tensor (*f)(Tensor, Tensor)) {
  const auto call = [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], x[1])}; };
  return {{"[2, 3]", {{{2, 3}}, {{2, 3}}}, call}, {"empty", {{{0}}, {{0}}}, call}};
}
Samples allclose_samples() {
  return pair_samples([](Tensor a, Tensor b) { return allclose(std::move(a), std::move(b)); });
}
Samples array_equal_samples() { return pair_samples(&array_equal); }

}  // namespace

Tensor diff(Tensor x, Difference p) {
  if (p.n < 0) throw ValueError("diff: n is " + std::to_string(p.n) + ", 0 or more is needed" + level_context());
  const int axis = normalize_axis("diff", p.axis, x.ndim());
  for (int i = 0; i < p.n && x.shape()[axis] > 0; ++i) {
    const Tensor after = tail(x, axis), before = head(x, axis);
    x = x.dtype() == Dtype::bool_ ? not_equal(after, before) : after - before;
  }
  return x;
}

Tensor trapezoid(Tensor y, Tensor x, Trapezoid p) {
  y = to_float(std::move(y));
  const int axis = normalize_axis("trapezoid", p.axis, y.ndim());
  if (y.shape()[axis] == 0) return sum(y, {.axes = axis});
  const Tensor heights = tail(y, axis) + head(y, axis);
  if (!x.defined()) return sum(heights, {.axes = axis}) * (p.dx / 2);
  if (x.ndim() == 1) {
    Shape beside = Shape::filled(y.ndim(), 1);
    beside[axis] = x.size();
    x = reshape(std::move(x), beside);
  }
  if (!(broadcast_shapes("trapezoid", x.shape(), y.shape()) == y.shape()) || x.ndim() != y.ndim() ||
      x.shape()[axis] != y.shape()[axis]) {
    throw ShapeError("trapezoid: points of shape " + to_string(x.shape()) + " for values of shape " +
                     to_string(y.shape()) + ": along axis " + std::to_string(axis) + " they must agree" +
                     level_context());
  }
  return sum(heights * (tail(x, axis) - head(x, axis)), {.axes = axis}) * 0.5;
}

Tensor interp(Tensor x, Tensor xp, Tensor fp, Interpolation p) {
  if (xp.ndim() != 1 || !(xp.shape() == fp.shape()) || xp.size() < 1) {
    throw ShapeError("interp: points " + to_string(xp.shape()) + " and values " + to_string(fp.shape()) +
                     " must be vectors of one length, not empty" + level_context());
  }
  x = to_float(std::move(x));
  fp = to_float(std::move(fp));
  const std::int64_t n = xp.size();
  const Tensor first = xp[0], last = xp[n - 1];
  const Tensor i = clip(searchsorted(xp, x, {.right = true}), 1, std::max<std::int64_t>(n - 1, 1));
  const auto at = [](const Tensor& v, const Tensor& k) { return take(v, k, {.mode = IndexMode::clip}); };
  const Tensor x0 = at(xp, i - 1), f0 = at(fp, i - 1);
  const Tensor width = at(xp, i) - x0;
  const Tensor flat = width == 0;
  Tensor y = where(flat, f0, f0 + (x - x0) / where(flat, 1, width) * (at(fp, i) - f0));
  y = where(x < first, p.left.defined() ? p.left : fp[0], y);
  return where(x > last, p.right.defined() ? p.right : fp[n - 1], y);
}

std::array<Tensor, 2> histogram(Tensor x, Histogram p) {
  if (p.bins < 1) throw ValueError("histogram: " + std::to_string(p.bins) + " bins" + level_context());
  if (p.weights.defined() && !(p.weights.shape() == x.shape())) {
    throw ShapeError("histogram: weights " + to_string(p.weights.shape()) + " for elements " + to_string(x.shape()) +
                     level_context());
  }
  x = ravel(to_float(std::move(x)));
  const Tensor edges = histogram_edges(x, p);
  const Tensor last = edges[p.bins];
  Tensor bin = searchsorted(edges, x, {.right = true});
  bin = where(x == last, p.bins, where(x > last, p.bins + 1, bin));
  const Tensor weights = p.weights.defined() ? reshape(p.weights, {x.size()}) : ones({x.size()}, {.dtype = x.dtype(), .device = x.device()});
  Tensor counts = slice_in_dim(segment_sum(weights, bin, {.num_segments = p.bins + 2}), 1, p.bins + 1);
  if (p.density) counts = counts / (tail(edges, 0) - head(edges, 0)) / sum(counts);
  return {counts, edges};
}

Tensor allclose(Tensor a, Tensor b, Closeness p) { return all(isclose(std::move(a), std::move(b), p)); }

Tensor array_equal(Tensor a, Tensor b) {
  if (!(a.shape() == b.shape())) return Tensor(false);
  return all(a == b);
}

std::vector<Entry> reduce_curves_entries() {
  return {composite("diff", &diff_samples),         composite("trapezoid", &trapezoid_samples),
          composite("interp", &interp_samples),     composite("histogram", &histogram_samples),
          composite("allclose", &allclose_samples), composite("array_equal", &array_equal_samples)};
}

}  // namespace strata
