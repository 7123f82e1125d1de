// Products, variances, norms. A product's derivative is made of running products from both ends, so zeros do no harm.
#include <cmath>
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

struct Prod : General<Prod, 1> {
  static constexpr bool takes_pending = true;
  using Params = ReduceParams;
  static constexpr std::string_view name = "prod";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    const Dtype from = x[0].dtype(), dtype = sum_dtype(from), compute = compute_dtype(dtype);
    Tensor y = empty_result(p, x[0], dtype, x[0].weak() && from == dtype);
    reduce({Reducer::prod, compute, p.axes}, x[0], y);
    return y;
  }
  /// For each element, the product of the others: of those before it times of those after it.
  static Tensor others(const Params& p, const Tensor& x) {
    std::vector<int> order, inverse(static_cast<std::size_t>(x.ndim()));
    for (const bool reduced : {false, true}) {
      for (int i = 0; i < x.ndim(); ++i) {
        if (p.axes.has(i) == reduced) order.push_back(i);
      }
    }
    Shape moved;
    for (std::size_t i = 0; i < order.size(); ++i) {
      inverse[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
      moved.push_back(p.from[order[i]]);
    }
    const Tensor lines = reduced_last(x, p.axes);
    const Tensor y = cumprod(lines, {.axis = -1, .exclusive = true}) *
                     cumprod(lines, {.axis = -1, .reverse = true, .exclusive = true});
    return transpose(reshape(y, moved), AxisList(inverse));
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    return sum(others(p, x[0]) * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims});
  }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) { dx[0] = others(p, x[0]) * keep_axes(g[0], p); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<Prod>(p, x[0]); }
  static Samples samples() {
    const auto over = [](Reduce p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{prod(x[0], p)}; };
    };
    return {{"[5] over all", {{{5}}}, over({})},
            {"[4, 3] over 0", {{{4, 3}}}, over({.axes = {0}})},
            {"[2, 3, 2] over 0, 2, kept", {{{2, 3, 2}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"with zeros", {{{6}, Dtype::float32, -2, 2, array({1.f, 0.f, 2.f, 0.f, 3.f, 1.f})}}, over({})},
            {"empty", {{{2, 0}}}, over({.axes = {1}})}};
  }
};

struct VarParams : ReduceParams {
  double ddof = 0;
  double divisor() const { return static_cast<double>(reduced_count(from, axes)) - ddof; }
};

/// 1 / y, and 0 where y is 0.
Tensor reciprocal_or_zero(const Tensor& y) {
  const Tensor zero = y == 0;
  return where(zero, 0, reciprocal(where(zero, 1, y)));
}

