// What a device does to lines along one axis, each on its own: sorting, moving by an order, searching. Implemented by
// ops/cpu/sort.cpp and ops/cuda/sorting.cpp; called through backend(x).sorting.
// Always holds: the order is stable; NaN counts as the largest value, -0 and 0 as equal.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

struct SortingKernels {
  /// y = x sorted along `axis` (ascending, or descending). y is row-major, of x's shape and dtype.
  void (*sort_values)(const Tensor& x, int axis, bool descending, const Tensor& y);
  /// index[k] = which element of the line comes k-th. index is row-major int32, of x's shape except along `axis`, where
  /// it may be shorter: then it has the first ones only.
  void (*sort_indices)(const Tensor& x, int axis, bool descending, const Tensor& index);
  /// y[k] = x[index[k]] along `axis`; index has y's shape and is in range.
  void (*take_lines)(const Tensor& x, const Tensor& index, int axis, const Tensor& y);
  /// y[index[k]] = x[k] along `axis`, other elements 0; index has x's shape, is in range and names no element twice.
  void (*put_lines)(const Tensor& x, const Tensor& index, int axis, const Tensor& y);
  /// y[l, i] = how many elements of sorted line l of `a` come before x[l, i]: those less than it, or (right) less or
  /// equal. a [lines, n], x [lines, m], y [lines, m] row-major int32.
  void (*search_lines)(const Tensor& a, const Tensor& x, bool right, const Tensor& y);
};

extern const SortingKernels cpu_sorting, cuda_sorting;

}  // namespace strata
