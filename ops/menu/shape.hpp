// The menu: shapes. Most results are views of the argument's memory: nothing is copied.
#pragma once
#include <optional>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata {

/// x in another shape of as many elements, row-major order kept; one size may be -1. ShapeError when the counts differ.
///     Tensor y = reshape(x, {2, -1});
Tensor reshape(Tensor x, Shape shape);
/// x repeated along new and size-1 axes, without a copy. ShapeError when x does not broadcast to `shape`.
///     Tensor y = broadcast_to(b, {32, 10});
Tensor broadcast_to(Tensor x, Shape shape);
/// The axes in the order given (reversed when absent).    Tensor y = transpose(x, {1, 0});
Tensor transpose(Tensor x, AxisList axes);
Tensor transpose(Tensor x);
/// Axis `from` moved to place `to`, the others in order.  Tensor y = moveaxis(x, 0, -1);
Tensor moveaxis(Tensor x, int from, int to);
Tensor moveaxis(Tensor x, const AxisList& from, const AxisList& to);
/// Two axes exchanged.                                    Tensor y = swapaxes(x, 0, -1);
Tensor swapaxes(Tensor x, int a, int b);
/// The last two axes exchanged. ShapeError below rank 2.  Tensor y = mT(x);
Tensor mT(Tensor x);
/// NumPy's: axis `axis` moved before axis `start`.        Tensor y = rollaxis(x, 2);
Tensor rollaxis(Tensor x, int axis, int start = 0);
/// New axes of size 1 at these places of the result.      Tensor y = expand_dims(x, -1);
Tensor expand_dims(Tensor x, int axis);
Tensor expand_dims(Tensor x, const AxisList& axes);

struct OnAxes {
  AxesOrAll axes = every_axis;
};
struct Along {
  int axis = 0;
};
/// Axes of size 1 taken away. ShapeError when a named one has another size.   Tensor y = squeeze(x, {.axes = {1}});
Tensor squeeze(Tensor x, OnAxes p = {});
/// All axes in one.                                       Tensor y = ravel(x);
Tensor ravel(Tensor x);
/// At least 1, 2, 3 axes, as NumPy adds them.             Tensor y = atleast_2d(x);
Tensor atleast_1d(Tensor x);
Tensor atleast_2d(Tensor x);
Tensor atleast_3d(Tensor x);
/// x's axis i becomes axis `dims[i]` of `shape`, which is filled by repetition. `dims` ascend; ShapeError otherwise, or
/// when a size is neither 1 nor that of `shape`.          Tensor y = broadcast_in_dim(x, {4, 2, 5, 3}, {1, 3});
Tensor broadcast_in_dim(Tensor x, Shape shape, const AxisList& dims);
/// Every tensor broadcast to their common shape, as views.   auto xs = broadcast_arrays({a, b});
std::vector<Tensor> broadcast_arrays(std::vector<Tensor> x);

/// One integer, or a list of them in braces.
class IntOrList {
 public:
  template <std::integral I>
  IntOrList(I one) : one_(static_cast<std::int64_t>(one)) {}  // NOLINT: implicit on purpose
  IntOrList(std::initializer_list<Dim> list);                 // NOLINT: implicit on purpose
  explicit IntOrList(std::vector<std::int64_t> list) : list_(std::move(list)) {}
  const std::optional<std::int64_t>& one() const { return one_; }
  const std::vector<std::int64_t>& list() const { return list_; }

 private:
  std::optional<std::int64_t> one_;
  std::vector<std::int64_t> list_;
};

/// The elements from `start` to before `stop` by `step` (1 when absent), one of each per axis, as a view. Ends are not
/// clamped: ValueError outside the tensor. For negative steps and clamping see x[{st::range(4, 0, -2)}].
///     Tensor y = slice(x, {0, 1}, {2, 4});
Tensor slice(Tensor x, Shape start, Shape stop, Shape step = {});
/// The same along one axis.                                Tensor y = slice_in_dim(x, 1, 3, 1, {.axis = 0});
Tensor slice_in_dim(Tensor x, std::int64_t start, std::int64_t stop, std::int64_t step = 1, Along p = {});
/// The order of elements reversed along `.axes`, as a view.                    Tensor y = flip(x, {.axes = {0}});
Tensor flip(Tensor x, OnAxes p = {});
/// Elements moved on by `shift` places, those beyond the end to the front; flattened when no `.axes` are given, else
/// one shift for each of them (or one for all).                Tensor y = roll(x, {1, -1}, {.axes = {0, 1}});
Tensor roll(Tensor x, const IntOrList& shift, OnAxes p = {});

