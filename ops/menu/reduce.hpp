// The menu: reductions. `axes` absent means all; `{}` none. Half types are added up in float32 and more.
#pragma once
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

}  // namespace strata
