// Whole Jacobians and a Hessian of small networks.
#include "strata/bench/cases/models.hpp"

namespace bench {

void jacobian_cases(Cases& cases) {
  const auto network = [](std::int64_t out) {
    return [m = mlp(500, {64, 128, out}, &strata::tanh)](const Tensor& x) { return m(x); };
  };
  const auto scalar = [=] { return [f = network(1)](const Tensor& x) { return strata::sum(strata::square(f(x))); }; };
  cases.add("jacobian/jacrev",
            [=] { return [x = uniform(1, {64}), f = strata::jacrev(network(32))] { return f(x); }; });
  cases.add("jacobian/jacfwd",
            [=] { return [x = uniform(1, {64}), f = strata::jacfwd(network(32))] { return f(x); }; });
  cases.add("jacobian/hessian", [=] { return [x = uniform(1, {64}), f = strata::hessian(scalar())] { return f(x); }; });
}

}  // namespace bench
