// Memory seen as rows, as plain structs: rows are numbered along some axes, the elements of each along the others. Made
// by ops/cuda/rows.cpp of tensors, used by the kernels of reductions and of sorting.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// The axes that number rows, and those within a row; each merged where all operands allow.
struct RowAxes {
  Axes kept, reduced;
};

/// One operand along them. Strides in elements.
struct Rows {
  void* data = nullptr;
  Dtype dtype = Dtype::float32;
  std::int64_t between[max_rank], within[max_rank];
};

/// Where element i of a row lies, in elements.
STRATA_HD std::int64_t place(const RowAxes& a, const Rows& x, std::int64_t row, std::int64_t i) {
  return offset_of(a.kept, x.between, row) + offset_of(a.reduced, x.within, i);
}

}  // namespace strata::gpu
