// Reductions, rows to rows and running reductions on a GPU, as plain calls. Asked for by ops/cuda/reductions.cpp; run
// by ops/cuda/reductions.cu, rows.cu and scans.cu.
#pragma once
#include "strata/ops/cuda/rows.hpp"
#include "strata/ops/reduction.hpp"

namespace strata::gpu {

/// y[row] = the reduction of x's row; y is row-major.
struct ReduceCall {
  Reduction reduction;
  RowAxes axes;
  Rows x;
  void* y;
  Dtype y_dtype;
  bool adjacent;  // neighbouring rows lie side by side
};

/// y's row = op of the rows of x; absent operands have no memory.
struct RowsCall {
  RowOp op;
  bool flag;
  double eps;
  RowAxes axes;
  Rows x[3], y;
  bool adjacent;
};

/// y's row = the running `scan` of the rows of x (twice the same, unless it takes two). One dtype for all.
struct ScanCall {
  Scan scan;
  bool exclusive;
  RowAxes axes;
  Rows x[2], y;
};

struct ReductionLibrary {
  Error (*reduce)(int device, const ReduceCall& call);
  Error (*map_rows)(int device, const RowsCall& call);
  Error (*scan)(int device, const ScanCall& call);
};
extern const ReductionLibrary reductions_library;

Error map_rows(int device, const RowsCall& call);
Error scan(int device, const ScanCall& call);

}  // namespace strata::gpu
