// Linear algebra: Cholesky and triangular solves, and what all of its files share. The factorisations read one
// triangle, and their derivatives live in that triangle; cholesky of the menu symmetrises first, as JAX does.
#include "strata/ops/linalg.hpp"

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace linalg {

Tensor matrices(const char* op, Tensor a, bool square) {
  const std::string name = std::string("linalg::") + op + ": ";
  if (a.ndim() < 2) {
    throw ShapeError(name + to_string(a.shape()) + " has no matrices along its last two axes" + level_context());
  }
  if (square && a.size(-1) != a.size(-2)) {
    throw ShapeError(name + "the matrices of " + to_string(a.shape()) + " are not square (" +
                     std::to_string(a.size(-2)) + " rows, " + std::to_string(a.size(-1)) + " columns)" +
                     level_context());
  }
  if (is_half(a.dtype())) {
    throw DtypeError(name + std::string(strata::name(a.dtype())) +
                     " has too few digits; convert it with st::astype(a, st::float32)" + level_context());
  }
  return to_float(std::move(a));
}

namespace {

/// The last two axes alone.
Tensor lower_mask(const Tensor& x, int k) {
  return tri(x.size(-2), {.columns = x.size(-1), .k = k, .dtype = Dtype::bool_, .device = x.device()});
}

}  // namespace

Tensor lower_part(const Tensor& x, int k) { return where(lower_mask(x, k), x, Tensor(0)); }
Tensor lower_half(const Tensor& x) { return (lower_part(x, 0) + lower_part(x, -1)) * 0.5; }
Tensor symmetric_from_lower(const Tensor& x) { return lower_part(x, 0) + mT(lower_part(x, -1)); }
Tensor symmetric_to_lower(const Tensor& x) { return lower_part(x, 0) + lower_part(mT(x), -1); }
Tensor symmetric_part(const Tensor& x) { return (x + mT(x)) * 0.5; }

Tensor unit_like(const Tensor& a) {
  const std::int64_t n = a.size(-1);
  const Shape leading = a.shape().slice(0, a.ndim() - 2);
  return broadcast_to(eye(n, {.dtype = a.dtype(), .device = a.device()}), leading + Shape{n, n});
}
Tensor diagonal_of(const Tensor& x) {
  const Tensor mask = eye(x.size(-1), {.dtype = Dtype::bool_, .device = x.device()});
  return sum(where(mask, x, Tensor(0)), {.axes = {-1}});
}
Tensor matrix_with_diagonal(const Tensor& d) {
  const Tensor mask = eye(d.size(-1), {.dtype = Dtype::bool_, .device = d.device()});
  return where(mask, expand_dims(d, -1), Tensor(0));
}

}  // namespace linalg

namespace {

using namespace linalg;

template <class F>
Sample matrix_sample(const char* label, std::vector<Argument> arguments, F f) {
  return {label, std::move(arguments), [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x)}; }};
}

/// Positive definite, from any matrix: a aT + n.
Tensor positive_definite(const Tensor& a) { return matmul(a, mT(a)) + unit_like(a) * a.size(-1); }
/// A triangle that is far from singular; the rest as it comes.
Tensor dominant(const Tensor& a) { return a + unit_like(a) * 5; }

/// Reads the lower triangle of a.
struct CholeskyFactor : General<CholeskyFactor, 1> {
  static constexpr std::string_view name = "cholesky_factor";
  static constexpr Keep keep = Keep::result;
  static Tensor eval(const Params&, Out x) { return backend(x[0]).linalg.cholesky(x[0]); }
  static Tensor jvp(const Params&, In, In dx, const In& y) {
    const Tensor& l = y[0];
    const Tensor left = linalg::triangular_solve(l, symmetric_from_lower(dx[0]), {.lower = true});
    const Tensor both = mT(linalg::triangular_solve(l, mT(left), {.lower = true}));
    return matmul(l, lower_half(both));
  }
  static void vjp(const Params&, In, In y, In g, Need need, Out dx) {
    if (!need[0]) return;
    const Tensor& l = y[0];
    const linalg::TriangularSolve t{.lower = true, .transpose_a = true};
    const Tensor left = linalg::triangular_solve(l, lower_half(matmul(mT(l), lower_part(g[0], 0))), t);
    dx[0] = symmetric_to_lower(symmetric_part(mT(linalg::triangular_solve(l, mT(left), t))));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<CholeskyFactor>(p, lanes_first(x[0])), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return apply<CholeskyFactor>({}, positive_definite(x[0])); };
    return {matrix_sample("[3, 3]", {{{3, 3}}}, call), matrix_sample("[2, 2, 2]", {{{2, 2, 2}}}, call),
            matrix_sample("empty", {{{0, 2, 2}}}, call), matrix_sample("[0, 0]", {{{0, 0}}}, call)};
  }
};

