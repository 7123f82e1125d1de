// What the tests of factored per-example gradients share: draws, a comparison with the dense way, a small model. The
// switch and the counters are in core/debug.hpp.
#pragma once
#include <cmath>
#include <functional>
#include "strata/core/debug.hpp"
#include "strata/core/op.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace strata::factored_case {

using debug::Factoring;
using debug::FactoringScope;

inline Tensor draw(std::uint32_t seed, Shape shape, Dtype dtype = float32) {
  return astype(random::normal(random::key(seed), shape), dtype);
}

/// The largest distance, relative to the largest element.
inline double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  REQUIRE(a.dtype() == b.dtype());
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double most = 0, size = 1e-30;
  for (std::size_t i = 0; i < x.size(); ++i) {
    most = std::max(most, std::abs(x[i] - y[i]));
    size = std::max(size, std::abs(y[i]));
    if (std::isnan(x[i]) != std::isnan(y[i])) return 1e30;
  }
  return most / size;
}

inline double tolerance(Dtype d) { return d == float64 ? 1e-11 : d == float32 ? 2e-5 : 3e-2; }

using Leaves = std::vector<Tensor>;
using Program = std::function<Leaves()>;

/// The program's results with factors whenever possible are those without; returns what was made dense.
inline debug::Materialised agree(const Program& program, double slack = 1) {
  Leaves dense_way, factored_way;
  {
    const FactoringScope off(Factoring::off);
    dense_way = program();
  }
  const FactoringScope on(Factoring::always);
  debug::reset_materialised();
  factored_way = program();
  const debug::Materialised m = debug::materialised();
  REQUIRE(dense_way.size() == factored_way.size());
  for (std::size_t i = 0; i < dense_way.size(); ++i) {
    INFO("result " << i);
    CHECK(distance(factored_way[i], dense_way[i]) < slack * tolerance(dense_way[i].dtype()));
  }
  return m;
}

/// One weight, used by f(w, example); what `then` makes of the stacked per-example gradients.
inline Leaves gradients(const std::function<Tensor(Tensor, Tensor)>& f, const Tensor& w, const Tensor& x,
                        const std::function<Leaves(Tensor)>& then) {
  return then(vmap(grad(f), {.in_axes = {none, 0}})(w, x));
}

inline const auto layer = [](const Tensor& w, const Tensor& x) { return sum(square(tanh(matmul(x, w)))); };

struct Model {
  Tensor w1, b1, w2, b2;
};
inline Tensor loss(const Model& m, const Tensor& x, const Tensor& y) {
  const Tensor h = relu(matmul(x, m.w1) + m.b1);
  return sum(square(matmul(h, m.w2) + m.b2 - y));
}
inline Model model(std::int64_t in, std::int64_t hidden, std::int64_t out, Dtype d = float32) {
  return {draw(1, {in, hidden}, d), draw(2, {hidden}, d), draw(3, {hidden, out}, d), draw(4, {out}, d)};
}
inline Model clipped_mean(const Model& m, const Tensor& x, const Tensor& y) {
  const auto clipped = [&](const Tensor& xi, const Tensor& yi) {
    const Model g = grad(loss)(m, xi, yi);
    const Tensor scale = minimum(1.0, 1.0 / optim::global_norm(g));
    return tree_map([&](const Tensor& t) { return t * scale; }, g);
  };
  return vmap(clipped, {.out_axes = mean_out})(x, y);
}

}  // namespace strata::factored_case
