// The vector product in two and three dimensions, from rolls and products.
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {

Tensor cross(Tensor a, Tensor b, Cross p) {
  const auto size = [&](const Tensor& x) { return x.size(normalize_axis("cross", p.axis, x.ndim())); };
  const std::int64_t m = size(a), n = size(b);
  if (m < 2 || m > 3 || n < 2 || n > 3) {
    throw ShapeError("cross: vectors have 2 or 3 elements along axis " + std::to_string(p.axis) + ", these have " +
                     std::to_string(m) + " and " + std::to_string(n) + ": " + to_string(a.shape()) + " x " +
                     to_string(b.shape()) + level_context());
  }
  a = moveaxis(std::move(a), p.axis, -1);
  b = moveaxis(std::move(b), p.axis, -1);
  const auto part = [](const Tensor& x, std::int64_t i) { return x[{ellipsis, i}]; };
  if (m == 2 && n == 2) return part(a, 0) * part(b, 1) - part(a, 1) * part(b, 0);
  const auto in_space = [](Tensor x) {
    if (x.size(-1) == 3) return x;
    return concatenate({x, zeros_like(x[{ellipsis, range(0, 1)}])}, {.axis = -1});
  };
  a = in_space(std::move(a));
  b = in_space(std::move(b));
  const auto next = [](const Tensor& x) { return roll(x, -1, {.axes = {-1}}); };
  return moveaxis(next(a * next(b) - next(a) * b), -1, p.axis);
}

namespace {

Samples cross_samples() {
  const auto along = [](int axis) {
    return sampled([axis](Tensor a, Tensor b) { return cross(a, b, {.axis = axis}); });
  };
  return {{"[3]", {{{3}}, {{3}}}, along(-1)},
          {"[3, 2] along 0, broadcast", {{{3, 2}}, {{3, 1}}}, along(0)},
          {"[2]", {{{2}}, {{4, 2}}}, along(-1)},
          {"2 and 3", {{{2}}, {{3}}}, along(-1)},
          {"empty", {{{0, 3}}, {{3}}}, along(-1)}};
}

}  // namespace

std::vector<Entry> cross_entries() { return {composite("cross", &cross_samples)}; }

}  // namespace strata
