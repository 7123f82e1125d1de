// Linear systems and determinants. The factors are constants to the rules: the derivative of x = a^-1 b goes through a
// and b, and reuses the factors of a at every order and in every lane that shares a.
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/linalg.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

using namespace linalg;

template <class F>
Sample matrix_sample(const char* label, std::vector<Argument> arguments, F f) {
  return {label, std::move(arguments), [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x)}; }};
}

Shape leading(const Tensor& a) { return a.shape().slice(0, a.ndim() - 2); }

/// Far from singular.
Tensor regular(const Tensor& a) { return a + unit_like(a) * 5; }

/// a's factors and pivots, for LuSolve alone.
struct LuFactor : NonDifferentiable<LuFactor, 1, 2> {
  static constexpr std::string_view name = "lu_factor";
  static void eval(const Params&, Out x, Out y) {
    Lu f = backend(x[0]).linalg.lu(x[0]);
    y[0] = std::move(f.factors);
    y[1] = std::move(f.pivots);
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    const auto f = apply_many<LuFactor, 2>(p, lanes_first(x[0]));
    y[0] = {f[0], 0};
    y[1] = {f[1], 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      const auto f = apply_many<LuFactor, 2>({}, Tensor(x[0]));
      return std::vector<Tensor>{f[0], f[1]};
    };
    return {{"[3, 3]", {{{3, 3}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
  }
};

struct Side {
  bool transpose;  // aT x = b
};

/// x from a, its factors, its pivots, and b. Equal leading axes.
struct LuSolve : General<LuSolve, 4> {
  using Params = Side;
  static constexpr std::string_view name = "lu_solve";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) { return backend(x[1]).linalg.lu_solve(x[1], x[2], x[3], p.transpose); }
  static Tensor solve(bool transpose, In x, Tensor b) {
    return apply<LuSolve>({transpose}, Tensor(x[0]), Tensor(x[1]), Tensor(x[2]), std::move(b));
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    Tensor right = dx[3];
    if (dx[0].defined()) right = add_tangents(right, neg(matmul(p.transpose ? mT(dx[0]) : dx[0], y[0])));
    return right.defined() ? solve(p.transpose, x, right) : Tensor();
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    const Tensor gb = solve(!p.transpose, x, g[0]);
    if (need[0]) dx[0] = neg(p.transpose ? matmul(y[0], mT(gb)) : matmul(gb, mT(y[0])));
    if (need[3]) dx[3] = gb;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if (!x[0].mapped() && !x[1].mapped()) {
      const LanesAsColumns b(x[3]);
      return b.back(
          apply<LuSolve>(p, std::move(x[0].value), std::move(x[1].value), std::move(x[2].value), Tensor(b.columns)));
    }
    const std::int64_t n = batch.size;
    return {apply<LuSolve>(p, lanes_first(x[0], n), lanes_first(x[1], n), lanes_first(x[2], n), lanes_first(x[3], n)),
            0};
  }
  static Samples samples() {
    const auto by = [](bool transpose) {
      return [transpose](std::span<const Tensor> x) {
        const Tensor a = regular(x[0]);
        const auto f = apply_many<LuFactor, 2>({}, Tensor(a));
        return apply<LuSolve>({transpose}, Tensor(a), Tensor(f[0]), Tensor(f[1]), Tensor(x[1]));
      };
    };
    return {matrix_sample("[3, 3]", {{{3, 3}}, {{3, 2}}}, by(false)),
            matrix_sample("transposed", {{{2, 2, 2}}, {{2, 2, 1}}}, by(true)),
            matrix_sample("empty", {{{0, 2, 2}}, {{0, 2, 1}}}, by(false))};
  }
};

/// d det / d a. The derivative of it for n = 2 and 3 is polynomial; beyond, it takes a to be regular.
struct Cofactors : General<Cofactors, 1> {
  static constexpr std::string_view name = "cofactors";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params&, Out x) { return backend(x[0]).linalg.cofactors(x[0]); }
  static Tensor of(const Tensor& a) { return apply<Cofactors>({}, Tensor(a)); }
  /// The derivative in the direction d: a symmetric map, so it is its own transpose.
  static Tensor along(const Tensor& a, const Tensor& d) {
    const std::int64_t n = a.size(-1);
    if (n <= 1) return d * 0;
    if (n == 2) return of(d);
    if (n == 3) return of(a + d) - of(a) - of(d);
    const Tensor w = mT(linalg::inv(a));  // w = a^-T
    const Tensor scale = expand_dims(linalg::det(a), {-2, -1});
    const Tensor trace = sum(w * d, {.axes = {-2, -1}, .keepdims = true});
    return scale * (trace * w - matmul(matmul(w, mT(d)), w));
  }
  static Tensor jvp(const Params&, In x, In dx, In) { return along(x[0], dx[0]); }
  static void vjp(const Params&, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = along(x[0], g[0]);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return {apply<Cofactors>(p, lanes_first(x[0])), 0}; }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return of(x[0]); };
    const auto moved = [](std::span<const Tensor> x) { return of(regular(x[0]) * 0.25); };
    return {matrix_sample("[1, 1]", {{{1, 1}}}, call), matrix_sample("[2, 2, 2]", {{{2, 2, 2}}}, call),
            matrix_sample("[3, 3]", {{{3, 3}}}, call), matrix_sample("[4, 4]", {{{4, 4}}}, moved),
            matrix_sample("empty", {{{0, 2, 2}}}, call)};
  }
};

