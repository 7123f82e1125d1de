// Eigenvalues of symmetric matrices, singular values, QR. Derivatives divide by differences of eigenvalues (of squared
// singular values); at ties these terms are left out, as the vectors are arbitrary there.
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

/// Rows of x scaled by s [..., k] from the left, columns from the right.
Tensor scale_rows(const Tensor& s, const Tensor& x) { return expand_dims(s, -1) * x; }
Tensor scale_columns(const Tensor& x, const Tensor& s) { return x * expand_dims(s, -2); }

/// 1 / (w_j - w_i), 0 where they are equal.
Tensor reciprocal_gaps(const Tensor& w) {
  const Tensor gap = expand_dims(w, -2) - expand_dims(w, -1);
  const Tensor tie = gap == 0;
  return where(tie, Tensor(0), 1 / where(tie, Tensor(1), gap));
}

template <class Op, int M>
void batch_all(const typename Op::Params& p, std::span<Lane> x, std::span<Lane> y) {
  const auto r = apply_many<Op, M>(p, lanes_first(x[0]));
  for (int i = 0; i < M; ++i) y[static_cast<std::size_t>(i)] = {r[static_cast<std::size_t>(i)], 0};
}

/// Reads the lower triangle: eigenvalues, eigenvectors in columns.
struct Symmetric : General<Symmetric, 1, 2> {
  static constexpr std::string_view name = "eigh_lower";
  static constexpr Keep keep = Keep::result;
  static void eval(const Params&, Out x, Out y) {
    auto [w, v] = backend(x[0]).linalg.eigh(x[0]);
    y[0] = std::move(w);
    y[1] = std::move(v);
  }
  static void jvp(const Params&, In, In dx, In y, Out dy) {
    const Tensor& v = y[1];
    const Tensor turned = matmul(matmul(mT(v), symmetric_from_lower(dx[0])), v);
    dy[0] = diagonal_of(turned);
    dy[1] = matmul(v, reciprocal_gaps(y[0]) * turned);
  }
  static void vjp(const Params&, In, In y, In g, Need need, Out dx) {
    if (!need[0]) return;
    const Tensor& v = y[1];
    Tensor inner;
    if (g[0].defined()) inner = matrix_with_diagonal(g[0]);
    if (g[1].defined()) inner = add_tangents(inner, reciprocal_gaps(y[0]) * matmul(mT(v), g[1]));
    dx[0] = symmetric_to_lower(symmetric_part(matmul(matmul(v, inner), mT(v))));
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) { batch_all<Symmetric, 2>(p, x, y); }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {  // free of the signs of the vectors
      const auto [w, v] = linalg::eigh(x[0]);
      return std::vector<Tensor>{w, matmul(scale_columns(v, exp(w)), mT(v))};
    };
    return {{"[3, 3]", {{{3, 3}}}, call}, {"[2, 2, 2]", {{{2, 2, 2}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
  }
};

/// Thin: u, s, vT.
struct Singular : General<Singular, 1, 3> {
  static constexpr std::string_view name = "svd_thin";
  static constexpr Keep keep = Keep::both;
  static void eval(const Params&, Out x, Out y) {
    auto [u, s, v] = backend(x[0]).linalg.svd(x[0]);
    y[0] = std::move(u);
    y[1] = std::move(s);
    y[2] = std::move(v);
  }
  /// x without its part in the span of u's columns.
  static Tensor outside(const Tensor& u, const Tensor& x) { return x - matmul(u, matmul(mT(u), x)); }
  static Tensor reciprocal_or_zero(const Tensor& s) {
    return where(s == 0, Tensor(0), 1 / where(s == 0, Tensor(1), s));
  }
  static void jvp(const Params&, In x, In dx, In y, Out dy) {
    const Tensor &u = y[0], &s = y[1], v = mT(y[2]);
    const std::int64_t m = x[0].size(-2), n = x[0].size(-1);
    const Tensor d = matmul(matmul(mT(u), dx[0]), v), gaps = reciprocal_gaps(square(s));
    const Tensor ds = scale_columns(d, s), sd = scale_rows(s, d);
    dy[1] = diagonal_of(d);
    dy[0] = matmul(u, gaps * (ds + mT(ds)));
    Tensor dv = matmul(v, gaps * (sd + mT(sd)));
    if (m > n) dy[0] = dy[0] + scale_columns(outside(u, matmul(dx[0], v)), reciprocal_or_zero(s));
    if (n > m) dv = dv + scale_columns(outside(v, matmul(mT(dx[0]), u)), reciprocal_or_zero(s));
    dy[2] = mT(dv);
  }
  static void vjp(const Params&, In x, In y, In g, Need need, Out dx) {
    if (!need[0]) return;
    const Tensor &u = y[0], &s = y[1], v = mT(y[2]);
    const std::int64_t m = x[0].size(-2), n = x[0].size(-1);
    Tensor inner, extra;
    if (g[1].defined()) inner = matrix_with_diagonal(g[1]);
    if (g[0].defined()) {
      const Tensor k = reciprocal_gaps(square(s)) * matmul(mT(u), g[0]);
      inner = add_tangents(inner, scale_columns(k + mT(k), s));
      if (m > n) extra = matmul(outside(u, scale_columns(g[0], reciprocal_or_zero(s))), mT(v));
    }
    if (g[2].defined()) {
      const Tensor gv = mT(g[2]), k = reciprocal_gaps(square(s)) * matmul(mT(v), gv);
      inner = add_tangents(inner, scale_rows(s, k + mT(k)));
      if (n > m) extra = add_tangents(extra, matmul(u, mT(outside(v, scale_columns(gv, reciprocal_or_zero(s))))));
    }
    dx[0] = add_tangents(matmul(matmul(u, inner), mT(v)), extra);
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) { batch_all<Singular, 3>(p, x, y); }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {  // free of the signs of the vectors
      const auto [u, s, vt] = linalg::svd(x[0]);
      return std::vector<Tensor>{s, matmul(u, vt)};
    };
    return {{"[3, 2]", {{{3, 2}}}, call}, {"[2, 2, 3]", {{{2, 2, 3}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
  }
};

/// Reduced, m >= n.
struct Orthogonal : General<Orthogonal, 1, 2> {
  static constexpr std::string_view name = "qr_tall";
  static constexpr Keep keep = Keep::result;
  static void eval(const Params&, Out x, Out y) {
    auto [q, r] = backend(x[0]).linalg.qr(x[0]);
    y[0] = std::move(q);
    y[1] = std::move(r);
  }
  /// x r^-1.
  static Tensor over(const Tensor& x, const Tensor& r) { return linalg::triangular_solve(r, x, {.left_side = false}); }
  static void jvp(const Params&, In, In dx, In y, Out dy) {
    const Tensor &q = y[0], &r = y[1];
    const Tensor c = over(dx[0], r), inner = matmul(mT(q), c), below = lower_part(inner, -1);
    const Tensor turn = below - mT(below);
    dy[0] = matmul(q, turn - inner) + c;
    dy[1] = matmul(inner - turn, r);
  }
  static void vjp(const Params&, In, In y, In g, Need need, Out dx) {
    if (!need[0]) return;
    const Tensor &q = y[0], &r = y[1];
    Tensor m, left = g[0];
    if (g[1].defined()) m = matmul(r, mT(g[1]));
    if (g[0].defined()) m = add_tangents(m, neg(matmul(mT(g[0]), q)));
    left = add_tangents(left, matmul(q, symmetric_from_lower(m)));
    dx[0] = linalg::triangular_solve(r, left, {.left_side = false, .transpose_a = true});
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    batch_all<Orthogonal, 2>(p, x, y);
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      const auto f = apply_many<Orthogonal, 2>({}, Tensor(x[0]));
      return std::vector<Tensor>{f[0], f[1]};
    };
    return {{"[3, 3]", {{{3, 3}}}, call}, {"[2, 4, 2]", {{{2, 4, 2}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
  }
};

}  // namespace

namespace linalg {

Eigh eigh(Tensor a, Symmetrize p) {
  a = matrices("eigh", std::move(a), true);
  const auto y = apply_many<Symmetric, 2>({}, p.symmetrize_input ? symmetric_part(a) : std::move(a));
  return {y[0], y[1]};
}
Tensor eigvalsh(Tensor a, Symmetrize p) { return eigh(std::move(a), p).eigenvalues; }

Svd svd(Tensor a) {
  const auto y = apply_many<Singular, 3>({}, matrices("svd", std::move(a), false));
  return {y[0], y[1], y[2]};
}
Tensor svdvals(Tensor a) { return svd(std::move(a)).s; }

Qr qr(Tensor a) {
  a = matrices("qr", std::move(a), false);
  const std::int64_t m = a.size(-2), n = a.size(-1);
  if (m >= n) {
    const auto y = apply_many<Orthogonal, 2>({}, std::move(a));
    return {y[0], y[1]};
  }
  const auto parts = split(std::move(a), {m}, {.axis = -1});
  const auto y = apply_many<Orthogonal, 2>({}, Tensor(parts[0]));
  return {y[0], concatenate({y[1], matmul(mT(y[0]), parts[1])}, {.axis = -1})};
}

}  // namespace linalg

namespace {

Samples eigvalsh_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{linalg::eigvalsh(x[0])}; };
  return {{"[3, 3]", {{{3, 3}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
}
Samples svdvals_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{linalg::svdvals(x[0])}; };
  return {{"[3, 2]", {{{3, 2}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
}
Samples qr_samples() {
  const auto call = [](std::span<const Tensor> x) {
    const auto [q, r] = linalg::qr(x[0]);
    return std::vector<Tensor>{q, r};
  };
  return {{"tall", {{{3, 2}}}, call}, {"wide", {{{2, 3}}}, call}, {"empty", {{{0, 2, 2}}}, call}};
}

}  // namespace

std::vector<Entry> linalg_spectral_entries() {
  return {entry<row<Symmetric>>(),
          entry<row<Singular>>(),
          entry<row<Orthogonal>>(),
          composite("linalg::eigvalsh", &eigvalsh_samples),
          composite("linalg::svdvals", &svdvals_samples),
          composite("linalg::qr", &qr_samples)};
}

}  // namespace strata
