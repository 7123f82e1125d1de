// Sorting lines on a GPU, as plain calls. Asked for by ops/cuda/sorting.cpp; run by ops/cuda/sorting.cu.
#pragma once
#include "strata/ops/cuda/rows.hpp"

namespace strata::gpu {

/// The lines of x, n elements each, sorted: their values into y, or which element comes k-th (k < count) into an int32
/// y.
struct SortCall {
  RowAxes axes;  // of x's lines
  Rows x, y;
  std::int64_t count;
  bool descending, places;
};

/// y[k] = x[index[k]] of each line, or (put) y[index[k]] = x[k], the others 0. `axes` are the index's; y is row-major.
struct MoveCall {
  RowAxes axes;
  Rows x, index, y;
  std::int64_t y_size;
  bool put;
};

/// y[l, i] = elements of sorted line l of `a` before x[l, i]: less, or (right) less or equal. y is row-major.
struct SearchCall {
  const void *a, *x;
  Dtype dtype;
  std::int64_t a_line, a_step, x_line, x_step;
  std::int64_t lines, n, m;
  bool right;
  std::int32_t* y;
};

struct SortingLibrary {
  Error (*sort)(int device, const SortCall& call);
  Error (*move)(int device, const MoveCall& call);
  Error (*search)(int device, const SearchCall& call);
};
extern const SortingLibrary sorting_library;

}  // namespace strata::gpu
