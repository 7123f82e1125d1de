// The walk of pointwise ops over CPU tensors (ops/cpu/pointwise_eval.cpp), for ops/cpu/elements.cpp.
#pragma once
#include "strata/ops/pointwise.hpp"

namespace strata {

/// The result of a pointwise op: in an argument's buffer where nobody else sees it, else in new memory.
Tensor pointwise_dense(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, bool weak);

}  // namespace strata
