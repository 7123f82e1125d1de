// What a device does to slices: gathering and scattering them by index, writing boxes, lanes by number, triangles.
// Implemented by ops/cpu/slices.cpp and ops/cuda/slices.cpp; called through backend(x).slices.
// Always holds: updates that meet in one place are combined in their order, whatever the number of threads.
#pragma once
#include <span>

#include "strata/core/tensor.hpp"
#include "strata/ops/slice_formulas.hpp"

namespace strata {

/// How indices name slices of x. x's axes are: batch axes (shared with the indices), slice axes that stand before the
/// positions in the result, slice axes behind them, and indexed axes that are in no result.
struct SliceGeometry {
  Shape batch;
  Strides x_batch, index_batch;
  Shape positions;
  Strides index_positions;
  int depth = 0;                                                  // indexed axes
  std::int64_t index_step = 0;                                    // from one of a position's indices to the next
  std::int64_t x_step[max_rank], size[max_rank], last[max_rank];  // of each indexed axis; `last`: greatest legal index
  Shape before, after;
  Strides x_before, x_after;
  IndexMode mode = IndexMode::fill;
  bool from_end = true;  // a negative index counts from the end
};

struct SlicesKernels {
  /// For each position (batch axes first): the offset of its slice in x, in elements, or `outside`; int64, row-major.
  /// The indices are int32 or int64.
  Tensor (*resolve)(const SliceGeometry& g, const Tensor& index);
  /// y (row-major: batch, before, positions, after) from x; `fill` is one element, in host memory.
  void (*gather)(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& y, const void* fill);
  /// Combines u (row-major as y above) into x, in place. Not for half types except `set`.
  void (*scatter)(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& u, ScatterKind kind);
  /// Marks every position whose slice a later one of its batch replaces as outside. Slices coincide or are disjoint,
  /// those of different batches are disjoint.
  void (*keep_winners)(const SliceGeometry& g, const Tensor& offsets);

  /// x into the box of y, of x's shape and these strides, that begins at element `offset` of y.
  void (*write)(const Tensor& x, const Tensor& y, const Strides& strides, std::int64_t offset);
  /// x as number t of y's slices along axis 0; y is row-major.
  void (*write_row)(const Tensor& x, const Tensor& y, std::int64_t t);

  /// y[.., i, ..] = x[.., positions[i], ..] along an axis, and y[.., positions[i], ..] = x[.., i, ..], each position
  /// once; y is row-major.
  void (*take)(const Tensor& x, int axis, std::span<const std::int64_t> positions, const Tensor& y);
  void (*put)(const Tensor& x, int axis, std::span<const std::int64_t> positions, const Tensor& y);

  /// Zeros in y, row-major matrices, above diagonal k, or below it when `upper` is kept.
  void (*triangle)(const Tensor& y, std::int64_t k, bool upper);
};

extern const SlicesKernels cpu_slices, cuda_slices;

}  // namespace strata
