// Products that sum over axes: the contract op, and matmul, dot and their kin made of it.
#include "strata/ops/contract.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/units.hpp"

namespace strata {

namespace {

int fresh_label(const Contraction& p) {
  int top = -1;
  for (const Labels* labels : {&p.a, &p.b}) {
    for (int l : *labels) top = std::max(top, l);
  }
  return top + 1;
}

/// Where the lanes of one mapped operand go in the result: beside the axis they lie beside in the operand.
int lane_place(const Labels& labels, int axis, const Labels& out) {
  if (axis + 1 < labels.size() && out.has(labels[axis + 1])) return out.find(labels[axis + 1]);
  if (axis > 0 && out.has(labels[axis - 1])) return out.find(labels[axis - 1]) + 1;
  return 0;
}

struct Contract : Bilinear<Contract> {
  using Params = Contraction;
  static constexpr std::string_view name = "contract";
  static Tensor eval(const Params& p, Tensor a, Tensor b) {
    if (Tensor y = p.lanes ? factored::product(p, a, b) : Tensor(); y.defined()) return y;
    if (Tensor y = pick_rows(p, a, b); y.defined()) return y;
    const ProductsKernels& products = backend(a).products;
    return products.contract(p, std::move(a), std::move(b));
  }
  static constexpr bool adds = true;
  static Tensor transpose_a(const Params& p, const Tensor& g, const Tensor& a, const Tensor& b, Tensor sum) {
    return contract_onto(std::move(sum), {p.out, p.b, p.a, mapped_depth(a)}, g, b);
  }
  static Tensor transpose_b(const Params& p, const Tensor& g, const Tensor& a, const Tensor& b, Tensor sum) {
    return contract_onto(std::move(sum), {p.a, p.out, p.b, mapped_depth(b)}, a, g);
  }
  static Tensor deferred(const Params& p, Out x) { return factored::contract(p, x[0], x[1]); }
  static Lane batch(const Params& p, Lane a, Lane b, Batch& batch) {
    const int lanes = fresh_label(p);
    Params q = p;
    if (p.shared >= 0 && batch.id.level->depth > p.shared) share_lanes(p, a, b, batch.size);
    if (a.mapped()) q.a.insert(a.axis, lanes);
    if (b.mapped()) q.b.insert(b.axis, lanes);
    if (a.mapped() && b.mapped() && (p.lanes || (p.shared >= 0 && batch.id.level->depth > p.shared)))
      q.lanes |= std::uint64_t{1} << lanes;
    const int place = a.mapped() && b.mapped() ? 0
                      : a.mapped()             ? lane_place(q.a, a.axis, p.out)
                                               : lane_place(q.b, b.axis, p.out);
    q.out.insert(place, lanes);
    return {contract(q, std::move(a.value), std::move(b.value)), place};
  }
  /// A factor that is the same in all lanes gets lanes too (without a copy), where the product is to stay factored.
  static void share_lanes(const Params& p, Lane& a, Lane& b, std::int64_t size) {
    if ((a.mapped() && b.mapped()) || a.value.device() != cpu) return;
    const auto logical = [](const Lane& x) {
      Shape s = x.value.shape();
      if (x.mapped()) s.erase(x.axis);
      return s;
    };
    if (!factored::stays(p, logical(a), logical(b), size)) return;
    Lane& x = a.mapped() ? b : a;
    x = {lanes_first(x, size), 0};
  }
  static Samples samples() {
    const auto by = [](Contraction p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{contract(p, x[0], x[1])}; };
    };
    return {
        {"[2, 3] x [3, 4]", {{{2, 3}}, {{3, 4}}}, by({{0, 1}, {1, 2}, {0, 2}})},
        {"[2, 3, 4] x [4, 2, 5] with a batch axis", {{{2, 3, 4}}, {{4, 2, 5}}}, by({{0, 1, 2}, {2, 0, 3}, {3, 0, 1}})},
        {"all axes summed", {{{2, 3}}, {{3, 2}}}, by({{0, 1}, {1, 0}, {}})},
        {"outer", {{{2}}, {{3}}}, by({{0}, {1}, {1, 0}})},
        {"an empty sum", {{{2, 0}}, {{0, 3}}}, by({{0, 1}, {1, 2}, {0, 2}})},
        {"empty", {{{0, 2}}, {{2, 3}}}, by({{0, 1}, {1, 2}, {0, 2}})}};
  }
};

/// x as [axes of out], size 1 where it has none: what a product without sums multiplies elementwise.
Tensor aligned(Tensor x, const Labels& labels, const Labels& out) {
  std::vector<int> order;
  Shape shape;
  for (int l : out) {
    const int i = labels.find(l);
    if (i >= 0) order.push_back(i);
    shape.push_back(i >= 0 ? x.shape()[i] : 1);
  }
  return reshape(transpose(std::move(x), AxisList(std::move(order))), shape);
}

/// No label is summed, and one operand's are all the other's: a product of elements.
bool elementwise(const Contraction& p) {
  const auto within = [](const Labels& x, const Labels& y) {
    return std::all_of(x.begin(), x.end(), [&](int l) { return y.has(l); });
  };
  return within(p.a, p.out) && within(p.b, p.out) && (within(p.a, p.b) || within(p.b, p.a));
}

}  // namespace