/// flip along axis 1, along axis 0.                        Tensor y = fliplr(x);
Tensor fliplr(Tensor x);
Tensor flipud(Tensor x);

struct Rotation {
  int k = 1;
  AxisList axes = {0, 1};
};
/// Turned by `.k` right angles in the plane of two axes, from the first to the second, as a view.
///     Tensor y = rot90(x);
Tensor rot90(Tensor x, Rotation p = {});

/// How far to pad an axis: before it, behind it, and between its elements. Negative ends cut off.
struct AxisPad {
  Dim low, high;
  Dim interior = 0;
};
/// Widths of pad: one for every end, {low, high} for every axis, or {{low, high}, {low, high, interior}, ...} by axis.
class PadWidths {
 public:
  template <std::integral I>
  PadWidths(I width) : PadWidths(Dim(width), Dim(width)) {}  // NOLINT: implicit on purpose
  PadWidths(Dim low, Dim high);
  PadWidths(std::initializer_list<AxisPad> pads);  // NOLINT: implicit on purpose
  explicit PadWidths(std::vector<AxisPad> pads) : pads_(std::move(pads)) {}
  const std::vector<AxisPad>& pads() const { return pads_; }

 private:
  std::vector<AxisPad> pads_;
};
/// What padding holds: `.constant_values`; the outermost element; the elements mirrored, without (reflect) or with
/// (symmetric) the outermost one; the elements from the other end.
enum class PadMode : std::uint8_t { constant, edge, reflect, symmetric, wrap };
struct Pad {
  PadMode mode = PadMode::constant;
  Tensor constant_values = 0;  // a scalar; vmap may map it
};
/// x with more elements around (and, by a constant, between) its own. ValueError for a negative or interior width in
/// other modes than constant.
///     Tensor y = pad(x, 1);  Tensor z = pad(x, {{1, 2}, {0, 1}}, {.mode = st::PadMode::reflect});
Tensor pad(Tensor x, const PadWidths& widths, Pad p = {});
/// x laid side by side, so often along each axis.          Tensor y = tile(x, {2, 1});
Tensor tile(Tensor x, Shape reps);

struct Repeat {
  std::optional<int> axis{};  // x is flattened when absent
};
/// Every element (or slice along `.axis`) so many times, or as many times as a list says.
///     Tensor y = repeat(x, 2, {.axis = 0});  Tensor z = repeat(x, {1, 0, 2}, {.axis = 1});
Tensor repeat(Tensor x, const IntOrList& repeats, Repeat p = {});

/// Matrices (the last two axes) with zeros above, below diagonal k. ShapeError below rank 2.    Tensor l = tril(x, -1);
Tensor tril(Tensor x, std::int64_t k = 0);
Tensor triu(Tensor x, std::int64_t k = 0);

struct OnDiagonal {
  std::int64_t offset = 0;
  int axis1 = 0, axis2 = 1;
};
/// The diagonal of two axes, as the last axis of a view.   Tensor d = diagonal(x, {.offset = 1});
Tensor diagonal(Tensor x, OnDiagonal p = {});
/// A vector on diagonal k of a square matrix, or diagonal k of a matrix.       Tensor m = diag(array({1, 2, 3}));
Tensor diag(Tensor x, std::int64_t k = 0);
/// x flattened, on diagonal k.                             Tensor m = diagflat(x);
Tensor diagflat(Tensor x, std::int64_t k = 0);
/// Square matrices with another diagonal, a scalar or a vector.                Tensor y = fill_diagonal(x, 0);
Tensor fill_diagonal(Tensor x, Tensor value);
/// The sum of the diagonal.                                Tensor t = trace(x);
Tensor trace(Tensor x, OnDiagonal p = {});
/// The Kronecker product: every element of a times b.      Tensor y = kron(a, b);
Tensor kron(Tensor a, Tensor b);

}  // namespace strata
