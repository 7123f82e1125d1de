// The menu: activation functions, jax.nn's. Pointwise, except glu. Integers become floats first (relu and relu6 keep
// them). Derivatives at kinks are JAX's: relu and relu6 0, leaky_relu and elu 1, hard_tanh 1.
#pragma once
#include <utility>

#include "strata/core/tensor.hpp"
#include "strata/ops/menu/exponential.hpp"

namespace strata {

/// maximum(x, 0); 0 up to 6.                                           Tensor y = relu(x);
Tensor relu(Tensor x);
Tensor relu6(Tensor x);
/// x where x >= 0, slope x below; differentiable in the slope too.     Tensor y = leaky_relu(x, 0.2);
Tensor leaky_relu(Tensor x, Tensor slope = 0.01);
/// x where x > 0, alpha (e^x - 1) below; selu with its fixed scale and alpha; celu(x) has e^(x / alpha).
///     Tensor y = elu(x);
Tensor elu(Tensor x, Tensor alpha = 1.0);
Tensor celu(Tensor x, Tensor alpha = 1.0);
Tensor selu(Tensor x);
struct Gelu {
  bool approximate = true;  ///< by tanh, as in JAX; else by the error function
};
/// x times the normal distribution function of x.                      Tensor y = gelu(x, {.approximate = false});
Tensor gelu(Tensor x, Gelu p = {});
/// x logistic(x), x tanh(softplus(x)).                                 Tensor y = silu(x);
Tensor silu(Tensor x);
Tensor mish(Tensor x);
/// log(1 + e^x), -log(1 + e^-x) = log(sigmoid(x)), without overflow.   Tensor y = softplus(x);
Tensor softplus(Tensor x);
Tensor log_sigmoid(Tensor x);
/// log(1 - e^-x) for x > 0.                                            Tensor y = log1mexp(x);
Tensor log1mexp(Tensor x);
/// clip(x, -1, 1), relu6(x + 3) / 6, x hard_sigmoid(x).                Tensor y = hard_tanh(x);
Tensor hard_tanh(Tensor x);
Tensor hard_sigmoid(Tensor x);
Tensor hard_swish(Tensor x);
/// x / (1 + |x|), (x + sqrt(x^2 + b)) / 2.                             Tensor y = soft_sign(x);
Tensor soft_sign(Tensor x);
Tensor squareplus(Tensor x, Tensor b = 4.0);
/// 0 below -1, x above 1, (x + 1)^2 / 4 between; its derivative.       Tensor y = sparse_plus(x);
Tensor sparse_plus(Tensor x);
Tensor sparse_sigmoid(Tensor x);
struct Glu {
  int axis = -1;
};
/// The first half along `.axis` times logistic of the second. ShapeError when the size is odd.   Tensor y = glu(x);
Tensor glu(Tensor x, Glu p = {});

/// Second names.
inline Tensor sigmoid(Tensor x) { return logistic(std::move(x)); }
inline Tensor swish(Tensor x) { return silu(std::move(x)); }
inline Tensor hard_silu(Tensor x) { return hard_swish(std::move(x)); }

}  // namespace strata
