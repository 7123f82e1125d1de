// The menu: reductions. `axes` absent means all; `{}` none.
#pragma once
#include <optional>

#include "strata/core/tensor.hpp"

namespace strata {

struct Reduce {
  std::optional<AxisList> axes{};
  bool keepdims = false;
};

/// Sum over `axes` (all by default). [2, 3] -> [3] for axes {0}. An empty sum is zero; half types accumulate in
/// float32. bool sums to int32, small integers to (u)int32.
///     Tensor per_row = sum(x, {.axes = {-1}, .keepdims = true});
Tensor sum(Tensor x, Reduce p = {});

/// x summed down to `shape`, which broadcasts to x's: the transpose of broadcast_to.   Tensor db = sum_to(g,
/// b.shape());
Tensor sum_to(Tensor x, const Shape& shape);

}  // namespace strata
