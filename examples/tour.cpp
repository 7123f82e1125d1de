// The tour in README.md: a model as a plain struct, its gradient, per-example gradients, a Hessian, a batch.
// Run it: build/examples/tour
#include <fmt/format.h>

#include <cstdlib>
#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

struct Model {  // any aggregate is a tree of tensors: nothing to register
  Tensor w, b;
};

Tensor loss(const Model& m, const Tensor& x, const Tensor& y) {  // one example
  return st::square(st::sum(m.w * x) + m.b - y);
}

int main() {
  const Tensor key = st::random::key(0);
  const Tensor x = st::random::normal(key, {128, 3});  // JAX's very numbers
  const Tensor y = st::matmul(x, st::array({1.0, -2.0, 0.5})) + 3;

  Model m{st::zeros({3}), 0.0};
  const auto batch_loss = [&](const Model& p) {
    return st::mean(st::vmap(loss, {.in_axes = {st::none, 0, 0}})(p, x, y));
  };
  for (int i = 0; i < 200; ++i) {
    const auto [value, g] = st::value_and_grad(batch_loss)(m);  // g is a Model
    if (value.item<float>() < 1e-9f) break;                     // values are real: C++ control flow works
    m = st::tree_map([](const Tensor& p, const Tensor& d) { return p - 0.1 * d; }, m, g);
  }
  fmt::print("w = {}, b = {}\n", m.w, m.b);

  const Model each = st::vmap(st::grad(loss), {.in_axes = {st::none, 0, 0}})(m, x, y);  // every example's own gradient
  fmt::print("per-example gradients: {}\n", each.w.shape());
  fmt::print("Hessian:\n{}\n", st::hessian([&](const Tensor& w) { return batch_loss({w, m.b}); })(m.w));
  return EXIT_SUCCESS;
}
