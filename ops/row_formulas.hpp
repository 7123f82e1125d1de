// What stands in a row's result once the sums over the row are known: softmax, normalisations and their derivatives.
// Used by the loops of the CPU (ops/cpu/normalize.isa.cpp; V is a register) and by the kernels of the GPU (V a number).
#pragma once
#include "strata/core/host_device.hpp"
#include "strata/ops/math.hpp"

namespace strata::rows {

/// Of x, the row's largest, and log of the sum of exp(x - largest).
template <class V>
STRATA_HD V log_softmax(V x, V largest, V log_sum) {
  return (x - largest) - log_sum;
}
/// Of y = softmax(x), t, and the sum of y t.
template <class V>
STRATA_HD V softmax_pull(V y, V t, V dot) {
  return y * (t - dot);
}
/// Of t, and the sum of exp(y) t.
template <class V>
STRATA_HD V log_softmax_push(V t, V dot) {
  return t - dot;
}
/// Of y = log_softmax(x), t, and the sum of t.
template <class V>
STRATA_HD V log_softmax_pull(V y, V t, V total) {
  return t - math::exp(y) * total;
}
/// r = 1 / sqrt(var + eps).
template <class V>
STRATA_HD V standardize(V x, V mean, V r) {
  return (x - mean) * r;
}
/// shift: the mean of t. slope: the mean of t times what standardize gave.
template <class V>
STRATA_HD V standardize_pull(V x, V t, V mean, V r, V shift, V slope) {
  return r * (t - shift - (x - mean) * r * slope);
}

}  // namespace strata::rows
