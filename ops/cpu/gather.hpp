// Gathering slices by index, and combining slices into a tensor by index. Called by ops/gather.cpp.
// Always holds: updates that meet in one place are combined in their order, whatever the number of threads.
#pragma once
#include "strata/core/index.hpp"

namespace strata {

enum class ScatterKind : std::uint8_t { set, add, mul, max, min };

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

/// A position whose index is outside, in modes that read a fill value and drop writes there.
inline constexpr std::int64_t outside = INT64_MIN;

/// For each position (batch axes first): the offset of its slice in x, in elements, or `outside`. Index is int32_t or
/// int64_t.
void resolve_positions(const SliceGeometry& g, const void* index, Dtype index_dtype, std::int64_t* offsets);

/// y (row-major: batch, before, positions, after) from x; `fill` is one element.
void gather_slices(const SliceGeometry& g, const std::int64_t* offsets, const std::byte* x, std::byte* y, int itemsize,
                   const std::byte* fill);

/// Combines u (row-major as y above) into x, in place. Not for half types except `set`.
void scatter_slices(const SliceGeometry& g, const std::int64_t* offsets, std::byte* x, const std::byte* u, Dtype dtype,
                    ScatterKind kind);

}  // namespace strata
