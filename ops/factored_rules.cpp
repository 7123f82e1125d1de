// The rules of pointwise ops, casts and views on factored tensors. See factored.hpp. A rule that does not apply returns
// an undefined tensor; then the op gets the dense form.
#include <algorithm>

#include "strata/ops/factored.hpp"
#include "strata/ops/ops.hpp"

namespace strata::factored {
namespace {

/// Dense c as one number for each lane ([lanes]) or for all ([]); undefined when it is neither, or broadcasts x.
Tensor lane_values(const Factored& x, const Tensor& c) {
  if (c.ndim() > x.shape.size()) return {};
  if (c.size() == 1) return c.ndim() == 0 ? c : reshape(c, {});
  const int offset = x.shape.size() - c.ndim();
  for (int i = 0; i < c.ndim(); ++i) {
    if (c.shape()[i] != 1 && c.shape()[i] != x.shape[i + offset]) return {};
  }
  const Tensor spread = broadcast_to(c, x.shape);
  Shape shape, strides;
  for (int i = 0; i < x.shape.size(); ++i) {
    if (x.is_parameter(i) && dense(spread).strides[i] != 0) return {};
  }
  for (int i : x.lane_axes()) {
    shape.push_back(x.shape[i]);
    strides.push_back(dense(spread).strides[i]);
  }
  return reshape(view_of(spread, shape, strides, 0), {x.f->lanes});
}

Tensor times(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? a * b : a;
}

Tensor with_scale(const Factored& x, Tensor scale) {
  return make(x.f, x.by, std::move(scale), x.shape, x.strides, x.dtype);
}

Tensor scaled(const Factored& x, const Tensor& c) {
  const Tensor s = c.is_dense() ? lane_values(x, c) : Tensor();
  return s.defined() ? with_scale(x, times(x.scale, astype(s, x.f->dtype))) : Tensor();
}

/// x with rows and columns exchanged; undefined where an axis has some of both, or rows are chosen by index.
Tensor exchanged(const Factored& x) {
  std::vector<FactorTerm> terms = x.f->terms();
  for (FactorTerm& t : terms) {
    if (t.indexed) return {};
    std::swap(t.a, t.b);
  }
  Strides strides = x.strides;
  for (int i = 0; i < x.shape.size(); ++i) {
    if (!x.is_parameter(i)) continue;
    const bool row = strides[i] >= x.f->cols;
    if (!row && (x.shape[i] - 1) * strides[i] >= x.f->cols) return {};
    strides[i] = row ? strides[i] / x.f->cols : strides[i] * x.f->rows;
  }
  auto f = std::make_shared<const Factors>(x.f->lanes, x.f->cols, x.f->rows, x.f->dtype, std::move(terms));
  return make(std::move(f), nullptr, x.scale, x.shape, strides, x.dtype);
}

bool alike(const Factored& x, const Factored& y) {
  if (!(x.shape == y.shape) || x.f->lanes != y.f->lanes || x.f->dtype != y.f->dtype) return false;
  if (x.f->rows != y.f->rows || x.f->cols != y.f->cols || x.by || y.by) return false;
  for (int i = 0; i < x.shape.size(); ++i) {
    if (x.shape[i] > 1 && x.strides[i] != y.strides[i]) return false;
  }
  return true;
}

}  // namespace

bool align(Tensor& x, Tensor& y) {
  if (alike(*get(x), *get(y))) return true;
  for (Tensor* t : {&y, &x}) {
    if (get(*t)->by) return false;
    Tensor other = exchanged(*get(*t));
    if (!other.defined() || !alike(*get(other), *get(t == &x ? y : x))) continue;
    *t = std::move(other);
    return true;
  }
  return false;
}

Tensor multiply(Out x) {
  const Factored *a = get(x[0]), *b = get(x[1]);
  if (!a || !b) return a ? scaled(*a, x[1]) : scaled(*b, x[0]);
  Tensor left = x[0], right = x[1];
  if (!align(left, right)) return {};
  a = get(left), b = get(right);
  return make(a->f, b->f, times(a->scale, b->scale), a->shape, a->strides, a->dtype);
}

Tensor divide(Out x) {
  const Factored* a = get(x[0]);
  if (!a || !x[1].is_dense()) return {};
  const Tensor s = lane_values(*a, x[1]);
  if (!s.defined()) return {};
  const Tensor by = astype(s, a->f->dtype);
  return with_scale(*a, a->scale.defined() ? a->scale / by : 1 / by);
}

Tensor negate(Out x) {
  const Factored& a = *get(x[0]);
  return with_scale(a, a.scale.defined() ? -a.scale : astype(-1, a.f->dtype));
}

Tensor square(Out x) {
  const Factored& a = *get(x[0]);
  if (a.by) return {};
  return make(a.f, a.f, times(a.scale, a.scale), a.shape, a.strides, a.dtype);
}

namespace {

/// The terms of x as terms of a sum.
void put_terms(const Factored& x, const Tensor& scale, std::vector<FactorTerm>& to) {
  for (FactorTerm t : x.f->terms()) {
    t.scale = times(t.scale, scale);
    to.push_back(std::move(t));
  }
}

}  // namespace

Tensor add(Out x, int sign) {
  if (!get(x[0])) return accumulate(*get(x[1]), x[0], sign);
  if (!get(x[1])) {
    if (sign > 0) return accumulate(*get(x[0]), x[1], 1);
    Tensor negative = materialize(-x[1]);
    return accumulate(*get(x[0]), negative, 1);
  }
  Tensor left = x[0], right = x[1];
  if (!align(left, right)) return {};
  const Factored &a = *get(left), &b = *get(right);
  const bool shared = sign > 0 && a.scale.impl() == b.scale.impl();
  std::vector<FactorTerm> terms;
  put_terms(a, shared ? Tensor() : a.scale, terms);
  put_terms(b, shared ? Tensor() : sign > 0 ? b.scale : times(b.scale, astype(-1, b.f->dtype)), terms);
  auto f = std::make_shared<const Factors>(a.f->lanes, a.f->rows, a.f->cols, a.f->dtype, std::move(terms));
  return make(std::move(f), nullptr, shared ? a.scale : Tensor(), a.shape, a.strides, a.dtype);
}

namespace {

bool is_zero(const Tensor& x) { return x.is_dense() && dense(x).number && x.item<double>() == 0; }

Tensor chosen(const Tensor& c, const Tensor& a, const Tensor& b, Dtype dtype) {
  const Tensor one = astype(1, dtype);
  return where(c, a.defined() ? a : one, b.defined() ? b : one);
}

/// f where c, else 0, whatever its factors hold.
FactorsRef masked(const Factors& f, const Tensor& c) {
  std::vector<FactorTerm> terms = f.terms();
  const Tensor spread = c.ndim() == 0 ? c : reshape(c, {-1, 1, 1});
  for (FactorTerm& t : terms) {
    if (t.scale.defined()) t.scale = where(c, t.scale, 0);
    if (!t.indexed) t.a = where(spread, t.a, 0);
    t.b = where(spread, t.b, 0);
  }
  return std::make_shared<const Factors>(f.lanes, f.rows, f.cols, f.dtype, std::move(terms));
}

}  // namespace

Tensor choose(Out x) {
  const Factored *a = get(x[1]), *b = get(x[2]);
  if (!x[0].is_dense() || (!a && !b)) return {};
  const Factored& some = a ? *a : *b;
  const Tensor c = lane_values(some, x[0]);
  if (!c.defined()) return {};
  if (a && b) {
    const bool same = a->f == b->f && a->by == b->by && a->shape == b->shape && a->strides == b->strides;
    return same ? with_scale(*a, chosen(c, a->scale, b->scale, a->f->dtype)) : Tensor();
  }
  if (!is_zero(a ? x[2] : x[1])) return {};
  const Tensor keep = a ? c : !c;
  const Tensor scale = some.scale.defined() ? where(keep, some.scale, 0) : Tensor();
  return make(masked(*some.f, keep), some.by ? masked(*some.by, keep) : nullptr, scale, some.shape, some.strides,
              some.dtype);
}

namespace {

FactorsRef widened(const FactorsRef& f) {
  if (!f || f->dtype == Dtype::float64) return f;
  std::vector<FactorTerm> terms = f->terms();
  for (FactorTerm& t : terms) {
    if (!t.indexed) t.a = astype(t.a, Dtype::float64);
    t.b = astype(t.b, Dtype::float64);
    if (t.scale.defined()) t.scale = astype(t.scale, Dtype::float64);
  }
  return std::make_shared<const Factors>(f->lanes, f->rows, f->cols, Dtype::float64, std::move(terms));
}

}  // namespace

Tensor cast(Out x, Dtype dtype) {
  const Factored& a = *get(x[0]);
  if (dtype != Dtype::float64 || a.f->dtype == dtype) return make(a.f, a.by, a.scale, a.shape, a.strides, dtype);
  const FactorsRef f = widened(a.f), by = a.by == a.f ? f : widened(a.by);
  return make(f, by, a.scale.defined() ? astype(a.scale, dtype) : Tensor(), a.shape, a.strides, dtype);
}

Tensor itself(Out x) { return x[0]; }

Tensor each_lane(const Tensor& x, int axis, std::int64_t count, const std::function<Tensor(Tensor)>& f) {
  const Factored& a = *get(x);
  if (!a.is_lane(axis) || a.shape[axis] != a.f->lanes || count == 0) return {};
  const auto scale = [&](const Tensor& s) { return s.defined() && s.ndim() > 0 ? f(s) : s; };
  const auto lanes = [&](const Factors& from) {
    std::vector<FactorTerm> terms = from.terms();
    for (FactorTerm& t : terms) t = {f(t.a), f(t.b), scale(t.scale), t.indexed};
    return std::make_shared<const Factors>(count, from.rows, from.cols, from.dtype, std::move(terms));
  };
  Shape shape = a.shape;
  shape[axis] = count;
  const FactorsRef first = lanes(*a.f);
  return make(first, a.by == a.f ? first : a.by ? lanes(*a.by) : nullptr, scale(a.scale), shape, a.strides, a.dtype);
}

Tensor view(const Tensor& x, const Shape& shape, const Strides& strides) {
  const Factored& a = *get(x);
  for (int i = 0; i < shape.size(); ++i) {
    const bool beyond = (shape[i] - 1) * strides[i] >= a.per_lane();  // lanes and parameters on one axis
    if (shape[i] > 1 && strides[i] < a.per_lane() && beyond) return {};
  }
  return make(a.f, a.by, a.scale, shape, strides, a.dtype);
}

Tensor transpose(const Tensor& x, const Shape& axes) {
  const Factored& a = *get(x);
  Shape shape, strides;
  for (std::int64_t axis : axes) {
    shape.push_back(a.shape[static_cast<int>(axis)]);
    strides.push_back(a.strides[static_cast<int>(axis)]);
  }
  return make(a.f, a.by, a.scale, shape, strides, a.dtype);
}

}  // namespace strata::factored
