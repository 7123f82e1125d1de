// The ops that functions of elements are made of, on tensors: as they are, and as their derivatives' formulas have it.
// Defined in on_tensors.cpp for the ops of st::math and of Number's operators, so that users' files compile none of it.
#pragma once
#include "strata/ops/pointwise.hpp"

namespace strata::fused {

template <class D>
struct OnTensors {
  /// D(x...), of as many tensors as D takes.
  static Tensor apply(std::initializer_list<Tensor> x);
  /// g times the derivative of a D of one tensor; y = D(x).
  static Tensor scaled(const Tensor& g, const Tensor& x, const Tensor& y);
  /// The derivatives of a D of two tensors; y = D(a, b).
  static Slopes<Tensor> slopes(const Tensor& a, const Tensor& b, const Tensor& y, Wanted want);
};

}  // namespace strata::fused
