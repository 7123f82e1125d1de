// The types that kernels compute in for elements of each dtype: few, so that few kernels are compiled. Elements are
// read and written by ops/cuda/access.hpp. Included by ops/cuda/*.cu.
#pragma once
#include "strata/ops/cuda/access.hpp"

namespace strata::gpu {

/// f(A{}) with the type in which sums of `dtype` are kept: float, double, or 64 bits that wrap.
template <class F>
Error with_sum_type(Dtype dtype, F f) {
  if (dtype == Dtype::float64) return f(double{});
  if (is_float(dtype)) return f(float{});
  return f(std::uint64_t{});
}

/// f(A{}) with the type in which elements of `dtype` are compared.
template <class F>
Error with_order_type(Dtype dtype, F f) {
  if (is_signed_int(dtype)) return f(std::int64_t{});
  return with_sum_type(dtype, f);
}

}  // namespace strata::gpu
