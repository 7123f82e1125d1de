// The menu's activation functions.
#include "strata/ops/activation.hpp"

#include "strata/core/error.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

Tensor relu(Tensor x) { return pointwise<Relu>(std::move(x)); }
Tensor relu6(Tensor x) { return pointwise<Relu6>(std::move(x)); }
Tensor selu(Tensor x) { return pointwise<Selu>(std::move(x)); }
Tensor silu(Tensor x) { return pointwise<Silu>(std::move(x)); }
Tensor mish(Tensor x) { return pointwise<Mish>(std::move(x)); }
Tensor softplus(Tensor x) { return pointwise<Softplus>(std::move(x)); }
Tensor log_sigmoid(Tensor x) { return pointwise<LogSigmoid>(std::move(x)); }
Tensor hard_tanh(Tensor x) { return pointwise<HardTanh>(std::move(x)); }
Tensor hard_sigmoid(Tensor x) { return pointwise<HardSigmoid>(std::move(x)); }
Tensor hard_swish(Tensor x) { return pointwise<HardSwish>(std::move(x)); }
Tensor soft_sign(Tensor x) { return pointwise<SoftSign>(std::move(x)); }
Tensor sparse_plus(Tensor x) { return pointwise<SparsePlus>(std::move(x)); }
Tensor sparse_sigmoid(Tensor x) { return pointwise<SparseSigmoid>(std::move(x)); }
Tensor gelu(Tensor x, Gelu p) {
  return p.approximate ? pointwise<GeluTanh>(std::move(x)) : pointwise<GeluErf>(std::move(x));
}
Tensor leaky_relu(Tensor x, Tensor slope) { return pointwise<LeakyRelu>(std::move(x), std::move(slope)); }
Tensor elu(Tensor x, Tensor alpha) { return pointwise<Elu>(std::move(x), std::move(alpha)); }
Tensor celu(Tensor x, Tensor alpha) { return pointwise<Celu>(std::move(x), std::move(alpha)); }
Tensor squareplus(Tensor x, Tensor b) { return pointwise<SquarePlus>(std::move(x), std::move(b)); }

Tensor log1mexp(Tensor x) {
  // Whichever of the two forms loses no digits; the other's argument is kept where it does no harm.
  const Tensor small = x < 0.693147180559945309;
  return where(small, log(-expm1(-where(small, x, 1))), log1p(-exp(-where(small, 1, x))));
}

Tensor glu(Tensor x, Glu p) {
  const int axis = normalize_axis("glu", p.axis, x.ndim());
  if (x.size(axis) % 2 != 0) {
    throw ShapeError("glu: axis " + std::to_string(p.axis) + " of shape " + to_string(x.shape()) +
                     " has an odd size and no two halves" + level_context());
  }
  const std::vector<Tensor> halves = split(std::move(x), 2, {.axis = axis});
  return halves[0] * logistic(halves[1]);
}

namespace {

Samples glu_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{glu(x[0])}; };
  return {{"[3, 4]", {{{3, 4}}}, call}, {"[0, 2]", {{{0, 2}}}, call}};
}

}  // namespace

Samples LeakyRelu::samples() { return binary_samples(&leaky_relu, 0.1, 2.0); }
Samples Elu::samples() { return binary_samples(&elu, 0.1, 2.0); }
Samples Celu::samples() {
  return binary_samples([](Tensor x, Tensor a) { return celu(-std::move(x), std::move(a)); }, 0.4, 2.0);
}
Samples SquarePlus::samples() { return binary_samples(&squareplus, 0.1, 2.0); }

std::vector<Entry> activation_entries() {
  return {entry<row<Relu>>(),
          entry<row<Relu6>>(),
          entry<row<Selu>>(),
          entry<row<GeluTanh>>(),
          entry<row<GeluErf>>(),
          entry<row<Silu>>(),
          entry<row<Mish>>(),
          entry<row<Softplus>>(),
          entry<row<LogSigmoid>>(),
          entry<row<HardTanh>>(),
          entry<row<HardSigmoid>>(),
          entry<row<HardSwish>>(),
          entry<row<SoftSign>>(),
          entry<row<SparsePlus>>(),
          entry<row<SparseSigmoid>>(),
          entry<row<LeakyRelu>>(),
          entry<row<Elu>>(),
          entry<row<Celu>>(),
          entry<row<SquarePlus>>(),
          composite("log1mexp", [] { return unary_samples(&log1mexp, 0.2, 2.0); }),
          composite("glu", &glu_samples)};
}

}  // namespace strata