/// d var = 2 / (n - ddof) sum((x - mean) dx): the mean's own change adds up to nothing. std = sqrt(var), so half of
/// that over std, and 0 where std is 0.
template <class D, bool Root>
struct Spread : General<D, 1> {
  static constexpr bool takes_pending = true;
  using Params = VarParams;
  static constexpr Keep keep = Root ? Keep::both : Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    const Dtype dtype = x[0].dtype();
    Tensor y = empty_result(p, x[0], dtype, x[0].weak());
    reduce({Reducer::moments, compute_dtype(dtype), p.axes, 1, p.ddof, Root}, x[0], y);
    return y;
  }
  /// What multiplies (x - mean), beside x.
  static Tensor factor(const Params& p, const Tensor& y) {
    if (!Root) return Tensor(2 / p.divisor());
    return keep_axes(reciprocal_or_zero(y), p) * (1 / p.divisor());
  }
  static Tensor slope(const Params& p, const Tensor& x, const Tensor& y) {
    return (x - mean(x, {.axes = axis_list(p.axes), .keepdims = true})) * factor(p, y);
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    return sum(slope(p, x[0], y[0]) * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims});
  }
  static void vjp(const Params& p, In x, In y, In g, Need, Out dx) {
    const Tensor centred = x[0] - mean(x[0], {.axes = axis_list(p.axes), .keepdims = true});
    dx[0] = centred * (keep_axes(g[0], p) * factor(p, y[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<D>(p, x[0]); }
  static Samples samples() {
    const auto over = [](Deviation p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{D::call(x[0], p)}; };
    };
    const auto masked = [](std::span<const Tensor> x) {
      const Tensor some = logical_or(x[1], arange(3) < 2);
      return std::vector<Tensor>{D::call(x[0], {.axes = {1}, .where = some})};
    };
    return {{"[5] over all", {{{5}}}, over({})},
            {"[4, 3] over 0, unbiased", {{{4, 3}}}, over({.axes = {0}, .ddof = 1})},
            {"[2, 3, 2] over 0, 2, kept", {{{2, 3, 2}}}, over({.axes = {0, 2}, .keepdims = true})},
            {"[2, 3] where", {{{2, 3}}, {{2, 3}, Dtype::bool_}}, masked},
            {"empty", {{{0, 2}}}, over({.axes = {1}})}};
  }
};
struct Var : Spread<Var, false> {
  static constexpr std::string_view name = "var";
  static Tensor call(Tensor x, Deviation p) { return var(std::move(x), std::move(p)); }
};
struct Std : Spread<Std, true> {
  static constexpr std::string_view name = "std";
  static Tensor call(Tensor x, Deviation p) { return strata::std(std::move(x), std::move(p)); }
};

/// sqrt(sum x^2): the derivative is x / y, 0 where y is 0.
struct Norm2 : General<Norm2, 1> {
  static constexpr bool takes_pending = true;
  using Params = ReduceParams;
  static constexpr std::string_view name = "norm";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) {
    const Dtype dtype = x[0].dtype();
    Tensor y = empty_result(p, x[0], dtype, x[0].weak());
    reduce({Reducer::squares, compute_dtype(dtype), p.axes, 1, 0, true}, x[0], y);
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    return sum(x[0] * dx[0], {.axes = axis_list(p.axes), .keepdims = p.keepdims}) * reciprocal_or_zero(y[0]);
  }
  static void vjp(const Params& p, In x, In y, In g, Need, Out dx) {
    dx[0] = x[0] * keep_axes(g[0] * reciprocal_or_zero(y[0]), p);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return batch_reduced<Norm2>(p, x[0]); }
  static Samples samples() {
    const auto with = [](Norm p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{norm(x[0], p)}; };
    };
    return {{"[5]", {{{5}}}, with({})},
            {"[4, 3] over 0", {{{4, 3}}}, with({.axes = {0}})},
            {"matrices, Frobenius", {{{2, 3, 2}}}, with({.ord = "fro", .axes = {1, 2}, .keepdims = true})},
            {"1", {{{2, 3}}}, with({.ord = 1, .axes = {1}})},
            {"largest", {{{2, 3}}}, with({.ord = std::numeric_limits<double>::infinity(), .axes = {1}})},
            {"3", {{{2, 3}, Dtype::float32, 0.5, 2}}, with({.ord = 3, .axes = {1}})},
            {"matrix, 1", {{{2, 3}}}, with({.ord = 1})},
            {"matrices, 2", {{{3, 2, 2}}}, with({.ord = 2, .axes = {0, 2}, .keepdims = true})},
            {"matrix, nuclear", {{{2, 3}}}, with({.ord = "nuc"})},
            {"empty", {{{2, 0}}}, with({.axes = {1}})}};
  }
};

template <class D>
Tensor deviation(Tensor x, Deviation p) {
  check_where(D::name.data(), x, p.where);
  x = to_float(std::move(x));
  if (!p.where.defined()) {
    const VarParams q{{x.shape(), axis_set(D::name.data(), p.axes, x.ndim()), p.keepdims}, p.ddof};
    return apply<D>(q, std::move(x));
  }
  const Tensor m = mean(x, {.axes = p.axes, .keepdims = true, .where = p.where});
  const Tensor squares = sum(square(x - m), {.axes = p.axes, .keepdims = p.keepdims, .where = p.where});
  const Tensor count = count_nonzero(broadcast_to(p.where, x.shape()), {.axes = p.axes, .keepdims = p.keepdims});
  const Tensor v = squares / (count - p.ddof);
  if constexpr (std::is_same_v<D, Var>) return v;
  const Tensor zero = v == 0;
  return where(zero, 0, sqrt(where(zero, 1, v)));
}

/// Norms of vectors along `axes`.
Tensor vector_norm(Tensor x, const NormOrder& ord, const AxesOrAll& axes, bool keepdims) {
  const double k = ord.number();
  const Reduce r{.axes = axes, .keepdims = keepdims};
  if (k == 2) {
    const ReduceParams q{x.shape(), axis_set("norm", axes, x.ndim()), keepdims};
    return apply<Norm2>(q, std::move(x));
  }
  if (k == 0) return astype(count_nonzero(x, r), x.dtype());
  const Tensor a = abs(x);
  if (std::isinf(k)) {
    const ReduceFrom f{.axes = axes, .keepdims = keepdims};
    return k > 0 ? max(a, f) : min(a, f);
  }
  if (k == 1) return sum(a, r);
  return pow(sum(pow(a, k), r), 1 / k);
}