Tensor contract(const Contraction& p, Tensor a, Tensor b) {
  if (a.dtype() != b.dtype()) {
    const Type t = promote(a.type(), b.type());
    a = t.weak ? astype_weak(std::move(a), t.dtype) : astype(std::move(a), t.dtype);
    b = t.weak ? astype_weak(std::move(b), t.dtype) : astype(std::move(b), t.dtype);
  }
  if (elementwise(p)) return aligned(std::move(a), p.a, p.out) * aligned(std::move(b), p.b, p.out);
  return apply<Contract>(p, std::move(a), std::move(b));
}

Tensor contract_onto(Tensor sum, const Contraction& p, Tensor a, Tensor b) {
  const auto beside_a = [&](const Tensor& x) { return x.is_dense() && dense(x).device == dense(a).device; };
  if (sum.defined() && a.is_dense() && beside_a(b) && beside_a(sum) &&
      backend(a).products.add_contraction(p, a, b, sum))
    return sum;
  return add_tangents(std::move(sum), contract(p, std::move(a), std::move(b)));
}

namespace {

constexpr int first_batch = 3;  // labels 0, 1, 2 are m, k, n

std::string both(const Tensor& a, const Tensor& b) { return to_string(a.shape()) + " x " + to_string(b.shape()); }

[[noreturn]] void inner_error(const char* op, const Tensor& a, const Tensor& b, std::int64_t ka, std::int64_t kb,
                              const std::string& way_out = {}) {
  throw ShapeError(std::string(op) + ": inner sizes differ: " + both(a, b) + " (" + std::to_string(ka) + " against " +
                   std::to_string(kb) + ")" + level_context() + way_out);
}

/// Labels for the leading axes, which broadcast: a size of 1 against another drops out of its operand's shape.
struct Leading {
  Labels a, b, out;
  Shape a_shape, b_shape;
  Leading(const char* op, const Tensor& x, int x_rank, const Tensor& y, int y_rank) {
    const int rank = std::max(x_rank, y_rank);
    for (int i = 0; i < rank; ++i) {
      const int xi = i - (rank - x_rank), yi = i - (rank - y_rank);
      const std::int64_t p = xi >= 0 ? x.shape()[xi] : 1, q = yi >= 0 ? y.shape()[yi] : 1;
      if (p != q && p != 1 && q != 1) {
        throw ShapeError(std::string(op) + ": leading axes do not broadcast: " + both(x, y) + " (" + std::to_string(p) +
                         " against " + std::to_string(q) + ")" + level_context());
      }
      const int label = first_batch + i;
      out.push_back(label);
      if (xi >= 0 && (p != 1 || q == 1)) a.push_back(label), a_shape.push_back(p);
      if (yi >= 0 && (q != 1 || p == 1)) b.push_back(label), b_shape.push_back(q);
    }
  }
};

/// a's axes: broadcast ones, then those labelled `a_end`; likewise b; the result: broadcast ones, then `out_end`.
Tensor product(const char* op, Tensor a, Labels a_end, Tensor b, Labels b_end, Labels out_end) {
  const int ra = a.ndim() - a_end.size(), rb = b.ndim() - b_end.size();
  Leading l(op, a, ra, b, rb);
  for (int x : out_end) l.out.push_back(x);
  for (int i = 0; i < a_end.size(); ++i) l.a.push_back(a_end[i]), l.a_shape.push_back(a.shape()[ra + i]);
  for (int i = 0; i < b_end.size(); ++i) l.b.push_back(b_end[i]), l.b_shape.push_back(b.shape()[rb + i]);
  if (!(a.shape() == l.a_shape)) a = reshape(std::move(a), l.a_shape);
  if (!(b.shape() == l.b_shape)) b = reshape(std::move(b), l.b_shape);
  return contract({l.a, l.b, l.out}, std::move(a), std::move(b));
}

void demand_rank(const char* op, const char* which, const Tensor& x, int least) {
  if (x.ndim() >= least) return;
  throw ShapeError(std::string(op) + ": the " + which + " argument has shape " + to_string(x.shape()) +
                   ", but needs at least " + std::to_string(least) + (least == 1 ? " axis" : " axes") +
                   (x.ndim() == 0 ? "; for scalars use a * b" : "") + level_context());
}

}  // namespace

