// Factored tensors: making them, joining their terms, their inner products, their dense form. See factored.hpp; the
// rules of ops are in factored_rules.cpp and factored_sum.cpp.
#include "strata/ops/factored.hpp"

#include <algorithm>
#include <new>

#include "strata/core/convert.hpp"
#include "strata/core/debug.hpp"
#include "strata/core/memory.hpp"
#include "strata/ops/cpu/factored.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/zero.hpp"

namespace strata {
namespace {

Dtype compute_of(Dtype d) { return d == Dtype::float64 ? d : Dtype::float32; }

/// x [lanes, T, k] times scale ([], [lanes] or undefined).
Tensor times(Tensor x, const Tensor& scale) {
  if (!scale.defined()) return x;
  return std::move(x) * (scale.ndim() == 0 ? scale : reshape(scale, {-1, 1, 1}));
}

/// The term in `dtype` with its scale, and one more, on the smaller factor.
FactorTerm settled(FactorTerm t, Dtype dtype, const Tensor& scale) {
  if (!t.indexed) t.a = astype(std::move(t.a), dtype);
  t.b = astype(std::move(t.b), dtype);
  const bool on_a = !t.indexed && t.a.size() < t.b.size();
  Tensor& x = on_a ? t.a : t.b;
  x = times(times(std::move(x), std::exchange(t.scale, Tensor())), scale);
  t.a = pack(materialize(t.a));
  t.b = pack(materialize(t.b));
  return t;
}

/// All terms of one sort as one, side by side along T.
void join(const std::vector<FactorTerm>& terms, bool indexed, Dtype dtype, std::vector<FactorTerm>& to) {
  std::vector<Tensor> a, b;
  for (const FactorTerm& t : terms) {
    if (t.indexed != indexed) continue;
    FactorTerm s = settled(t, dtype, Tensor());
    a.push_back(std::move(s.a));
    b.push_back(std::move(s.b));
  }
  if (a.empty()) return;
  if (a.size() == 1)
    to.push_back({std::move(a[0]), std::move(b[0]), Tensor(), indexed});
  else
    to.push_back({concatenate(std::move(a), {.axis = 1}), concatenate(std::move(b), {.axis = 1}), Tensor(), indexed});
}

/// The elements of one term.
Tensor elements(const FactorTerm& t, std::int64_t rows) {
  if (!t.indexed) return contract({{0, 1, 2}, {0, 1, 3}, {0, 2, 3}}, t.a, t.b);
  const Shape& u = t.b.shape();
  Slices s = Slices::along({u[0], rows, u[2]}, 1, IndexMode::fill);
  s.batch = 1;
  s.from_end = false;
  return scatter_slices(zero_view(s.from, t.b), expand_dims(t.a, -1), t.b, ScatterKind::add, s);
}

}  // namespace

std::vector<FactorTerm> Factors::terms() const {
  const std::lock_guard lock(mutex_);
  return terms_;
}

std::vector<FactorTerm> Factors::joined() const {
  const std::lock_guard lock(mutex_);
  if (!is_joined_) {
    std::vector<FactorTerm> to;
    join(terms_, false, dtype, to);
    join(terms_, true, dtype, to);
    terms_ = std::move(to);
    is_joined_ = true;
  }
  return terms_;
}

std::vector<FactorTerm> Factors::scaled(const Tensor& scale) const {
  std::vector<FactorTerm> terms = joined();
  if (scale.defined()) {
    for (FactorTerm& t : terms) t = settled(std::move(t), dtype, scale);
  }
  return terms;
}

Tensor Factors::squares() const {
  const std::vector<FactorTerm> t = joined();
  const std::lock_guard lock(mutex_);
  if (squares_.defined()) return squares_;
  squares_ = factored::products(t, t, *this);
  return squares_;
}

Tensor Factors::dense(const Tensor& scale) const {
  Tensor y;
  for (const FactorTerm& t : scaled(scale)) {
    Tensor e = elements(t, rows);
    y = y.defined() ? std::move(y) + std::move(e) : std::move(e);
  }
  return y.defined() ? y : zeros({lanes, rows, cols}, {.dtype = dtype});
}

namespace {

Tensor make_dense(const Deferred& d) {
  const auto& x = static_cast<const Factored&>(d);
  const bool squared = x.by == x.f;
  Tensor y = x.f->dense(squared ? Tensor() : x.scale);
  if (squared)
    y = times(square(std::move(y)), x.scale);
  else if (x.by)
    y = std::move(y) * x.by->dense(Tensor());
  y = pack(materialize(astype(std::move(y), x.dtype)));
  debug::note_materialised(y.size() * itemsize(x.dtype));
  return view_of(y, x.shape, x.strides, 0);
}

void destroy(Deferred* d) noexcept {
  auto* x = static_cast<Factored*>(d);
  x->~Factored();
  memory::free_small(x, sizeof(Factored));
}

constexpr DeferredKind factored_kind = {&make_dense, &destroy};

/// x with its axes labelled `first`, `second`, `third` joined into three.
Tensor three_axes(const Tensor& x, const Labels& have, const Labels& first, const Labels& second, const Labels& third) {
  std::vector<int> order;
  Shape shape;
  for (const Labels* part : {&first, &second, &third}) {
    std::int64_t n = 1;
    for (int l : *part) {
      order.push_back(have.find(l));
      n *= x.shape()[order.back()];
    }
    shape.push_back(n);
  }
  return reshape(transpose(x, AxisList(std::move(order))), shape);
}

}  // namespace

Factored::Factored(FactorsRef of, FactorsRef with, Tensor s, const Shape& shape, const Strides& st, Dtype dtype)
    : Deferred(&factored_kind, Kind::factored, dtype, sizeof(Factored), shape),
      f(std::move(of)),
      by(std::move(with)),
      scale(std::move(s)),
      strides(st) {}

std::vector<int> Factored::lane_axes() const {
  std::vector<int> axes;
  for (int i = 0; i < shape.size(); ++i) {
    if (is_lane(i)) axes.push_back(i);
  }
  std::sort(axes.begin(), axes.end(), [&](int a, int b) { return strides[a] > strides[b]; });
  return axes;
}

namespace factored {

bool worthwhile(std::int64_t lanes, std::int64_t elements, std::int64_t of_factors) {
  constexpr std::int64_t least = 16 * 1024;  // elements: below, the dense form is quicker than talking about it
  const debug::Factoring mode = debug::factoring();
  if (mode == debug::Factoring::off || lanes * elements == 0) return false;
  return mode == debug::Factoring::always || (lanes * elements >= least && of_factors <= elements);
}

Tensor products(const std::vector<FactorTerm>& x, const std::vector<FactorTerm>& y, const Factors& like) {
  std::vector<double> sums(static_cast<std::size_t>(like.lanes));
  for (const FactorTerm& s : x) {
    for (const FactorTerm& t : y)
      add_lane_products({s.a, s.b, s.indexed}, {t.a, t.b, t.indexed}, like.rows, sums.data());
  }
  Tensor r = empty_dense({like.lanes}, like.dtype);
  convert_run(sums.data(), Dtype::float64, dense(r).data, like.dtype, like.lanes);
  return r;
}

const Factored* get(const Tensor& x) {
  if (x.kind() != Kind::factored || deferred(x).made.load(std::memory_order_acquire)) return nullptr;
  return static_cast<const Factored*>(x.impl());
}

Tensor make(FactorsRef f, FactorsRef by, Tensor scale, const Shape& shape, const Strides& strides, Dtype dtype) {
  void* p = memory::allocate_small(sizeof(Factored));
  return Tensor(new (p) Factored(std::move(f), std::move(by), std::move(scale), shape, strides, dtype));
}

bool stays(const Contraction& p, const Shape& a, const Shape& b, std::int64_t lanes) {
  std::int64_t m = 1, n = 1, t = 1;
  for (int i = 0; i < p.a.size(); ++i) {
    if (!p.b.has(p.a[i]))
      m *= a[i];
    else if (p.out.has(p.a[i]))
      return false;
    else
      t *= a[i];
  }
  for (int i = 0; i < p.b.size(); ++i) n *= p.a.has(p.b[i]) ? 1 : b[i];
  return worthwhile(lanes, m * n, t * (m + n));
}

Tensor product(const Contraction& p, const Tensor& a, const Tensor& b) {
  if (!is_float(a.dtype()) || strata::dense(a).device != cpu) return {};
  Labels lanes, sums, rows, cols;
  for (int l : p.out) {
    const bool lane = (p.lanes >> l & 1) != 0, both = p.a.has(l) && p.b.has(l);
    if (both && !lane) return {};
    (both ? lanes : p.a.has(l) ? rows : cols).push_back(l);
  }
  for (int l : p.a) {
    if (!p.out.has(l)) sums.push_back(l);
  }
  const auto count = [&](const Labels& labels) {
    std::int64_t n = 1;
    for (int l : labels) n *= p.a.has(l) ? a.shape()[p.a.find(l)] : b.shape()[p.b.find(l)];
    return n;
  };
  const std::int64_t n = count(lanes), m = count(rows), k = count(cols);
  if (!worthwhile(n, m * k, count(sums) * (m + k))) return {};
  Shape shape;
  Strides strides;
  for (int l : p.out) {
    const Labels& group = lanes.has(l) ? lanes : rows.has(l) ? rows : cols;
    std::int64_t step = lanes.has(l) ? m * k : rows.has(l) ? k : 1;
    for (int i = group.size() - 1; group[i] != l; --i) step *= count({group[i]});
    shape.push_back(count({l}));
    strides.push_back(step);
  }
  FactorTerm t{three_axes(a, p.a, lanes, sums, rows), three_axes(b, p.b, lanes, sums, cols), Tensor(), false};
  const Dtype dtype = a.dtype();
  auto f = std::make_shared<const Factors>(n, m, k, compute_of(dtype), std::vector<FactorTerm>{std::move(t)});
  return make(std::move(f), nullptr, Tensor(), shape, strides, dtype);
}

Tensor rows_at(const Tensor& index, const Tensor& u, std::int64_t rows, const Shape& shape, const Strides& strides) {
  const Shape& s = u.shape();
  FactorTerm t{index, u, Tensor(), true};
  const Dtype dtype = u.dtype();
  auto f = std::make_shared<const Factors>(s[0], rows, s[2], compute_of(dtype), std::vector<FactorTerm>{std::move(t)});
  return make(std::move(f), nullptr, Tensor(), shape, strides, dtype);
}

}  // namespace factored
}  // namespace strata
