// The menu: reading and writing by index. x[...] and x.at({...}) are in core/index.hpp.
// Indices are integer tensors; negative ones count from the end. What values outside mean: IndexMode in core/index.hpp.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "strata/core/index.hpp"
#include "strata/ops/menu/shape.hpp"

namespace strata {

struct Take {
  std::optional<int> axis{};  // x is flattened when absent
  IndexMode mode = IndexMode::fill;
  std::optional<double> fill_value{};
};
/// Elements (or slices) of x along `.axis`: [.., n, ..] with indices [a, b] -> [.., a, b, ..].
///     Tensor y = take(x, array({0, 2, -1}), {.axis = 0});
Tensor take(Tensor x, Tensor indices, Take p = {});

struct TakeAlong {
  std::optional<int> axis = -1;  // both are flattened for std::nullopt
  IndexMode mode = IndexMode::fill;
  std::optional<double> fill_value{};
};
/// y[i, j] = x[i, indices[i, j]] along the last axis, and alike for another. The other axes broadcast.
///     Tensor sorted = take_along_axis(x, argsort(x, {.axis = 0}), {.axis = 0});
Tensor take_along_axis(Tensor x, Tensor indices, TakeAlong p = {});
/// x with x[i, indices[i, j]] = values[i, j]; values broadcast to the indices' shape, those outside are dropped.
///     Tensor y = put_along_axis(x, argmax(x, {.axis = -1, .keepdims = true}), 0);
Tensor put_along_axis(Tensor x, Tensor indices, Tensor values, TakeAlong p = {});

/// A box of x of the given sizes, from a start that may depend on data. Starts (one scalar for each axis; negative ones
/// count from the end) are clamped so that the box lies inside. A view unless vmap maps a start. ValueError when a size
/// is greater than the axis.
///     Tensor y = dynamic_slice(x, {i, 0}, {2, 3});
Tensor dynamic_slice(Tensor x, std::vector<Tensor> starts, Shape sizes);
/// x with u written into the box that starts there; u has x's rank. Starts are clamped alike.
///     Tensor y = dynamic_update_slice(x, u, {i, 0});
Tensor dynamic_update_slice(Tensor x, Tensor u, std::vector<Tensor> starts);
/// The same along one axis.     Tensor y = dynamic_slice_in_dim(x, i, 2, {.axis = 0});
Tensor dynamic_slice_in_dim(Tensor x, Tensor start, std::int64_t size, Along p = {});
Tensor dynamic_update_slice_in_dim(Tensor x, Tensor u, Tensor start, Along p = {});

struct DynamicIndex {
  int axis = 0;
  bool keepdims = true;
};
/// The slice at `index` (clamped) along `.axis`.     Tensor row = dynamic_index_in_dim(x, i, {.keepdims = false});
Tensor dynamic_index_in_dim(Tensor x, Tensor index, DynamicIndex p = {});
/// x with that slice replaced by u, with or without the axis.    Tensor y = dynamic_update_index_in_dim(x, row, i);
Tensor dynamic_update_index_in_dim(Tensor x, Tensor u, Tensor index, Along p = {});

// ---- lax's general forms
// ---------------------------------------------------------------------------------------------

/// Which axes are what in gather, as in jax.lax: the last axis of the indices is the index vector; negative indices are
/// outside.
struct GatherDims {
  AxisList offset_dims{};           // axes of the result that come from x
  AxisList collapsed_slice_dims{};  // axes of x that are not in the result (slice size 1)
  AxisList start_index_map{};       // axis of x that each part of the index vector is for
  AxisList operand_batching_dims{};
  AxisList start_indices_batching_dims{};
};
/// Slices of x of the given sizes, one for each index vector.
///     Tensor rows = gather(x, i, {.offset_dims = {1}, .collapsed_slice_dims = {0}, .start_index_map = {0}}, {1, 4});
Tensor gather(Tensor x, Tensor indices, const GatherDims& dims, Shape slice_sizes, At p = {});

struct ScatterDims {
  AxisList update_window_dims{};            // axes of the updates that come from x
  AxisList inserted_window_dims{};          // axes of x that are not in the updates (size 1)
  AxisList scatter_dims_to_operand_dims{};  // axis of x that each part of the index vector is for
  AxisList operand_batching_dims{};
  AxisList scatter_indices_batching_dims{};
};
/// x with the updates put, added, multiplied, maximised, minimised into the slices that the indices name, in order.
/// Updates outside are dropped unless `.mode` says otherwise.
///     Tensor y = scatter_add(x, i, u, {.update_window_dims = {1}, .inserted_window_dims = {0},
///                                      .scatter_dims_to_operand_dims = {0}});
Tensor scatter(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p = {});
Tensor scatter_add(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p = {});
Tensor scatter_mul(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p = {});
Tensor scatter_max(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p = {});
Tensor scatter_min(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p = {});

// ---- segments and sets
// -----------------------------------------------------------------------------------------------

struct Segments {
  std::optional<std::int64_t> num_segments{};  // the greatest id and one when absent: then vmap may not map the ids
};
/// Row k of the result is the sum (product, maximum, minimum) of the rows of x whose id is k; ids outside are dropped.
/// An empty segment holds 0 (1, the least, the greatest value of the dtype).
///     Tensor s = segment_sum(x, array({0, 0, 1}), {.num_segments = 2});
Tensor segment_sum(Tensor x, Tensor ids, Segments p = {});
Tensor segment_prod(Tensor x, Tensor ids, Segments p = {});
Tensor segment_max(Tensor x, Tensor ids, Segments p = {});
Tensor segment_min(Tensor x, Tensor ids, Segments p = {});

struct Bincount {
  Tensor weights{};  // 1 each when absent
  std::int64_t minlength = 0;
  std::optional<std::int64_t> length{};  // the greatest x and one (at least minlength) when absent
};
/// How often each of 0, 1, ... occurs in x (int32), or the sum of the weights there. Negative numbers count as 0, those
/// beyond `.length` are dropped.      Tensor n = bincount(labels, {.length = 10});
Tensor bincount(Tensor x, Bincount p = {});

/// int32: which of the bins (their edges ascend or descend) each element of x falls in: edges[i-1] <= x < edges[i], or
/// edges[i-1] < x <= edges[i] with `.right`.      Tensor b = digitize(x, array({0., 1., 2.}));
struct Digitize {
  bool right = false;
};
Tensor digitize(Tensor x, Tensor bins, Digitize p = {});

struct Sized {
  std::optional<std::int64_t> size{};  // as many as there are when absent: then vmap may not map x
  std::optional<double> fill_value{};  // beyond what is there: 0 (for unique the least element)
};
/// The positions of elements that are not zero, in row-major order: one int32 vector for each axis.
///     auto [row, column] = [&] { auto at = nonzero(x > 0); return std::pair{at[0], at[1]}; }();
std::vector<Tensor> nonzero(Tensor x, Sized p = {});
/// The same as rows of one tensor [n, ndim]; the same of x flattened.
///     Tensor at = argwhere(x > 0);  Tensor i = flatnonzero(x);
Tensor argwhere(Tensor x, Sized p = {});
Tensor flatnonzero(Tensor x, Sized p = {});

struct Unique {
  Tensor values, index, inverse, counts;  // x = values[inverse]; values = x[index], the first of equal ones
};
/// The different values of x (flattened), ascending, NaN once and last.      Tensor u = unique(x);
Tensor unique(Tensor x, Sized p = {});
/// The same with where they stand and how often.      auto [values, index, inverse, counts] = unique_all(x);
Unique unique_all(Tensor x, Sized p = {});

// ---- flat positions
// --------------------------------------------------------------------------------------------------

/// Flat positions of multi-dimensional indices in `shape`, and back; out of range ones are clipped.
///     Tensor flat = ravel_multi_index({i, j}, {3, 4});  auto ij = unravel_index(flat, {3, 4});
Tensor ravel_multi_index(std::vector<Tensor> indices, Shape shape);
std::vector<Tensor> unravel_index(Tensor flat, Shape shape);

// ---- orders ----------------------------------------------------------------------------------------------------------

struct Partition {
  int axis = -1;
};
/// x with its kth + 1 smallest elements first, ascending, then the others, descending, as JAX leaves them. ValueError for
/// a kth outside the axis.      Tensor y = partition(x, 3);
Tensor partition(Tensor x, int kth, Partition p = {});
/// int32: where these elements stand in x; the others keep their order.     Tensor at = argpartition(x, 3);
Tensor argpartition(Tensor x, int kth, Partition p = {});
/// int32: the stable order by several keys of one shape; the last key counts most.     Tensor order = lexsort({b, a});
Tensor lexsort(std::vector<Tensor> keys, Partition p = {});

// ---- choices ---------------------------------------------------------------------------------------------------------

/// The choice of the first condition that holds, element by element; `otherwise` where none does. All broadcast.
///     Tensor y = select({x < 0, x > 1}, {0, 1}, x);
Tensor select(std::vector<Tensor> conditions, std::vector<Tensor> choices, Tensor otherwise = 0);
/// f(x) of the last condition that holds; one more function than conditions: it is for the rest, which is 0 otherwise.
/// All functions see all of x.
///     Tensor y = piecewise(x, {x < 0, x >= 0}, {[](Tensor t) { return -t; }, [](Tensor t) { return t; }});
Tensor piecewise(Tensor x, std::vector<Tensor> conditions, std::vector<std::function<Tensor(Tensor)>> functions);

}  // namespace strata