Tensor matmul(Tensor a, Tensor b) {
  demand_rank("matmul", "first", a, 1);
  demand_rank("matmul", "second", b, 1);
  const std::int64_t ka = a.shape().back(), kb = b.size(b.ndim() == 1 ? -1 : -2);
  if (ka != kb) {
    const bool hint = b.ndim() >= 2 && b.shape().back() == ka;
    inner_error("matmul", a, b, ka, kb, hint ? "\n  if the second was meant transposed: matmul(a, mT(b))" : "");
  }
  static const Contraction matrices{{0, 1}, {1, 2}, {0, 2}};
  if (a.ndim() == 2 && b.ndim() == 2) return contract(matrices, std::move(a), std::move(b));
  const bool row = a.ndim() == 1, column = b.ndim() == 1;
  const Labels out = row && column ? Labels{} : row ? Labels{2} : column ? Labels{0} : Labels{0, 2};
  return product("matmul", std::move(a), row ? Labels{1} : Labels{0, 1}, std::move(b),
                 column ? Labels{1} : Labels{1, 2}, out);
}

Tensor matvec(Tensor a, Tensor x) {
  demand_rank("matvec", "first", a, 2);
  demand_rank("matvec", "second", x, 1);
  if (a.shape().back() != x.shape().back()) inner_error("matvec", a, x, a.shape().back(), x.shape().back());
  return product("matvec", std::move(a), {0, 1}, std::move(x), {1}, {0});
}

Tensor vecmat(Tensor x, Tensor a) {
  demand_rank("vecmat", "first", x, 1);
  demand_rank("vecmat", "second", a, 2);
  if (x.shape().back() != a.size(-2)) inner_error("vecmat", x, a, x.shape().back(), a.size(-2));
  return product("vecmat", std::move(x), {1}, std::move(a), {1, 2}, {2});
}

Tensor vecdot(Tensor a, Tensor b, Vecdot p) {
  demand_rank("vecdot", "first", a, 1);
  demand_rank("vecdot", "second", b, 1);
  for (Tensor* t : {&a, &b}) {
    const int axis = normalize_axis("vecdot", p.axis, t->ndim());
    *t = moveaxis(std::move(*t), axis, -1);
  }
  if (a.shape().back() != b.shape().back()) inner_error("vecdot", a, b, a.shape().back(), b.shape().back());
  return product("vecdot", std::move(a), {1}, std::move(b), {1}, {});
}

Tensor dot(Tensor a, Tensor b) {
  if (a.ndim() == 0 || b.ndim() == 0) return a * b;
  const int at = b.ndim() == 1 ? 0 : b.ndim() - 2;
  if (a.shape().back() != b.shape()[at]) inner_error("dot", a, b, a.shape().back(), b.shape()[at]);
  const int last = a.ndim() - 1;
  return tensordot(std::move(a), std::move(b), {last, at});
}

