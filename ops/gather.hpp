// Slices of a tensor by index: the one gather and the one scatter that take, x[tensor], dynamic_slice, segment_sum and
// the rest are made of. Each is the other's derivative, and each batches into itself: a mapped x shifts axes, mapped
// indices make one larger gather, both make one with an axis more that x and the indices share.
#pragma once
#include "strata/core/index.hpp"
#include "strata/ops/backend/slices.hpp"
#include "strata/ops/family.hpp"

namespace strata {

/// How indices name slices of x. x: [batch..., rest...]; index: [batch..., positions..., K] integers, one for each of
/// `axes`; slices: [batch..., rest[:place], positions..., rest[place:]], where rest lacks the indexed axes, or has
/// `window` elements along them when `keep`.
struct Slices {
  Shape from;     // x's shape
  Shape axes;     // the K indexed axes of x
  Shape window;   // elements along each of them; 1 each unless `keep`
  int batch = 0;  // leading axes that x and the indices share
  int place = 0;  // slice axes before the positions; 0 when `keep`
  bool keep = false;
  IndexMode mode = IndexMode::promised;
  /// What a read outside gives in mode fill; when absent NaN, the least signed or the greatest unsigned integer, true.
  std::optional<double> fill{};
  bool from_end = true;  // a negative index counts from the end; else it is outside
  int lanes = 0;         // batch axes that are vmap's: slices added to zeros may stay factored (ops/factored.hpp)
  bool winners = false;  // reads: 0 for a position that a later one of the same place overwrites

  static Slices along(const Shape& from, int axis, IndexMode mode);
  Shape rest() const;
  /// The shape of the slices for indices of this shape.
  Shape shape(const Shape& index) const;
  /// What kernels need: x's strides and the indices as they lie.
  SliceGeometry geometry(const Strides& x, const Dense& index) const;
  bool windows_overlap() const;
  /// What a derivative reads of the cotangent at the slices: 0 where writes are dropped.
  Slices reading_zero() const;
  /// x, with its lanes at `axis` (not among the batch axes), as one more slice axis; `lane`: its place among the slice
  /// axes.
  Slices with_slice_axis(int axis, std::int64_t size, int& lane) const;
  /// Lanes in front of x and the indices: one more batch axis.
  Slices with_batch_axis(std::int64_t size) const;
};

/// The slices.
Tensor gather_slices(Tensor x, Tensor index, const Slices& s);
/// x with slices u combined into it, in the order of positions. u's dtype is x's.
Tensor scatter_slices(Tensor x, Tensor index, Tensor u, ScatterKind kind, const Slices& s);

}  // namespace strata
