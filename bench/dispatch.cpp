// What an op costs besides its arithmetic: shape {4}, float32, one thread. Budgets are the project's own.
// Run it: build/bench/dispatch
#include <strata/strata.hpp>

#include "strata/bench/support/bench.hpp"

namespace st = strata;
using st::Tensor;

namespace {

/// Ten ops: five products, five sums.
Tensor ten(Tensor x, const Tensor& c) {
  for (int i = 0; i < 5; ++i) x = x * c + c;
  return x;
}

Tensor many(Tensor x, const Tensor& c, int ops) {
  for (int i = 0; i < ops / 2; ++i) x = x * c + c;
  return x;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Bench bench(argc, argv);
  const Tensor x = st::array({1.f, 2.f, 3.f, 4.f}), c = st::array({.5f, .25f, .125f, .75f});
  const Tensor xs = st::reshape(st::arange(16.0), {4, 4}), xss = st::reshape(st::arange(64.0), {4, 4, 4});

  bench("dispatch/add", "one op, nothing recorded", [&] { return [=] { bench::keep(st::add(x, c)); }; }).below(60);
  const double plain = bench("dispatch/ten", "per op of ten", [&] { return [=] { bench::keep(ten(x, c)); }; }, 10).median();
  const double one = bench("dispatch/vmap", "per op, one level", [&] {
    return [=, f = st::vmap([=](const Tensor& t) { return many(t, c, 1000); })] { bench::keep(f(xs)); };
  }, 1000).below(plain + 40).median();
  bench("dispatch/vmap_vmap", "per op, two levels", [&] {
    return [=, f = st::vmap(st::vmap([=](const Tensor& t) { return many(t, c, 1000); }))] { bench::keep(f(xss)); };
  }, 1000).below(one + 40);
  for (const int ops : {10, 1000, 100000}) {
    bench("dispatch/grad_" + std::to_string(ops), "per op recorded and pulled back", [&] {
      return [=, f = st::grad([=](const Tensor& t) { return st::sum(many(t, c, ops)); })] { bench::keep(f(x)); };
    }, ops).below(300);
  }
  bench("dispatch/jvp_1000", "per op", [&] {
    return [=] { bench::keep(st::jvp([=](const Tensor& t) { return many(t, c, 1000); }, x, c)); };
  }, 1000);
  bench("dispatch/vmap_grad", "per op of a ten-op scalar function", [&] {
    return [=, f = st::vmap(st::grad([](const Tensor& t) { return ten(t, 0.5); }))] { bench::keep(f(x)); };
  }, 10).below(400);

  struct Params {
    Tensor w, b;
  };
  bench("dispatch/predict_3x2", "the guide's vmap(predict)", [&] {
    const Params params{st::array({1.5, -0.5}), 0.25};
    const Tensor features = st::array({{1.0, 2.0}, {2.5, -1.0}, {-0.25, 0.75}});
    const auto f = st::vmap([](const Params& p, const Tensor& t) {
      const Tensor logits = st::matmul(t, p.w) + p.b;
      return st::array({logits, st::sigmoid(logits)});
    }, {.in_axes = {st::none, 0}});
    return [=] { bench::keep(f(params, features)); };
  });
  return bench.status();
}