Tensor vdot(Tensor a, Tensor b) {
  if (a.size() != b.size()) inner_error("vdot", a, b, a.size(), b.size());
  return contract({{0}, {0}, {}}, reshape(std::move(a), {-1}), reshape(std::move(b), {-1}));
}

Tensor inner(Tensor a, Tensor b) {
  if (a.ndim() == 0 || b.ndim() == 0) return a * b;
  if (a.shape().back() != b.shape().back()) inner_error("inner", a, b, a.shape().back(), b.shape().back());
  const int last_a = a.ndim() - 1, last_b = b.ndim() - 1;
  return tensordot(std::move(a), std::move(b), {last_a, last_b});
}

Tensor outer(Tensor a, Tensor b) {
  return contract({{0}, {1}, {0, 1}}, reshape(std::move(a), {-1}), reshape(std::move(b), {-1}));
}

namespace {

AxisList counted(int first, int n) {
  std::vector<int> axes;
  for (int i = 0; i < n; ++i) axes.push_back(first + i);
  return AxisList(std::move(axes));
}

/// Gives each pair of axes one label, in both operands. Checks that they are as many, in range, once each, and agree.
class PairLabels {
 public:
  PairLabels(const char* op, const Tensor& a, const Tensor& b) : op_(op), a_(a), b_(b) {
    std::fill(at_a, at_a + max_rank, -1);
    std::fill(at_b, at_b + max_rank, -1);
  }
  void add(const char* what, const AxisList& x, const AxisList& y) {
    if (x.size() != y.size()) {
      throw ShapeError(std::string(op_) + ": " + std::to_string(x.size()) + " " + what +
                       " axes are given for the first, " + std::to_string(y.size()) + " for the second argument" +
                       level_context());
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const int p = normalize_axis(op_, x[i], a_.ndim()), q = normalize_axis(op_, y[i], b_.ndim());
      if (at_a[p] >= 0 || at_b[q] >= 0) {
        throw ShapeError(std::string(op_) + ": axis " + std::to_string(at_a[p] >= 0 ? x[i] : y[i]) + " of the " +
                         (at_a[p] >= 0 ? "first" : "second") + " argument is named twice: " + both(a_, b_) +
                         level_context());
      }
      if (a_.shape()[p] != b_.shape()[q]) {
        throw ShapeError(std::string(op_) + ": " + what + " sizes differ: " + both(a_, b_) + " (axis " +
                         std::to_string(p) + " has " + std::to_string(a_.shape()[p]) + ", axis " + std::to_string(q) +
                         " has " + std::to_string(b_.shape()[q]) + ")" + level_context());
      }
      at_a[p] = at_b[q] = next++;
    }
  }
  int at_a[max_rank], at_b[max_rank];
  int next = 0;

 private:
  const char* op_;
  const Tensor &a_, &b_;
};

Tensor dot_general_as(const char* op, Tensor a, Tensor b, const DotGeneral& p) {
  PairLabels pairs(op, a, b);
  pairs.add("batch", p.lhs_batch, p.rhs_batch);
  Contraction c;
  for (int i = 0; i < pairs.next; ++i) c.out.push_back(i);
  pairs.add("contracting", p.lhs_contracting, p.rhs_contracting);
  const auto label = [&](const Tensor& x, const int* at, Labels& labels) {
    for (int i = 0; i < x.ndim(); ++i) {
      labels.push_back(at[i] >= 0 ? at[i] : pairs.next);
      if (at[i] < 0) c.out.push_back(pairs.next++);
    }
  };
  label(a, pairs.at_a, c.a);
  label(b, pairs.at_b, c.b);
  return contract(c, std::move(a), std::move(b));
}

}  // namespace

Tensor dot_general(Tensor a, Tensor b, DotGeneral p) {
  return dot_general_as("dot_general", std::move(a), std::move(b), p);
}

Tensor tensordot(Tensor a, Tensor b, Tensordot axes) {
  if (axes.count >= 0) {
    if (axes.count > a.ndim() || axes.count > b.ndim()) {
      throw ShapeError("tensordot: " + both(a, b) + " have no " + std::to_string(axes.count) + " axes to sum over" +
                       level_context());
    }
    axes = {counted(a.ndim() - axes.count, axes.count), counted(0, axes.count)};
  }
  return dot_general_as("tensordot", std::move(a), std::move(b),
                        {.lhs_contracting = axes.a, .rhs_contracting = axes.b});
}

