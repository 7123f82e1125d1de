// Loops and branches on values: an RNN by scan, cond with few costly rows, while_loop with geometric lengths, each of
// the last two also in the form that computes everything for every row.
#include "strata/bench/cases/models.hpp"

namespace bench {
namespace {

struct Rnn {
  Tensor w, u, b;
};

Rnn rnn() {
  return {uniform(400, {128, 128}, -0.08, 0.08), uniform(401, {128, 128}, -0.08, 0.08), uniform(402, {128}, -0.1, 0.1)};
}

/// [steps, batch, 128] -> the hidden states, [steps, batch, 128].
Tensor states(const Rnn& m, const Tensor& xs) {
  const auto step = [&](const Tensor& h, const Tensor& x) {
    const Tensor next = strata::tanh(strata::matmul(x, m.w) + strata::matmul(h, m.u) + m.b);
    return std::pair{next, next};
  };
  return strata::scan(step, strata::zeros({xs.size(1), 128}), xs).second;
}

void rnn_cases(Cases& cases) {
  const auto xs = [] { return uniform(7, {64, 32, 128}); };
  cases.add("rnn/forward", [=] { return [m = rnn(), x = xs()] { return states(m, x); }; });
  cases.add("rnn/gradient", [=] {
    const auto loss = [](const Rnn& m, const Tensor& x) { return strata::mean(strata::square(states(m, x))); };
    return [m = rnn(), x = xs(), f = strata::grad(loss)] { return f(m, x); };
  });
}

/// Twenty layers of a row.
Tensor costly(const Tensor& x, const Tensor& w) {
  Tensor y = x;
  for (int i = 0; i < 20; ++i) y = strata::tanh(strata::matmul(y, w));
  return y;
}

void cond_cases(Cases& cases) {
  for (const bool select : {false, true}) {
    cases.add(select ? "control/cond_select" : "control/cond", [select] {
      const Tensor w = uniform(1, {256, 256}, -0.1, 0.1);
      const auto row = [=](const Tensor& x, const Tensor& chosen) {
        return strata::cond(
            strata::CondOptions{.select = select}, chosen < 1, [&](const Tensor& t) { return costly(t, w); },
            [](const Tensor& t) { return t * 2; }, x);
      };
      return [x = uniform(2, {1024, 256}), chosen = integers(3, {1024}, 10), f = strata::vmap(row)] {
        return f(x, chosen);
      };
    });
  }
}

/// Lengths with P(length > t) = 2^(-t / 8), so a mean of about 12, from uniform draws.
Tensor lengths() {
  const Tensor u = uniform(3, {1024}, 0.001, 1);
  return strata::astype(strata::ceil(-8 * strata::log2(u)), strata::int32) + 1;
}

Tensor body(const Tensor& x, const Tensor& w) { return strata::tanh(strata::matmul(x, w)); }

void while_cases(Cases& cases) {
  const auto weights = [] { return uniform(1, {128, 128}, -0.2, 0.2); };
  const auto rows = [] { return uniform(2, {1024, 128}); };
  cases.add("control/while", [=] {
    const auto row = [w = weights()](const Tensor& x, const Tensor& length) {
      return std::get<0>(strata::while_loop([&](const auto& c) { return std::get<1>(c) < length; },
                                            [&](const auto& c) {
                                              return std::tuple{body(std::get<0>(c), w), std::get<1>(c) + 1};
                                            },
                                            std::tuple{x, Tensor(0)}));
    };
    return [x = rows(), n = lengths(), f = strata::vmap(row)] { return f(x, n); };
  });
  cases.add("control/while_masked", [=] {
    return [w = weights(), x = rows(), n = strata::expand_dims(lengths(), 1)] {
      Tensor y = x;
      for (int i = 0; i < strata::max(n).item<int>(); ++i) y = strata::where(i < n, body(y, w), y);
      return y;
    };
  });
}

}  // namespace

void loop_cases(Cases& cases) {
  rnn_cases(cases);
  cond_cases(cases);
  while_cases(cases);
}

}  // namespace bench
