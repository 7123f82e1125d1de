// The menu: joining tensors and taking them apart along an axis.
// Parts of a joined tensor are written straight into it; parts of a split one are views.
#pragma once
#include <optional>
#include <vector>

#include "strata/core/tensor.hpp"
#include "strata/ops/menu/shape.hpp"

namespace strata {

struct Join {
  std::optional<int> axis = 0;  // std::nullopt: the tensors are flattened first
};

/// The tensors end to end along `.axis`; dtypes promote. ShapeError when another axis differs, or for no tensor.
///     Tensor y = concatenate({a, b}, {.axis = -1});
Tensor concatenate(std::vector<Tensor> x, Join p = {});
/// Tensors of one shape along a new axis `.axis` of the result; dtypes promote.     Tensor y = stack({a, b, c});
Tensor stack(std::vector<Tensor> x, Along p = {});
/// The slices along `.axis`, without it, as views: stack's inverse.                 auto rows = unstack(x);
std::vector<Tensor> unstack(Tensor x, Along p = {});

/// Parts along `.axis`, as views: so many equal ones, or those that begin at 0 and at each index of a list. ShapeError
/// when a number of parts does not divide the axis.
///     auto four = split(x, 4, {.axis = -1});  auto three = split(x, {2, 5});
std::vector<Tensor> split(Tensor x, IntOrList parts, Along p = {});
/// The same, but a number of parts need not divide: the first ones are one longer.   auto three = array_split(x, 3);
std::vector<Tensor> array_split(Tensor x, IntOrList parts, Along p = {});

/// Vectors end to end; else along axis 1.                                     Tensor y = hstack({a, b});
Tensor hstack(std::vector<Tensor> x);
/// Along axis 0; vectors become rows.                                         Tensor y = vstack({a, b});
Tensor vstack(std::vector<Tensor> x);
/// Along axis 2; [n] becomes [1, n, 1], [m, n] becomes [m, n, 1].             Tensor y = dstack({a, b});
Tensor dstack(std::vector<Tensor> x);
/// Vectors become columns; then along axis 1.                                 Tensor y = column_stack({a, b});
Tensor column_stack(std::vector<Tensor> x);
/// concatenate({x, values}): both flattened unless `.axis`.                   Tensor y = append(x, 3);
Tensor append(Tensor x, Tensor values, Join p = {std::nullopt});

/// split along axis 1 (0 for a vector), 0, 2.                                 auto parts = hsplit(x, 2);
std::vector<Tensor> hsplit(Tensor x, IntOrList parts);
std::vector<Tensor> vsplit(Tensor x, IntOrList parts);
std::vector<Tensor> dsplit(Tensor x, IntOrList parts);

}  // namespace strata