Tensor as_matrices(const Tensor& x) { return expand_dims(x, {-2, -1}); }

struct Det : General<Det, 1> {
  static constexpr std::string_view name = "linalg::det";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params&, Out x) { return backend(x[0]).linalg.det(x[0]); }
  static Tensor jvp(const Params&, In x, In dx, In) {
    return sum(apply<Cofactors>({}, Tensor(x[0])) * dx[0], {.axes = {-2, -1}});
  }
  static void vjp(const Params&, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = as_matrices(g[0]) * apply<Cofactors>({}, Tensor(x[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return {apply<Det>(p, lanes_first(x[0])), 0}; }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return linalg::det(x[0]); };
    const auto moved = [](std::span<const Tensor> x) { return linalg::det(regular(x[0]) * 0.25); };
    return {matrix_sample("[2, 2]", {{{2, 2}}}, call), matrix_sample("[2, 3, 3]", {{{2, 3, 3}}}, call),
            matrix_sample("[4, 4]", {{{4, 4}}}, moved), matrix_sample("empty", {{{0, 2, 2}}}, call),
            matrix_sample("[0, 0]", {{{0, 0}}}, call)};
  }
};

/// The sign is constant wherever it has a derivative.
struct SignLogDet : General<SignLogDet, 1, 2> {
  static constexpr std::string_view name = "linalg::slogdet";
  static constexpr Keep keep = Keep::inputs;
  static void eval(const Params&, Out x, Out y) {
    auto [sign, log] = backend(x[0]).linalg.slogdet(x[0]);
    y[0] = std::move(sign);
    y[1] = std::move(log);
  }
  static void jvp(const Params&, In x, In dx, In, Out dy) {
    dy[1] = sum(mT(linalg::inv(x[0])) * dx[0], {.axes = {-2, -1}});
  }
  static void vjp(const Params&, In x, In, In g, Need need, Out dx) {
    if (need[0] && g[1].defined()) dx[0] = as_matrices(g[1]) * mT(linalg::inv(x[0]));
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    const auto r = apply_many<SignLogDet, 2>(p, lanes_first(x[0]));
    y[0] = {r[0], 0};
    y[1] = {r[1], 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      const auto [sign, log] = linalg::slogdet(regular(x[0]));
      return std::vector<Tensor>{sign, log};
    };
    return {{"[3, 3]", {{{3, 3}}}, call}, {"[2, 2, 2]", {{{2, 2, 2}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
  }
};

/// Right-hand sides with leading axes of one matrix without: they join the columns.
Tensor solve_shared(const Tensor& a, const Tensor& factors, const Tensor& pivots, const Tensor& b) {
  const Tensor inside = moveaxis(b, -2, 0);
  const Tensor x = apply<LuSolve>({false}, Tensor(a), Tensor(factors), Tensor(pivots),
                                  reshape(inside, {a.size(-1), b.size() / std::max<std::int64_t>(a.size(-1), 1)}));
  return moveaxis(reshape(x, inside.shape()), 0, -2);
}

}  // namespace

namespace linalg {

Tensor solve(Tensor a, Tensor b) {
  a = matrices("solve", std::move(a), true);
  const bool vector = b.ndim() == 1;
  if (b.ndim() == 0) throw ShapeError("linalg::solve: b is a scalar; for scalars use b / a" + level_context());
  const Shape given = b.shape();
  b = matrices("solve", vector ? expand_dims(std::move(b), -1) : std::move(b), false);
  if (b.size(-2) != a.size(-1)) {
    throw ShapeError("linalg::solve: a " + to_string(a.shape()) + " has " + std::to_string(a.size(-1)) + " rows, b " +
                     to_string(given) + " has " + std::to_string(b.size(-2)) + level_context());
  }
  promote_both(a, b);
  const auto f = apply_many<LuFactor, 2>({}, Tensor(a));
  Tensor x;
  if (a.ndim() == 2 && b.ndim() > 2) {
    x = solve_shared(a, f[0], f[1], b);
  } else {
    broadcast_leading("solve", a, b);
    const Shape all = leading(a);
    const std::int64_t n = a.size(-1);
    x = apply<LuSolve>({false}, std::move(a), broadcast_to(f[0], all + Shape{n, n}), broadcast_to(f[1], all + Shape{n}),
                       std::move(b));
  }
  return vector ? squeeze(x, {.axes = {-1}}) : x;
}

Tensor inv(Tensor a) {
  a = matrices("inv", std::move(a), true);
  const Tensor one = unit_like(a);
  const auto f = apply_many<LuFactor, 2>({}, Tensor(a));
  return apply<LuSolve>({false}, std::move(a), Tensor(f[0]), Tensor(f[1]), Tensor(one));
}

Tensor det(Tensor a) { return apply<Det>({}, matrices("det", std::move(a), true)); }

SlogDet slogdet(Tensor a) {
  const auto y = apply_many<SignLogDet, 2>({}, matrices("slogdet", std::move(a), true));
  return {y[0], y[1]};
}

}  // namespace linalg

namespace {

Samples solve_samples() {
  const auto call = [](std::span<const Tensor> x) { return linalg::solve(regular(x[0]), x[1]); };
  return {matrix_sample("a vector", {{{3, 3}}, {{3}}}, call), matrix_sample("columns", {{{2, 2}}, {{3, 2, 2}}}, call),
          matrix_sample("matrices", {{{2, 1, 2, 2}}, {{3, 2, 1}}}, call),
          matrix_sample("empty", {{{2, 2}}, {{2, 0}}}, call)};
}

Samples inv_samples() {
  const auto call = [](std::span<const Tensor> x) { return linalg::inv(regular(x[0])); };
  return {matrix_sample("[3, 3]", {{{3, 3}}}, call), matrix_sample("[2, 2, 2]", {{{2, 2, 2}}}, call),
          matrix_sample("empty", {{{0, 2, 2}}}, call)};
}

}  // namespace

std::vector<Entry> linalg_solve_entries() {
  return {entry<row<LuFactor>>(),
          entry<row<LuSolve>>(),
          entry<row<Cofactors>>(),
          entry<row<Det>>(),
          entry<row<SignLogDet>>(),
          composite("linalg::solve", &solve_samples),
          composite("linalg::inv", &inv_samples)};
}

}  // namespace strata
