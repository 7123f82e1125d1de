// See custom.hpp.
#include "strata/autograd/custom.hpp"

#include "strata/autograd/tape.hpp"
#include "strata/core/error.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

std::vector<LeafSpec> leaf_specs(const std::vector<Tensor>& x) {
  std::vector<LeafSpec> specs;
  for (const Tensor& t : x)
    specs.push_back(t.defined() ? LeafSpec{t.shape(), t.dtype(), true, t.device()} : LeafSpec{});
  return specs;
}

std::vector<Tensor> fill_zeros(std::vector<Tensor> g, const std::vector<LeafSpec>& specs) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (!g[i].defined() && specs[i].defined && is_float(specs[i].dtype))
      g[i] = zeros(specs[i].shape, {specs[i].dtype, specs[i].device});
  }
  return g;
}

void check_rule(const char* rule, const std::vector<Tensor>& given, const std::vector<LeafSpec>& expected) {
  if (given.size() != expected.size()) {
    throw TransformError(std::string(rule) + " gives " + std::to_string(given.size()) +
                         (given.size() == 1 ? " tensor, " : " tensors, ") + std::to_string(expected.size()) +
                         (expected.size() == 1 ? " is" : " are") + " expected" + level_context());
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i].defined() && expected[i].defined && !(given[i].shape() == expected[i].shape)) {
      throw ShapeError(std::string(rule) + " gives shape " + to_string(given[i].shape()) + " for leaf " +
                       std::to_string(i) + ", which has shape " + to_string(expected[i].shape) + level_context());
    }
  }
}

std::vector<Tensor> transpose_pullback(const Custom::Pullback& pullback, const std::vector<LeafSpec>& y,
                                       const std::vector<Tensor>& dx) {
  Tape tape;
  std::vector<Tensor> g(y.size());
  std::vector<Edge> leaves(y.size()), roots;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!y[i].defined || !is_float(y[i].dtype)) continue;
    g[i] = tape.watch(zeros(y[i].shape, {y[i].dtype, y[i].device}));
    leaves[i] = tape.unwatch(g[i]).second;
  }
  {
    const LevelScope scope(tape.level());
    for (const Tensor& t : pullback(g)) roots.push_back(tape.unwatch(t).second);
  }
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (!dx[i].defined()) roots[i] = {};
  }
  return tape.backward(roots, dx, leaves, false);
}

Tensor to_front(const Lane& x, std::int64_t size) { return lanes_first(x, size); }

}  // namespace strata::detail
