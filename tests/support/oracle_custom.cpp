// Custom rules and checkpoint of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/strata.hpp"
#include "strata/tests/support/oracle_functions.hpp"

namespace strata::oracle {
namespace {

Tensor log_of_one_plus_exp(const Tensor& x) { return log(1.0 + exp(x)); }

}  // namespace

void add_custom(Ops& ops) {
  ops["clip_gradient"] = [](const Json& p, Xs x) {
    const double lo = p.at("lo"), hi = p.at("hi");
    const auto f = custom_vjp([](const Tensor& t) { return t; },
                              [](const Tensor& t) {
                                return std::pair{t, none};
                              },
                              [lo, hi](None, const Tensor& g) { return clip(g, lo, hi); });
    const auto g = [f](const Tensor& t) { return sin(f(t) * 3.0); };
    return Tensors{flag(p, "vmap", false) ? vmap(g)(x[0]) : g(x[0])};
  };
  ops["log1pexp_custom_jvp"] = [](const Json&, Xs x) {
    const auto f = custom_jvp(&log_of_one_plus_exp, [](const Tensor& t, const Tensor& dt) {
      return std::pair{log_of_one_plus_exp(t), (1 - 1 / (1 + exp(t))) * dt};
    });
    const auto once = [f](const Tensor& t) { return f(t); };
    return Tensors{f(x[0]), vmap(grad(once))(x[0]), vmap(grad(grad(once)))(x[0])};
  };
  ops["straight_through_round"] = [](const Json&, Xs x) { return Tensors{x[0] + stop_gradient(round(x[0]) - x[0])}; };
  ops["stop_gradient_sq"] = [](const Json&, Xs x) { return Tensors{x[0] * stop_gradient(x[0])}; };
  ops["checkpoint_mlp"] = [](const Json& p, Xs x) {
    const auto layer = [](const Tensor& w, const Tensor& b, const Tensor& x) { return tanh(matmul(x, w) + b); };
    const auto run = [&](const auto& l) {
      Tensor h = l(x[0], x[1], x[4]);
      h = l(x[0], x[1], h[{ellipsis, range(0, x[4].size(-1))}]);
      return Tensors{matmul(h, x[2]) + x[3]};
    };
    return p.at("checkpoint").get<bool>() ? run(checkpoint(layer)) : run(layer);
  };
}

}  // namespace strata::oracle