/// op(a) x = b with equal leading axes.
struct Triangular : General<Triangular, 2> {
  using Params = Triangle;
  static constexpr std::string_view name = "triangular_solve_left";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) { return backend(x[0]).linalg.triangular_solve(p, x[0], x[1]); }
  static Tensor masked(const Params& p, const Tensor& a) {
    const int k = p.unit ? -1 : 0;
    return p.lower ? lower_part(a, k) : mT(lower_part(mT(a), k));
  }
  static Tensor turned(const Params& p, const Tensor& a) { return p.transpose ? mT(a) : a; }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    Tensor right = dx[1];
    if (dx[0].defined()) right = add_tangents(right, neg(matmul(turned(p, masked(p, dx[0])), y[0])));
    return apply<Triangular>(p, Tensor(x[0]), std::move(right));
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    const Tensor gb = apply<Triangular>({p.lower, !p.transpose, p.unit}, Tensor(x[0]), Tensor(g[0]));
    if (need[0]) dx[0] = masked(p, turned(p, neg(matmul(gb, mT(y[0])))));
    if (need[1]) dx[1] = gb;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if (x[0].mapped()) return {apply<Triangular>(p, lanes_first(x[0]), lanes_first(x[1], batch.size)), 0};
    const LanesAsColumns b(x[1]);
    return b.back(apply<Triangular>(p, std::move(x[0].value), Tensor(b.columns)));
  }
  static Samples samples() {
    const auto by = [](Triangle t) {
      return [t](std::span<const Tensor> x) { return apply<Triangular>(t, dominant(x[0]), Tensor(x[1])); };
    };
    return {matrix_sample("lower", {{{3, 3}}, {{3, 2}}}, by({true, false, false})),
            matrix_sample("upper, transposed", {{{2, 2, 2}}, {{2, 2, 1}}}, by({false, true, false})),
            matrix_sample("unit diagonal", {{{3, 3}}, {{3, 1}}}, by({true, true, true})),
            matrix_sample("empty", {{{0, 2, 2}}, {{0, 2, 1}}}, by({true, false, false}))};
  }
};

Shape leading(const Tensor& a) { return a.shape().slice(0, a.ndim() - 2); }

}  // namespace

namespace linalg {

LanesAsColumns::LanesAsColumns(const Lane& b) {
  const Tensor inside = moveaxis(b.value, b.axis, b.value.ndim() - 2);
  parted_ = inside.shape();
  Shape joined = parted_;
  joined.erase(joined.size() - 1);
  joined[joined.size() - 1] *= parted_.back();
  columns = reshape(inside, joined);
}
Lane LanesAsColumns::back(Tensor x) const { return {reshape(std::move(x), parted_), parted_.size() - 2}; }

void broadcast_leading(const char* op, Tensor& a, Tensor& b) {
  const Shape la = leading(a), lb = leading(b);
  if (la == lb) return;
  const Shape all = broadcast_shapes(std::string("linalg::") + op, la, lb);
  for (Tensor* t : {&a, &b}) {
    const Shape shape = all + t->shape().slice(t->ndim() - 2, t->ndim());
    *t = broadcast_to(std::move(*t), shape);
  }
}

void promote_both(Tensor& a, Tensor& b) {
  const Dtype d = promote(a.type(), b.type()).dtype;
  a = astype(std::move(a), d);
  b = astype(std::move(b), d);
}

Tensor cholesky(Tensor a, Cholesky p) {
  a = matrices("cholesky", std::move(a), true);
  if (p.symmetrize_input)
    a = symmetric_part(a);
  else if (p.upper)
    a = mT(std::move(a));
  const Tensor l = apply<CholeskyFactor>({}, std::move(a));
  return p.upper ? mT(l) : l;
}

Tensor triangular_solve(Tensor a, Tensor b, TriangularSolve p) {
  a = matrices("triangular_solve", std::move(a), true);
  b = matrices("triangular_solve", std::move(b), false);
  promote_both(a, b);
  const std::int64_t n = a.size(-1), have = b.size(p.left_side ? -2 : -1);
  if (have != n) {
    throw ShapeError("linalg::triangular_solve: a " + to_string(a.shape()) + " meets " + std::to_string(have) +
                     (p.left_side ? " rows" : " columns") + " of b " + to_string(b.shape()) + level_context());
  }
  if (!p.left_side) b = mT(std::move(b));  // x a = b is aT xT = bT
  broadcast_leading("triangular_solve", a, b);
  const Triangle t{p.lower, p.left_side == p.transpose_a, p.unit_diagonal};
  const Tensor x = apply<Triangular>(t, std::move(a), std::move(b));
  return p.left_side ? x : mT(x);
}

}  // namespace linalg

namespace {

Samples cholesky_samples() {
  const auto by = [](linalg::Cholesky p) {
    return [p](std::span<const Tensor> x) { return linalg::cholesky(positive_definite(x[0]), p); };
  };
  return {matrix_sample("lower", {{{3, 3}}}, by({})), matrix_sample("upper", {{{2, 2, 2}}}, by({.upper = true})),
          matrix_sample("one triangle", {{{2, 2}}}, by({.symmetrize_input = false})),
          matrix_sample("empty", {{{0, 2, 2}}}, by({}))};
}

Samples triangular_solve_samples() {
  const auto by = [](linalg::TriangularSolve p) {
    return [p](std::span<const Tensor> x) { return linalg::triangular_solve(dominant(x[0]), x[1], p); };
  };
  return {matrix_sample("left", {{{3, 3}}, {{2, 3, 2}}}, by({.lower = true})),
          matrix_sample("right", {{{3, 3}}, {{2, 3}}}, by({.left_side = false, .transpose_a = true})),
          matrix_sample("empty", {{{2, 2}}, {{2, 0}}}, by({}))};
}

}  // namespace

std::vector<Entry> linalg_entries() {
  return {entry<row<CholeskyFactor>>(), entry<row<Triangular>>(), composite("linalg::cholesky", &cholesky_samples),
          composite("linalg::triangular_solve", &triangular_solve_samples)};
}

}  // namespace strata
