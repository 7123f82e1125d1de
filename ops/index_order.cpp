// Composites of NumPy's that are made of sort, gather and where: partitions, orders by several keys, choices; and
// creation functions made of other ones.
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {
namespace {

/// kth counted from the front.
std::int64_t settle_kth(const char* op, int kth, std::int64_t n, int axis) {
  const std::int64_t k = kth < 0 ? kth + n : kth;
  if (k < 0 || k >= n) {
    throw ValueError(std::string(op) + ": kth " + std::to_string(kth) + " is out of range for axis " +
                     std::to_string(axis) + " with size " + std::to_string(n) + level_context());
  }
  return k;
}

}  // namespace

Tensor partition(Tensor x, int kth, Partition p) {
  const int axis = normalize_axis("partition", p.axis, x.ndim());
  const std::int64_t k = settle_kth("partition", kth, x.shape()[axis], axis);
  auto parts = split(sort(std::move(x), {.axis = axis}), {k + 1}, {.axis = axis});
  return concatenate({parts[0], flip(parts[1], {.axes = axis})}, {.axis = axis});
}

Tensor argpartition(Tensor x, int kth, Partition p) {
  const int axis = normalize_axis("argpartition", p.axis, x.ndim());
  const std::int64_t k = settle_kth("argpartition", kth, x.shape()[axis], axis);
  auto parts = split(argsort(std::move(x), {.axis = axis}), {k + 1}, {.axis = axis});
  return concatenate({parts[0], sort(parts[1], {.axis = axis})}, {.axis = axis});
}

Tensor lexsort(std::vector<Tensor> keys, Partition p) {
  if (keys.empty()) throw ValueError("lexsort: there is no key" + level_context());
  keys = broadcast_arrays(std::move(keys));
  const int axis = normalize_axis("lexsort", p.axis, keys[0].ndim());
  Tensor order = argsort(keys[0], {.axis = axis});
  for (std::size_t i = 1; i < keys.size(); ++i) {
    const Tensor key = take_along_axis(keys[i], order, {.axis = axis});
    order = take_along_axis(order, argsort(key, {.axis = axis}), {.axis = axis});
  }
  return order;
}

Tensor select(std::vector<Tensor> conditions, std::vector<Tensor> choices, Tensor otherwise) {
  if (conditions.size() != choices.size()) {
    throw ValueError("select: " + std::to_string(conditions.size()) + " conditions and " +
                     std::to_string(choices.size()) + " choices" + level_context());
  }
  for (std::size_t i = conditions.size(); i-- > 0;) {
    otherwise = where(std::move(conditions[i]), std::move(choices[i]), std::move(otherwise));
  }
  return otherwise;
}

Tensor piecewise(Tensor x, std::vector<Tensor> conditions, std::vector<std::function<Tensor(Tensor)>> functions) {
  const std::size_t n = conditions.size();
  if (functions.size() != n && functions.size() != n + 1) {
    throw ValueError("piecewise: " + std::to_string(n) + " conditions and " + std::to_string(functions.size()) +
                     " functions: as many, or one more, are wanted" + level_context());
  }
  Tensor y = functions.size() > n ? astype(functions[n](x), x.dtype()) : zeros_like(x);
  for (std::size_t i = 0; i < n; ++i)
    y = where(std::move(conditions[i]), astype(functions[i](x), x.dtype()), std::move(y));
  return y;
}

// ---- creation
// --------------------------------------------------------------------------------------------------------

Tensor logspace(Tensor start, Tensor stop, std::int64_t num, Logspace p) {
  Tensor exponents = linspace(std::move(start), std::move(stop), num, {.endpoint = p.endpoint, .axis = p.axis});
  Tensor y = pow(Tensor(p.base), std::move(exponents));
  return p.dtype ? astype(std::move(y), *p.dtype) : y;
}

Tensor geomspace(Tensor start, Tensor stop, std::int64_t num, Linspace p) {
  const Tensor sign_of = sign(start);
  const std::optional<Dtype> dtype = std::exchange(p.dtype, std::nullopt);
  Tensor y = exp(linspace(log(start * sign_of), log(std::move(stop) * sign_of), num, p));
  y = y * (sign_of.ndim() > 0 ? expand_dims(sign_of, p.axis) : sign_of);
  return dtype ? astype(std::move(y), *dtype) : y;
}

Tensor indices(Shape shape, Creation p) {
  std::vector<Tensor> rows;
  if (!p.dtype) p.dtype = Dtype::int32;
  for (int i = 0; i < shape.size(); ++i) rows.push_back(broadcasted_iota(shape, i, p));
  return rows.empty() ? zeros({0}, p) : stack(std::move(rows));
}

std::vector<Tensor> tril_indices(std::int64_t n, Diagonals p) {
  p.dtype = Dtype::bool_;
  return nonzero(tri(n, p));
}

std::vector<Tensor> triu_indices(std::int64_t n, Diagonals p) {
  p.dtype = Dtype::bool_;
  --p.k;
  return nonzero(logical_not(tri(n, p)));
}

Tensor vander(Tensor x, Vander p) {
  if (x.ndim() != 1)
    throw ShapeError("vander: a vector is wanted, the shape is " + to_string(x.shape()) + level_context());
  const std::int64_t n = p.columns.value_or(x.size());
  if (n < 0)
    throw ValueError("vander: " + std::to_string(n) + " columns: the number is not negative" + level_context());
  if (n == 0) return zeros({x.size(), 0}, {x.dtype(), x.device()});
  const Shape shape{x.size(), n - 1};
  const Tensor first = ones({x.size(), 1}, {x.dtype(), x.device()});
  Tensor y = concatenate({first, broadcast_to(expand_dims(std::move(x), 1), shape)}, {.axis = 1});
  y = cumprod(std::move(y), {.axis = 1});
  return p.increasing ? y : flip(std::move(y), {.axes = 1});
}

namespace {

Samples partition_samples() {
  const auto call = sampled([](Tensor x) { return partition(x, 1); });
  return {{"[5]", {{{5}}}, call},
          {"[3, 2] on axis 0", {{{3, 2}}}, sampled([](Tensor x) { return partition(x, -1, {.axis = 0}); })},
          {"empty", {{{0, 2}}}, call}};
}
Samples argpartition_samples() {
  const auto call = sampled([](Tensor x) { return argpartition(x, 1); });
  return {{"[5]", {{{5}}}, call}, {"[2, 4]", {{{2, 4}}}, call}, {"empty", {{{0, 2}}}, call}};
}
Samples lexsort_samples() {
  const auto call = sampled([](Tensor a, Tensor b) { return lexsort({a, b}); });
  return {{"[6]", {{{6}}, {{6}, Dtype::int32, 0, 3}}, call}, {"empty", {{{0}}, {{0}, Dtype::int32, 0, 3}}, call}};
}
Samples select_samples() {
  const auto call = sampled([](Tensor c, Tensor a, Tensor b) { return select({c, a > 0}, {a, a * b}, b); });
  return {{"[4]", {{{4}, Dtype::bool_}, {{4}}, {{4}}}, call}, {"empty", {{{0}, Dtype::bool_}, {{0}}, {{0}}}, call}};
}
Samples vander_samples() {
  const auto call = sampled([](Tensor x) { return vander(x); });
  return {{"[3]", {{{3}}}, call},
          {"increasing", {{{3}}}, sampled([](Tensor x) { return vander(x, {.columns = 2, .increasing = true}); })},
          {"empty", {{{0}}}, sampled([](Tensor x) { return vander(x, {.columns = 2}); })}};
}

}  // namespace

std::vector<Entry> order_entries() {
  return {composite("partition", &partition_samples), composite("argpartition", &argpartition_samples),
          composite("lexsort", &lexsort_samples), composite("select", &select_samples),
          composite("vander", &vander_samples)};
}

}  // namespace strata
