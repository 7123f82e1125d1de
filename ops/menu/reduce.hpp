// The menu: reductions. `axes` absent means all; `{}` none. Half types are added up in float32 and more.
#pragma once
#include <optional>

#include "strata/core/index.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

struct Reduce {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
};

/// Sum over `axes` (all by default). [2, 3] -> [3] for axes {0}. An empty sum is zero; half types accumulate in
/// float32. bool sums to int32, small integers to (u)int32.
///     Tensor per_row = sum(x, {.axes = {-1}, .keepdims = true});
Tensor sum(Tensor x, Reduce p = {});

/// x summed down to `shape`, which broadcasts to x's: the transpose of broadcast_to.   Tensor db = sum_to(g,
/// b.shape());
Tensor sum_to(Tensor x, const Shape& shape);

/// Mean over `axes`; integers and bool give floats. The mean of no elements is NaN.     Tensor m = mean(loss);
Tensor mean(Tensor x, Reduce p = {});

/// bool: some element is not zero (false for none). st::all, every element is not zero (true for none), is the object
/// that also stands for a whole axis in x[{st::all, 0}] (core/index.hpp).
///     Tensor hit = any(x > 3, {.axes = {-1}});  Tensor every = all(x > 3, {.axes = {-1}});
Tensor any(Tensor x, Reduce p = {});
/// int32: how many elements are not zero; NaN is not.     Tensor n = count_nonzero(mask);
Tensor count_nonzero(Tensor x, Reduce p = {});

/// Product over `axes`; 1 for none. Derivatives are exact where factors are zero. Integers as for sum.
///     Tensor volume = prod(sides, {.axes = {-1}});
Tensor prod(Tensor x, Reduce p = {});

/// Largest, smallest element; NaN if there is one. Ties share the derivative. ValueError for no elements.
///     Tensor top = max(x, {.axes = {0}});
Tensor max(Tensor x, Reduce p = {});
Tensor min(Tensor x, Reduce p = {});

/// Largest less smallest.     Tensor range = ptp(x, {.axes = {0}});
Tensor ptp(Tensor x, Reduce p = {});

struct ReduceOne {
  std::optional<int> axis{};
  bool keepdims = false;
};

/// int32: where the largest (smallest) element stands along `.axis`, in the flattened argument when absent; the first
/// of equal ones, the first NaN if there is one. ValueError for no elements.
///     Tensor label = argmax(logits, {.axis = -1});
Tensor argmax(Tensor x, ReduceOne p = {});
Tensor argmin(Tensor x, ReduceOne p = {});

struct Deviation {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
  double ddof = 0;
};

/// Mean of the squared distances from the mean, sum / (n - `.ddof`); integers give floats.
///     Tensor v = var(x, {.axes = {0}, .ddof = 1});
Tensor var(Tensor x, Deviation p = {});

}  // namespace strata
