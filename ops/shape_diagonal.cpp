// Diagonals and triangles of matrices (the last two axes). A diagonal is a view; laying a vector on a diagonal is its
// transpose; taking a triangle is its own.
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {
namespace {

/// Diagonal k of rows x columns matrices.
struct DiagonalParams {
  std::int64_t rows, columns, k;
  std::int64_t row() const { return std::max<std::int64_t>(0, -k); }
  std::int64_t column() const { return std::max<std::int64_t>(0, k); }
  std::int64_t length() const { return std::max<std::int64_t>(0, std::min(rows - row(), columns - column())); }
};

/// [..., rows, columns] -> [..., length].
struct Diagonal : Linear<Diagonal> {
  using Params = DiagonalParams;
  static constexpr std::string_view name = "diagonal";
  static Tensor eval(const Params& p, Tensor x) {
    const Dense& d = dense(x);
    const int rank = d.shape.size() - 2;
    Shape shape = d.shape.slice(0, rank), strides = d.strides.slice(0, rank);
    const std::int64_t down = d.strides[rank], right = d.strides[rank + 1];
    shape.push_back(p.length());
    strides.push_back(down + right);
    return view_of(x, shape, strides, shape.elements() > 0 ? p.row() * down + p.column() * right : 0);
  }
  static Tensor transpose(const Params& p, const Tensor& g);
  static Lane batch(const Params& p, Lane x, Batch&) { return {apply<Diagonal>(p, lanes_first(x)), 0}; }
  static Samples samples() {
    const auto by = [](int k) { return sampled([k](Tensor x) { return diagonal(x, {.offset = k}); }); };
    return {{"[3, 4]", {{{3, 4}}}, by(0)},
            {"above", {{{3, 4}}}, by(2)},
            {"below", {{{4, 3}}}, by(-1)},
            {"axes 1, 2", {{{2, 3, 3}}}, sampled([](Tensor x) { return diagonal(x, {.axis1 = 1, .axis2 = 2}); })},
            {"empty", {{{2, 2}}}, by(5)}};
  }
};

/// [..., length] -> [..., rows, columns], zeros beside the diagonal.
struct DiagonalSet : Linear<DiagonalSet> {
  using Params = DiagonalParams;
  static constexpr std::string_view name = "diag";
  static Tensor eval(const Params& p, Tensor x) {
    const Dense& d = dense(x);
    const int rank = d.shape.size() - 1;
    const Shape shape = d.shape.slice(0, rank) + Shape{p.rows, p.columns};
    Tensor y = zeros(shape, {d.dtype, d.device});
    dense(y).weak = d.weak;
    Strides strides = row_major(shape).slice(0, rank);
    strides.push_back(p.columns + 1);
    if (x.size() > 0) backend(y).slices.write(x, y, strides, p.row() * p.columns + p.column());
    return y;
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return apply<Diagonal>(p, Tensor(g)); }
  static Lane batch(const Params& p, Lane x, Batch&) { return {apply<DiagonalSet>(p, lanes_first(x)), 0}; }
  static Samples samples() {
    const auto by = [](int k) { return sampled([k](Tensor x) { return diag(x, k); }); };
    return {{"[3]", {{{3}}}, by(0)}, {"above", {{{2}}}, by(1)}, {"below", {{{3}}}, by(-2)}, {"empty", {{{0}}}, by(1)}};
  }
};

Tensor Diagonal::transpose(const Params& p, const Tensor& g) { return apply<DiagonalSet>(p, Tensor(g)); }

/// Zeros above (lower) or below (upper) diagonal k.
struct KeepTriangle : Linear<KeepTriangle> {
  struct Params {
    std::int64_t k;
    bool upper;
  };
  static constexpr std::string_view name = "triangle";
  static Tensor eval(const Params& p, Tensor x) {
    Tensor y = may_overwrite(x) ? std::move(x) : copy(x);
    backend(y).slices.triangle(y, p.k, p.upper);
    return y;
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return apply<KeepTriangle>(p, Tensor(g)); }
  static Lane batch(const Params& p, Lane x, Batch&) { return {apply<KeepTriangle>(p, lanes_first(x)), 0}; }
  static Samples samples() {
    return {{"lower of [4, 5]", {{{4, 5}}}, sampled([](Tensor x) { return tril(x); })},
            {"lower below", {{{4, 3}}}, sampled([](Tensor x) { return tril(x, -1); })},
            {"upper of [2, 4, 3]", {{{2, 4, 3}}}, sampled([](Tensor x) { return triu(x, 1); })},
            {"empty", {{{0, 2}}}, sampled([](Tensor x) { return triu(x); })}};
  }
};

void check_matrix(const char* op, const Tensor& x) {
  if (x.ndim() < 2) {
    throw ShapeError(std::string(op) + ": a matrix has at least 2 axes, the shape is " + to_string(x.shape()) +
                     level_context());
  }
}

}  // namespace

Tensor tril(Tensor x, std::int64_t k) {
  check_matrix("tril", x);
  return apply<KeepTriangle>({k, false}, std::move(x));
}
Tensor triu(Tensor x, std::int64_t k) {
  check_matrix("triu", x);
  return apply<KeepTriangle>({k, true}, std::move(x));
}

Tensor diagonal(Tensor x, OnDiagonal p) {
  check_matrix("diagonal", x);
  const int rank = x.ndim();
  const int a = normalize_axis("diagonal", p.axis1, rank), b = normalize_axis("diagonal", p.axis2, rank);
  if (a == b) throw ShapeError("diagonal: the two axes are the same, " + std::to_string(a) + level_context());
  x = moveaxis(std::move(x), AxisList({a, b}), AxisList({rank - 2, rank - 1}));
  const std::int64_t rows = x.shape()[rank - 2], columns = x.shape()[rank - 1];
  return apply<Diagonal>({rows, columns, p.offset}, std::move(x));
}

Tensor diag(Tensor x, std::int64_t k) {
  if (x.ndim() == 2) return diagonal(std::move(x), {.offset = k});
  if (x.ndim() != 1) {
    throw ShapeError("diag: a vector or a matrix is wanted, the shape is " + to_string(x.shape()) + level_context());
  }
  const std::int64_t n = x.shape()[0] + (k < 0 ? -k : k);
  return apply<DiagonalSet>({n, n, k}, std::move(x));
}

Tensor diagflat(Tensor x, std::int64_t k) { return diag(ravel(std::move(x)), k); }

Tensor fill_diagonal(Tensor x, Tensor value) {
  check_matrix("fill_diagonal", x);
  const int rank = x.ndim();
  const std::int64_t rows = x.shape()[rank - 2], columns = x.shape()[rank - 1];
  const DiagonalParams p{rows, columns, 0};
  Shape shape = x.shape().slice(0, rank - 2);
  shape.push_back(p.length());
  const Tensor on = apply<DiagonalSet>(p, broadcast_to(astype(std::move(value), x.dtype()), shape));
  const Tensor here = apply<DiagonalSet>(p, ones({p.length()}, {Dtype::bool_, x.device()}));
  return where(here, on, std::move(x));
}

Tensor trace(Tensor x, OnDiagonal p) {
  check_matrix("trace", x);
  return sum(diagonal(std::move(x), p), {.axes = {-1}});
}

Tensor kron(Tensor a, Tensor b) {
  while (a.ndim() < b.ndim()) a = expand_dims(std::move(a), 0);
  while (b.ndim() < a.ndim()) b = expand_dims(std::move(b), 0);
  Shape left, right, joined;
  for (int i = 0; i < a.ndim(); ++i) {
    const std::int64_t n = a.shape()[i], m = b.shape()[i];
    left.push_back(n);
    left.push_back(1);
    right.push_back(1);
    right.push_back(m);
    joined.push_back(n * m);
  }
  return reshape(reshape(std::move(a), left) * reshape(std::move(b), right), joined);
}

namespace {

Samples trace_samples() {
  const auto call = sampled([](Tensor x) { return trace(x); });
  return {
      {"[3, 4]", {{{3, 4}}}, call},
      {"[2, 3, 3]", {{{2, 3, 3}}}, sampled([](Tensor x) { return trace(x, {.offset = 1, .axis1 = -2, .axis2 = -1}); })},
      {"empty", {{{0, 2}}}, call}};
}
Samples kron_samples() {
  const auto call = sampled([](Tensor a, Tensor b) { return kron(a, b); });
  return {
      {"matrices", {{{2, 2}}, {{2, 3}}}, call}, {"a vector", {{{3}}, {{2, 1}}}, call}, {"empty", {{{0}}, {{2}}}, call}};
}

}  // namespace

std::vector<Entry> diagonal_entries() {
  return {entry<row<Diagonal>>(), entry<row<DiagonalSet>>(), entry<row<KeepTriangle>>(), composite("trace", &trace_samples),
          composite("kron", &kron_samples)};
}

}  // namespace strata
