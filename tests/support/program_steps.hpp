// The steps that random programs are made of. Called by tests/programs_test.cpp.
// Always holds: every step is defined for all arguments that fit it, and smooth but for a null set, with moderate
// derivatives; integers only choose.
#pragma once
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata::programs {

/// A kind of step; `fits` says whether it takes these shapes, `choice` is any number that varies it.
struct StepKind {
  const char* name;
  int arity;
  bool (*fits)(const Shape& a, const Shape& b);
  Tensor (*apply)(const Tensor& a, const Tensor& b, int choice);
};

const std::vector<StepKind>& kinds();

/// Between -1/2 and 1/2, smooth: keeps values and derivatives of all orders moderate.
Tensor squash(const Tensor& x);

}  // namespace strata::programs
