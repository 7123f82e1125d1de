// What a device draws: bits and what is made of them, bounded integers, orders, and the samplers that try until they
// accept. Implemented by ops/cpu/random.cpp and ops/cuda/random.cpp; called through backend(x).random.
// Always holds: tensors are row-major. Keys are uint32 [lanes..., 2]; each draws an equal share of y's elements, and an
// element depends on its key, its number in the share and its parameters alone, as in JAX.
#pragma once
#include "strata/core/tensor.hpp"
#include "strata/ops/threefry.hpp"

namespace strata {

/// Orders along the middle axis of [lanes, outer, n, inner]: y[.., i, ..] is the place that element i comes from after
/// `rounds` stable sorts by random bits.
struct OrderShape {
  std::int64_t outer, n, inner;
  int rounds;
};

struct RandomKernels {
  /// DrawKind::pairs: y has one axis more, of 2.
  void (*fill)(const Tensor& keys, const Draw& draw, const Tensor& y);
  /// y: keys[i] folded with the word data[i].
  void (*fold_in)(const Tensor& keys, const Tensor& data, const Tensor& y);
  /// Integers in [low, high), both int64 and clipped to y's dtype; low where high <= low. A bound whose strides are all
  /// 0 is one for all elements.
  void (*integers)(const Tensor& keys, const Tensor& low, const Tensor& high, const Tensor& y);
  /// int32.
  void (*orders)(const Tensor& keys, const OrderShape& shape, const Tensor& y);
  /// int32 counts of float32 rates.
  void (*poisson)(const Tensor& keys, const Tensor& rate, const Tensor& y);
  /// Successes in so many trials (rounded down), each with probability p; all float32. NaN where they make no sense.
  void (*binomial)(const Tensor& keys, const Tensor& trials, const Tensor& p, const Tensor& y);
  /// Gamma(alpha, 1), or its logarithm; float32 or float64.
  void (*gamma)(const Tensor& keys, const Tensor& alpha, bool logarithm, const Tensor& y);
  /// draws::gamma_sensitivity of order k, element by element; float32 or float64.
  void (*gamma_sensitivity)(int k, const Tensor& a, const Tensor& s, const Tensor& y);
};

extern const RandomKernels cpu_random, cuda_random;

}  // namespace strata
