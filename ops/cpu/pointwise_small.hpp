// Plain pointwise calls of few elements, which need no plan. Called by ops/pointwise.cpp before it makes one.
// Always holds: values are those of the general way, bit for bit.
#pragma once
#include "strata/ops/pointwise.hpp"

namespace strata {

inline constexpr std::int64_t medium_pointwise = 8192;  ///< elements up to which eval_medium computes at once

/// eval_small for up to medium_pointwise elements, fewer than make a chain: an argument may give its buffer.
bool eval_medium(const PointwiseInfo& info, const void* params, Out x, Tensor& y);

}  // namespace strata
