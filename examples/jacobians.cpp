// Jacobians and Hessians by jacrev, jacfwd and hessian, in chunks, of trees, and products with them that never build
// them. Run it: build/examples/jacobians
#include <fmt/format.h>

#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

struct Arm {
  Tensor lengths, angles;  // [joints]
};

/// Where the hand of a planar arm is: [2].
Tensor hand(const Arm& arm) {
  const Tensor heading = st::cumsum(arm.angles, {.axis = 0});
  return st::array({st::sum(arm.lengths * st::cos(heading)), st::sum(arm.lengths * st::sin(heading))});
}

Tensor rosenbrock(const Tensor& x) {
  const Tensor a = x[st::range(0, -1)], b = x[st::range(1, st::none)];
  return st::sum(100 * st::square(b - st::square(a)) + st::square(1 - a));
}

}  // namespace

int main() {
  const Arm arm{st::array({1.0, 0.5, 0.25}), st::array({0.1, 0.7, -0.3})};
  fmt::print("the hand is at {}\n", hand(arm));

  // A tree in, a tensor out: the Jacobian has the argument's own type, [2, 3] for each field.
  const Arm j = st::jacrev(hand)(arm);
  fmt::print("d hand / d angles, row by row:\n{}\n", j.angles);
  const Arm k = st::jacfwd(hand)(arm);
  fmt::print("column by column the same, to {:.0e}\n", st::max(st::abs(j.angles - k.angles)).item<double>() + 1e-7);

  // Newton's method: the Hessian solves for the step.
  Tensor x = st::array({-1.2, 1.0, 0.8}, {.dtype = st::float64});
  for (int i = 0; i < 20; ++i) x = x - st::linalg::solve(st::hessian(rosenbrock)(x), st::grad(rosenbrock)(x));
  fmt::print("Rosenbrock's minimum by Newton: {}\n", x);

  // A product with the Hessian costs two gradients, whatever the size; chunks bound the memory of a Jacobian.
  const Tensor big = st::random::normal(st::random::key(0), {200});
  const Tensor v = st::random::normal(st::random::key(1), {200});
  const Tensor product = st::hvp(rosenbrock, big, v);
  const Tensor whole = st::matmul(st::hessian(rosenbrock, {.chunk = 50})(big), v);
  const double error = (st::max(st::abs(product - whole)) / st::max(st::abs(whole))).item<double>();
  fmt::print("H v without H and with it agree: {}\n", error < 1e-5 ? "yes" : "no");
  return error < 1e-5 && st::max(st::abs(x - 1)).item<double>() < 1e-8 ? 0 : 1;
}
