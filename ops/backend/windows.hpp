// Sliding windows over dense tensors: sums, extrema, the place of the extremum, picking from and putting to that place,
// unfolding into patches; each with its transpose. Called by the ops of ops/pool.cpp through backend(x).windows;
// implemented by ops/cpu/pool.cpp and ops/cuda/windows.cpp.
#pragma once
#include "strata/core/tensor.hpp"
#include "strata/ops/window.hpp"

namespace strata {

/// Windows over every axis of a tensor.
struct WindowGeometry {
  Shape base, window;
  WindowPlan plan;
};

struct WindowsKernels {
  /// [base] -> [result].
  Tensor (*sum)(const WindowGeometry& g, const Tensor& x);
  /// [result] -> [base]: the transpose of the sum.
  Tensor (*spread)(const WindowGeometry& g, const Tensor& y);
  /// [base] -> [result]: the largest (smallest) element; NaN wins; the lowest (highest) value where a window is empty.
  Tensor (*extremum)(const WindowGeometry& g, bool smallest, const Tensor& x);
  /// [base] -> [result] of int32: which element of its window is the first extremum; -1 for an empty one.
  Tensor (*arg)(const WindowGeometry& g, bool smallest, const Tensor& x);
  /// [base] -> [result]: the mean of what lies in the window, padding counted as zeros or not at all. Undefined where the
  /// device has no better way than to divide the sum.
  Tensor (*mean)(const WindowGeometry& g, bool padding_counts, const Tensor& x);
  /// [base], [result] of int32 -> [result]: that element of the window.
  Tensor (*pick)(const WindowGeometry& g, const Tensor& x, const Tensor& which);
  /// [result], [result] of int32 -> [base]: the transpose in the first argument.
  Tensor (*place)(const WindowGeometry& g, const Tensor& y, const Tensor& which);
  /// [base] -> base's first `at` axes, the elements of the window, the result's other axes. The first `at` axes have
  /// windows of 1.
  Tensor (*unfold)(const WindowGeometry& g, int at, const Tensor& x);
  /// The transpose of unfold.
  Tensor (*fold)(const WindowGeometry& g, int at, const Tensor& y);
};

extern const WindowsKernels cpu_windows, cuda_windows;

}  // namespace strata