/// The largest (smallest) sum of magnitudes along one axis: the norms of order 1, -1, inf, -inf.
Tensor matrix_norm(const Tensor& x, const NormOrder& ord, int rows, int columns, bool keepdims) {
  const double k = ord.number();
  const bool along_columns = std::isinf(k);
  const int inner = along_columns ? columns : rows, outer = along_columns ? rows : columns;
  const Tensor sums = sum(abs(x), {.axes = inner, .keepdims = true});
  const Tensor y = k > 0 ? max(sums, {.axes = outer, .keepdims = true}) : min(sums, {.axes = outer, .keepdims = true});
  const ReduceParams q{x.shape(), {1u << rows | 1u << columns}, keepdims};
  return drop_axes(y, q);
}

/// Norms by singular values: their sum ("nuc"), the largest (2), the smallest (-2).
Tensor spectral_norm(const Tensor& x, const NormOrder& ord, int rows, int columns, bool keepdims) {
  const int rank = x.ndim();
  const Tensor s =
      linalg::svdvals(moveaxis(moveaxis(x, rows, rank - 1), columns > rows ? columns - 1 : columns, rank - 1));
  Tensor y;
  if (!ord.is_number())
    y = sum(s, {.axes = {-1}});
  else
    y = ord.number() > 0 ? max(s, {.axes = {-1}}) : min(s, {.axes = {-1}});
  return reshape(y, reduced_shape(x.shape(), {1u << rows | 1u << columns}, keepdims));
}

[[noreturn]] void refuse_order(const NormOrder& ord, const char* of) {
  throw ValueError("norm: there is no norm of order " + ord.text() + " for " + of +
                   "; vectors have numbers, matrices \"fro\", \"nuc\", 1, 2, inf and -1, -2, -inf" + level_context());
}

}  // namespace

Tensor prod(Tensor x, Reduce p) {
  check_where("prod", x, p.where);
  if (p.where.defined()) x = where(p.where, std::move(x), 1);
  const ReduceParams q{x.shape(), axis_set("prod", p.axes, x.ndim()), p.keepdims};
  return apply<Prod>(q, std::move(x));
}

Tensor var(Tensor x, Deviation p) { return deviation<Var>(std::move(x), std::move(p)); }
Tensor std(Tensor x, Deviation p) { return deviation<Std>(std::move(x), std::move(p)); }

Tensor norm(Tensor x, Norm p) {
  x = to_float(std::move(x));
  if (!p.ord.given()) return vector_norm(std::move(x), 2, p.axes, p.keepdims);
  const int rank = p.axes.is_every() ? x.ndim() : static_cast<int>(p.axes.list().size());
  if (rank == 1) {
    if (!p.ord.is_number()) refuse_order(p.ord, "vectors");
    return vector_norm(std::move(x), p.ord, p.axes, p.keepdims);
  }
  if (rank != 2) {
    throw ShapeError("norm: .ord is given with " + std::to_string(rank) + " axes of shape " + to_string(x.shape()) +
                     "; one makes norms of vectors, two of matrices" + level_context());
  }
  if (p.ord.text() == "fro") return vector_norm(std::move(x), 2, p.axes, p.keepdims);
  const int rows = p.axes.is_every() ? 0 : normalize_axis("norm", p.axes.list()[0], x.ndim());
  const int columns = p.axes.is_every() ? 1 : normalize_axis("norm", p.axes.list()[1], x.ndim());
  if (p.ord.text() == "nuc") return spectral_norm(x, p.ord, rows, columns, p.keepdims);
  const double k = std::fabs(p.ord.number());
  if (!p.ord.is_number() || (k != 1 && k != 2 && !std::isinf(k))) refuse_order(p.ord, "matrices");
  if (k == 2) return spectral_norm(x, p.ord, rows, columns, p.keepdims);
  return matrix_norm(x, p.ord, rows, columns, p.keepdims);
}

std::vector<Entry> reduce_moments_entries() {
  return {entry<row<Prod>>(), entry<row<Var>>(), entry<row<Std>>(), entry<row<Norm2>>()};
}

}  // namespace strata
