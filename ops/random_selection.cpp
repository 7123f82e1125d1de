// Choosing: permutation, choice, categorical; and draws over vectors: dirichlet, multivariate_normal.
// Made of orders, integers and distributions by ops. Without p, choice and permutation are JAX's exactly.
#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/random_check.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata::random {
namespace {

/// A number stands for 0, 1, ..., n - 1: how many there are, and what is chosen from.
struct Population {
  bool number;
  std::int64_t size;
  int axis;
};

Population population(const char* function, const Tensor& x, int axis) {
  const std::string name = std::string("random.") + function;
  if (x.ndim() > 0) {
    axis = normalize_axis(name.c_str(), axis, x.ndim());
    return {false, x.size(axis), axis};
  }
  if (!is_integer(x.dtype())) {
    throw DtypeError(name + ": a number says how many there are, so it is an integer, not " +
                     std::string(strata::name(x.dtype())) + level_context());
  }
  const auto n = x.item<std::int64_t>();
  if (n < 0) throw ValueError(name + ": there cannot be " + std::to_string(n) + level_context());
  return {true, n, 0};
}

/// Indices with probabilities p: with replacement by search in the running sums, without by the largest of log p plus
/// Gumbel noise.
Tensor weighted_indices(Tensor key, const Population& from, const Shape& shape, const Choice& options) {
  const Tensor p = to_float(options.p);
  if (!(p.shape() == Shape{from.size})) {
    throw ShapeError("random.choice: p has shape " + to_string(p.shape()) +
                     ", which is not one probability for each of " + std::to_string(from.size) + level_context());
  }
  if (!options.replace) {
    const Tensor noise = gumbel(std::move(key), {from.size}, {.dtype = p.dtype()});
    return reshape(top_k(noise + log(p), shape.elements())[1], shape);
  }
  const Tensor sums = cumsum(p);
  const Tensor u = uniform(std::move(key), shape, {.dtype = p.dtype()});
  return searchsorted(sums, take(sums, from.size - 1) * (1 - u));
}

void check_choice(const Population& from, const Shape& shape, bool replace) {
  const std::int64_t draws = shape.elements();
  if (draws == 0) return;
  if (from.size == 0) throw ValueError("random.choice: there is nothing to choose from" + level_context());
  if (!replace && draws > from.size) {
    throw ValueError("random.choice: " + std::to_string(draws) + " cannot be chosen from " + std::to_string(from.size) +
                     " without replacement" + level_context());
  }
}

}  // namespace

Tensor permutation(Tensor key, Tensor x, Permutation p) {
  check_key("permutation", key);
  const Population from = population("permutation", x, p.axis);
  if (from.number) return order("permutation", std::move(key), {from.size}, 0);
  if (p.independent) {
    Tensor places = order("permutation", std::move(key), x.shape(), from.axis);
    return take_along_axis(std::move(x), std::move(places), {.axis = from.axis});
  }
  return take(std::move(x), order("permutation", std::move(key), {from.size}, 0), {.axis = from.axis});
}

Tensor choice(Tensor key, Tensor a, Shape shape, Choice p) {
  check_key("choice", key);
  check_shape("choice", shape);
  const Population from = population("choice", a, p.axis);
  check_choice(from, shape, p.replace);
  const std::int64_t draws = shape.elements();
  Tensor indices;
  if (draws == 0)
    indices = zeros(shape, {Dtype::int32, key.device()});
  else if (p.p.defined())
    indices = weighted_indices(std::move(key), from, shape, p);
  else if (p.replace)
    indices = randint(std::move(key), shape, 0, from.size);
  else
    indices = reshape(order("choice", std::move(key), {from.size}, 0)[range(0, draws)], shape);
  return from.number ? indices : take(std::move(a), std::move(indices), {.axis = from.axis});
}

Tensor categorical(Tensor key, Tensor logits, Categorical p) {
  check_key("categorical", key);
  logits = to_float(std::move(logits));
  const int axis = normalize_axis("random.categorical", p.axis, logits.ndim());
  Shape rows = logits.shape();
  rows.erase(axis);
  const Shape shape = p.shape.given() ? p.shape.shape() : rows;
  check_shape("categorical", shape);
  const int extra = shape.size() - rows.size();
  if (extra < 0 || !(broadcast_shapes("random.categorical", rows, shape) == shape)) {
    throw ShapeError("random.categorical: the logits are for " + to_string(rows) + ", which does not broadcast to " +
                     to_string(shape) + level_context());
  }
  if (!p.replace) {
    const std::int64_t k = shape.slice(0, extra).elements();
    const Tensor noise = gumbel(std::move(key), logits.shape(), {.dtype = logits.dtype()});
    const Tensor best = top_k(moveaxis(logits + noise, axis, -1), k)[1];
    return reshape(moveaxis(best, -1, 0), shape);
  }
  Shape full = shape;
  full.insert(extra + axis, logits.shape()[axis]);
  const Dtype dtype = logits.dtype();
  return argmax(gumbel(std::move(key), full, {.dtype = dtype}) + std::move(logits), {.axis = extra + axis});
}

Tensor dirichlet(Tensor key, Tensor alpha, DrawShape given, Draws p) {
  check_key("dirichlet", key);
  check_float("dirichlet", p.dtype);
  if (alpha.ndim() == 0) throw ShapeError("random.dirichlet: alpha is a vector, a scalar was given" + level_context());
  Shape shape = alpha.shape();
  if (given.given()) {
    const Tensor rows = alpha[{ellipsis, 0}];
    shape = draw_shape("dirichlet", given, {{"alpha without its last axis", &rows}}) + Shape{alpha.shape().back()};
  }
  return softmax(loggamma(std::move(key), std::move(alpha), shape, p), {.axis = -1});
}

Tensor multivariate_normal(Tensor key, Tensor mean, Tensor cov, DrawShape given, Draws p) {
  check_key("multivariate_normal", key);
  check_float("multivariate_normal", p.dtype);
  const bool fits =
      mean.ndim() >= 1 && cov.ndim() >= 2 && cov.size(-1) == mean.size(-1) && cov.size(-2) == mean.size(-1);
  if (!fits) {
    throw ShapeError("random.multivariate_normal: mean " + to_string(mean.shape()) + " and cov " +
                     to_string(cov.shape()) + " do not fit: [..., n] and [..., n, n] are expected" + level_context());
  }
  const std::int64_t n = mean.size(-1);
  Shape shape = given.shape();
  if (!given.given()) {
    shape = broadcast_shapes("random.multivariate_normal", mean.shape().slice(0, mean.ndim() - 1),
                             cov.shape().slice(0, cov.ndim() - 2));
  }
  check_shape("multivariate_normal", shape);
  const Tensor z = normal(std::move(key), shape + Shape{n}, p);
  const Tensor factor = linalg::cholesky(astype(std::move(cov), p.dtype));
  return astype(std::move(mean), p.dtype) + matvec(factor, z);
}

}  // namespace strata::random
