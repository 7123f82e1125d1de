// Initialisers: weights from a key, with jax.nn.initializers' distributions. Used by layers' constructors.
// Fans follow the shape: axis -2 is the input, -1 the output, unless said otherwise; other axes are the receptive
// field.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata::nn {

struct Fans {
  int in_axis = -2, out_axis = -1;
  Dtype dtype = Dtype::float32;
};

/// Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010).     Tensor w = glorot_uniform(key, {784,
/// 256});
Tensor glorot_uniform(const Tensor& key, Shape shape, Fans p = {});
/// Truncated normal with the same variance.
Tensor glorot_normal(const Tensor& key, Shape shape, Fans p = {});
/// Variance 2 / fan_in (He et al. 2015, arXiv 1502.01852).
Tensor he_uniform(const Tensor& key, Shape shape, Fans p = {});
Tensor he_normal(const Tensor& key, Shape shape, Fans p = {});
/// Variance 1 / fan_in (LeCun et al. 1998).
Tensor lecun_uniform(const Tensor& key, Shape shape, Fans p = {});
Tensor lecun_normal(const Tensor& key, Shape shape, Fans p = {});

}  // namespace strata::nn