namespace {

Samples product_samples(Tensor (*f)(Tensor, Tensor), std::vector<std::pair<Shape, Shape>> shapes) {
  Samples s;
  for (const auto& [x, y] : shapes) {
    s.push_back({to_string(x) + " x " + to_string(y), {{x}, {y}}, [f](std::span<const Tensor> t) {
                   return std::vector<Tensor>{f(t[0], t[1])};
                 }});
  }
  return s;
}

Samples matmul_samples() {
  return product_samples(&matmul, {{{2, 3}, {3, 4}},
                                   {{3}, {3}},
                                   {{3}, {3, 2}},
                                   {{2, 3}, {3}},
                                   {{2, 1, 3, 4}, {5, 4, 2}},
                                   {{1, 2, 3}, {1, 3, 2}},
                                   {{2, 0}, {0, 3}},
                                   {{0, 3}, {3, 2}}});
}
Samples matvec_samples() { return product_samples(&matvec, {{{2, 3}, {3}}, {{2, 3, 4}, {1, 4}}, {{0, 3}, {3}}}); }
Samples vecmat_samples() { return product_samples(&vecmat, {{{3}, {3, 2}}, {{2, 4}, {4, 3}}, {{0}, {0, 3}}}); }
Samples vecdot_samples() {
  return product_samples([](Tensor a, Tensor b) { return vecdot(std::move(a), std::move(b)); },
                         {{{3}, {3}}, {{2, 4}, {4}}, {{2, 0}, {2, 0}}});
}
Samples dot_samples() {
  return product_samples(&dot, {{{3}, {3}}, {{2, 3}, {3, 2}}, {{2, 3, 4}, {5, 4, 2}}, {{}, {3}}, {{0}, {0}}});
}
Samples vdot_samples() { return product_samples(&vdot, {{{2, 3}, {2, 3}}, {{}, {}}, {{0}, {0}}}); }
Samples inner_samples() { return product_samples(&strata::inner, {{{2, 4}, {3, 4}}, {{4}, {}}, {{0, 2}, {2}}}); }
Samples outer_samples() { return product_samples(&outer, {{{3}, {4}}, {{2, 2}, {3}}, {{0}, {2}}}); }
Samples tensordot_samples() {
  const auto by = [](Tensordot axes) {
    return [axes](std::span<const Tensor> x) { return std::vector<Tensor>{tensordot(x[0], x[1], axes)}; };
  };
  return {{"one pair", {{{2, 3}}, {{3, 4}}}, by({{1}, {0}})},
          {"two pairs", {{{2, 3, 4}}, {{4, 2, 3}}}, by({{0, 2}, {1, 0}})},
          {"none", {{{2}}, {{3}}}, by({{}, {}})},
          {"empty", {{{0, 3}}, {{3}}}, by({{1}, {0}})}};
}
Samples dot_general_samples() {
  const auto by = [](DotGeneral p) {
    return [p](std::span<const Tensor> x) { return std::vector<Tensor>{dot_general(x[0], x[1], p)}; };
  };
  return {{"a batch axis", {{{2, 3, 4}}, {{4, 2, 5}}}, by({{2}, {0}, {0}, {1}})},
          {"no batch axis", {{{2, 3}}, {{4, 3}}}, by({{1}, {1}, {}, {}})},
          {"empty", {{{0, 3}}, {{0, 3}}}, by({{1}, {1}, {0}, {0}})}};
}

}  // namespace

std::vector<Entry> contract_entries() {
  return {entry<row<Contract>>(),
          composite("matmul", &matmul_samples),
          composite("matvec", &matvec_samples),
          composite("vecmat", &vecmat_samples),
          composite("vecdot", &vecdot_samples),
          composite("dot", &dot_samples),
          composite("vdot", &vdot_samples),
          composite("inner", &inner_samples),
          composite("outer", &outer_samples),
          composite("tensordot", &tensordot_samples),
          composite("dot_general", &dot_general_samples)};
}

}  // namespace strata
