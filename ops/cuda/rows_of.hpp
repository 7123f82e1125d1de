// From tensors to rows for the kernels of a GPU. Called by ops/cuda/reductions.cpp and ops/cuda/sorting.cpp.
#pragma once
#include <span>

#include "strata/core/tensor.hpp"
#include "strata/ops/cuda/rows.hpp"
#include "strata/ops/reduction.hpp"

namespace strata::gpu {

inline constexpr int max_row_operands = 4;

/// Dense operands of `shape` (along `reduced`, it alone is looked at: operands may be longer) as rows.
RowAxes rows_of(const Shape& shape, AxisSet reduced, std::span<const Tensor* const> x, Rows* rows);
/// x as rows whose elements may be taken in any order: largest strides outside, negative ones walked backwards.
RowAxes rows_in_any_order(const Tensor& x, AxisSet reduced, Rows& rows);
/// Neighbouring rows lie side by side and the elements of one do not.
bool side_by_side(const RowAxes& a, const Rows& x);

}  // namespace strata::gpu
