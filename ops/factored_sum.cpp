// Sums and products of factored tensors: over the parameters (norms and inner products of each lane), over the lanes
// (one product of matrices). See factored.hpp.
#include <algorithm>

#include "strata/ops/factored.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/zero.hpp"

namespace strata::factored {
namespace {

AxisSet axes_where(const Factored& x, bool (Factored::*is)(int) const) {
  AxisSet s;
  for (int i = 0; i < x.shape.size(); ++i) {
    if ((x.*is)(i)) s.bits |= 1u << i;
  }
  return s;
}

bool within(AxisSet a, AxisSet b) { return (a.bits & ~b.bits) == 0; }

/// One number for each lane ([lanes]) as a tensor of x's rank, size 1 along the parameters.
Tensor at_lanes(const Factored& x, const Tensor& values) {
  Shape shape = Shape::filled(x.shape.size(), 1), strides = Shape::filled(x.shape.size(), 0);
  for (int i : x.lane_axes()) {
    shape[i] = x.shape[i];
    strides[i] = x.strides[i] / x.per_lane();
  }
  return view_of(materialize(values), shape, strides, 0);
}

/// Each lane's sum of all elements of f: [lanes].
Tensor totals(const Factors& f) {
  Tensor y;
  for (const FactorTerm& t : f.joined()) {
    const Tensor cols = strata::sum(t.b, {.axes = {-1}});
    const Tensor rows = t.indexed ? astype(t.a >= 0, f.dtype) : strata::sum(t.a, {.axes = {-1}});
    Tensor s = strata::sum(cols * rows, {.axes = {-1}});
    y = y.defined() ? std::move(y) + std::move(s) : std::move(s);
  }
  return y.defined() ? y : zeros({f.lanes}, {.dtype = f.dtype});
}

/// Each lane's sum over the parameters: [lanes].
Tensor sum_of_parameters(const Factored& x) {
  Tensor y = !x.by ? totals(*x.f) : x.by == x.f ? x.f->squares() : products(x.f->joined(), x.by->joined(), *x.f);
  return x.scale.defined() ? std::move(y) * x.scale : y;
}

/// Factors split by the axes of lanes: the summed ones and the rest.
struct LaneSplit {
  Shape sizes;  // of the axes of lanes, outermost first
  Labels all, kept;
};

/// sum over lanes of a term whose rows are chosen by index: [rows, cols].
Tensor indexed_sum(const FactorTerm& t, std::int64_t rows) {
  const std::int64_t cols = t.b.shape()[2];
  Slices s = Slices::along({rows, cols}, 0, IndexMode::fill);
  s.from_end = false;
  return scatter_slices(zero_view(s.from, t.b), reshape(t.a, {-1, 1}), reshape(t.b, {-1, cols}), ScatterKind::add, s);
}

/// [kept lanes..., rows, cols] of one term.
Tensor lanes_summed(const FactorTerm& t, const LaneSplit& s, std::int64_t rows) {
  if (t.indexed) return indexed_sum(t, rows);
  const int n = s.all.size();
  Shape a = s.sizes, b = s.sizes;
  for (int i = 1; i < 3; ++i) a.push_back(t.a.shape()[i]), b.push_back(t.b.shape()[i]);
  Labels la = s.all, lb = s.all, out = s.kept;
  la.push_back(n), la.push_back(n + 1);
  lb.push_back(n), lb.push_back(n + 2);
  out.push_back(n + 1), out.push_back(n + 2);
  return strata::contract({la, lb, out}, reshape(t.a, a), reshape(t.b, b));
}

/// The scale goes on the smallest of the factors and the result.
Tensor lanes_summed(const Factored& x, const LaneSplit& split, double scale) {
  Tensor s = x.scale, y;
  std::int64_t smaller = 0;
  const std::vector<FactorTerm> terms = x.f->joined();
  for (const FactorTerm& t : terms) smaller += t.indexed ? t.b.size() : std::min(t.a.size(), t.b.size());
  const bool after = scale != 1 && !s.defined() && smaller > x.per_lane();
  if (scale != 1 && !after) s = s.defined() ? s * scale : astype(scale, x.f->dtype);
  for (FactorTerm t : terms) {
    if (s.defined()) {
      Tensor& on = t.indexed || t.b.size() <= t.a.size() ? t.b : t.a;
      on = on * (s.ndim() == 0 ? s : reshape(s, {-1, 1, 1}));
    }
    Tensor e = lanes_summed(t, split, x.f->rows);
    y = y.defined() ? std::move(y) + std::move(e) : std::move(e);
  }
  return after ? std::move(y) * scale : y;
}

/// Sums the axes of lanes in `axes`; the rest of the axes stay, the summed ones with size 1.
Tensor sum_of_lanes(const Factored& x, AxisSet axes, double scale) {
  LaneSplit split;
  std::vector<int> kept;
  for (int i : x.lane_axes()) {
    const int label = split.all.size();
    split.sizes.push_back(x.shape[i]);
    split.all.push_back(label);
    if (axes.has(i)) continue;
    split.kept.push_back(label);
    kept.push_back(i);
  }
  const std::vector<FactorTerm> terms = x.f->joined();
  if (!kept.empty() && std::any_of(terms.begin(), terms.end(), [](const FactorTerm& t) { return t.indexed; }))
    return {};
  const Tensor y = pack(materialize(lanes_summed(x, split, scale)));
  Shape shape = x.shape, strides = x.strides;
  std::int64_t step = x.per_lane();
  for (std::size_t i = kept.size(); i-- > 0;) {
    strides[kept[i]] = step;
    step *= x.shape[kept[i]];
  }
  for (int i = 0; i < shape.size(); ++i) {
    if (axes.has(i)) shape[i] = 1, strides[i] = 0;
  }
  return view_of(y, shape, strides, 0);
}

}  // namespace

Tensor sum(const Tensor& t, AxisSet axes, bool keepdims, double scale, Dtype dtype) {
  const Factored& x = *get(t);
  const AxisSet lanes = axes_where(x, &Factored::is_lane), parameters = axes_where(x, &Factored::is_parameter);
  const Shape result = reduced_shape(x.shape, axes, keepdims);
  const AxisSet summed{axes.bits & (lanes.bits | parameters.bits)};
  Tensor y;
  if (within(parameters, axes)) {
    y = strata::sum(at_lanes(x, sum_of_parameters(x)), {.axes = axis_list(axes), .keepdims = keepdims});
    if (scale != 1) y = std::move(y) * scale;
  } else if (within(summed, lanes) && !x.by && (summed.bits != 0 || x.f->lanes == 1)) {
    y = sum_of_lanes(x, summed, scale);
  }
  return y.defined() ? astype(reshape(std::move(y), result), dtype) : y;
}

namespace {

/// x's axes in the order in which their labels stand in `order`, with size 1 where it lacks one.
Tensor ordered(const Factored& x, const Labels& have, const Labels& order) {
  Shape shape, strides;
  for (int l : order) {
    const int i = have.find(l);
    shape.push_back(i >= 0 ? x.shape[i] : 1);
    strides.push_back(i >= 0 ? x.strides[i] : 0);
  }
  return make(x.f, x.by, x.scale, shape, strides, x.dtype);
}

/// A result whose axes are labelled `have`, with those of `out`, in its order.
Tensor arranged(Tensor y, const Labels& have, const Labels& out) {
  Shape shape;
  std::vector<int> order;
  for (int l : out) order.push_back(have.find(l));
  return transpose(std::move(y), AxisList(std::move(order)));
}

Labels kept_labels(const Labels& all, const Labels& out) {
  Labels kept;
  for (int l : all) {
    if (out.has(l)) kept.push_back(l);
  }
  return kept;
}

AxisSet missing(const Labels& all, const Labels& out) {
  AxisSet s;
  for (int i = 0; i < all.size(); ++i) {
    if (!out.has(all[i])) s.bits |= 1u << i;
  }
  return s;
}

/// The sum of elements of x times those of y over all parameters.
Tensor inner(const Contraction& p, const Tensor& a, const Tensor& b) {
  if (p.a.size() != p.b.size()) return {};
  for (int l : p.b) {
    if (!p.a.has(l)) return {};
  }
  Tensor x = a, y = ordered(*get(b), p.b, p.a);
  Tensor pair[] = {x, y};
  const Tensor both = multiply(pair);
  if (!both.defined()) return {};
  const Tensor s = sum(both, missing(p.a, p.out), false, 1, a.dtype());
  return s.defined() && s.is_dense() ? arranged(s, kept_labels(p.a, p.out), p.out) : Tensor();
}

/// A sum over lanes, weighted by w.
Tensor weighted(const Contraction& p, const Tensor& w, const Labels& lw, const Tensor& x, const Labels& lx) {
  for (int l : lw) {
    if (!lx.has(l)) return {};
  }
  std::vector<int> order;
  Shape shape;
  for (int l : lx) {
    const int i = lw.find(l);
    if (i >= 0) order.push_back(i);
    shape.push_back(i >= 0 ? w.shape()[i] : 1);
  }
  Tensor pair[] = {x, reshape(transpose(w, AxisList(std::move(order))), shape)};
  const Tensor scaled = multiply(pair);
  if (!scaled.defined()) return {};
  const Tensor s = sum(scaled, missing(lx, p.out), false, 1, x.dtype());
  return s.defined() ? arranged(s, kept_labels(lx, p.out), p.out) : Tensor();
}

}  // namespace

Tensor contract(const Contraction& p, const Tensor& a, const Tensor& b) {
  const bool fa = get(a), fb = get(b);
  if (fa && fb) return inner(p, a, b);
  return fa ? weighted(p, b, p.b, a, p.a) : weighted(p, a, p.a, b, p.b);
}

}  // namespace strata::factored
