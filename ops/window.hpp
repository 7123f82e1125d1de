// Sliding windows: from sizes, strides, dilations and a padding to the sizes of the result. Called by convolution and
// pooling.
#pragma once
#include "strata/core/shape.hpp"
#include "strata/ops/menu/conv.hpp"

namespace strata {

/// One entry an axis; empty strides and dilations mean 1.
struct WindowSizes {
  Shape base, window, strides, base_dilation, window_dilation;
};

/// All settled: `low` elements of padding come before the (dilated) base; `result` counts the windows.
struct WindowPlan {
  Shape strides, base_dilation, window_dilation, low, result;
};

/// ShapeError that names `op` when a list has another length, a stride or dilation is below 1, or "SAME" is
/// misspelled.
WindowPlan plan_windows(const char* op, const WindowSizes& sizes, const Padding& padding);

}  // namespace strata
