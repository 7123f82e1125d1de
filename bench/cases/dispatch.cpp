// What an op costs besides its arithmetic, against peers: shape {4}, float32.
#include "strata/bench/cases/cases.hpp"

namespace bench {
namespace {

using strata::Tensor;

Tensor many(Tensor x, const Tensor& c, int ops) {
  for (int i = 0; i < ops / 2; ++i) x = x * c + c;
  return x;
}

Tensor four() { return uniform(1, {4}, 0.5, 1); }
Tensor factor() { return uniform(2, {4}, 0.25, 0.75); }

void grad_case(Cases& cases, int ops) {
  cases.add("dispatch/grad_" + std::to_string(ops),
            [ops] {
              return [x = four(), f = strata::grad([c = factor(), ops](const Tensor& t) {
                                    return strata::sum(many(t, c, ops));
                                  })] { return f(x); };
            },
            {.per = static_cast<double>(ops)});
}

struct Params {
  Tensor w, b;
};

void guide_case(Cases& cases) {
  cases.add("guide/predict_3x2", [] {
    const Params params{uniform(1, {2}), uniform(2, {})};
    const auto predict = strata::vmap(
        [](const Params& p, const Tensor& t) {
          const Tensor logits = strata::matmul(t, p.w) + p.b;
          return strata::array({logits, strata::sigmoid(logits)});
        },
        {.in_axes = {strata::none, 0}});
    return [=, features = uniform(3, {3, 2})] { return predict(params, features); };
  });
}

}  // namespace

void dispatch_cases(Cases& cases) {
  cases.add("dispatch/add", [] { return [x = four(), c = factor()] { return strata::add(x, c); }; });
  cases.add("dispatch/plain_1000", [] { return [x = four(), c = factor()] { return many(x, c, 1000); }; },
            {.per = 1000});
  const auto chain = [] { return strata::vmap([c = factor()](const Tensor& t) { return many(t, c, 1000); }); };
  cases.add("dispatch/vmap_1000",
            [=] {
              return [f = chain(), x = strata::reshape(four(), {1, 4})] { return f(x); };
            },
            {.per = 1000});
  cases.add("dispatch/vmap_vmap_1000",
            [=] {
              return [f = strata::vmap(chain()), x = strata::reshape(four(), {1, 1, 4})] { return f(x); };
            },
            {.per = 1000});
  for (const int ops : {10, 1000, 100000}) grad_case(cases, ops);
  cases.add("dispatch/vmap_grad_10",
            [] {
              return [x = four(), f = strata::vmap(strata::grad([](const Tensor& t) { return many(t, 0.5, 10); }))] {
                return f(x);
              };
            },
            {.per = 10});
  guide_case(cases);
}

}  // namespace bench
