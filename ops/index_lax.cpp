// jax.lax's gather and scatter: their dimension numbers in terms of Slices.
#include <algorithm>
#include <numeric>

#include "strata/core/error.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/index_check.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"
#include "strata/ops/slice.hpp"

namespace strata {
namespace {

std::vector<int> positive(const char* op, const AxisList& axes, int rank) {
  std::vector<int> result;
  for (int a : axes) result.push_back(normalize_axis(op, a, rank));
  return result;
}

bool contains(const std::vector<int>& list, int a) { return std::find(list.begin(), list.end(), a) != list.end(); }

/// `front`, then the other axes in order.
std::vector<int> in_front(const std::vector<int>& front, int rank) {
  std::vector<int> order = front;
  for (int i = 0; i < rank; ++i) {
    if (!contains(front, i)) order.push_back(i);
  }
  return order;
}

std::vector<int> inverse(const std::vector<int>& order) {
  std::vector<int> result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  return result;
}

Tensor permuted(Tensor x, const std::vector<int>& order) { return transpose(std::move(x), AxisList(order)); }

/// What gather and scatter share. Axes of x are numbered with its batching axes in front.
struct Layout {
  Slices s;
  std::vector<int> x_order, index_order;  // batching axes in front
  std::vector<int> slice_axes;            // of x (as it was given), which are in slices
  std::vector<int> window_dims;           // their places in the result or the updates
  Shape sizes;                            // of slices, for each axis of x as given
};

Layout layout(const char* op, const Shape& x, const Tensor& indices, const std::vector<int>& window_dims,
              const std::vector<int>& collapsed, const AxisList& map, const AxisList& x_batch, const AxisList& i_batch,
              const Shape& sizes) {
  const int rank = x.size(), index_rank = indices.ndim();
  check_indices(op, indices);
  if (index_rank == 0 || indices.shape().back() != static_cast<std::int64_t>(map.size())) {
    throw ShapeError(std::string(op) + ": the last axis of the indices " + to_string(indices.shape()) + " is for " +
                     std::to_string(map.size()) + " axes of x" + level_context());
  }
  Layout l;
  const std::vector<int> xb = positive(op, x_batch, rank);
  l.x_order = in_front(xb, rank);
  l.index_order = in_front(positive(op, i_batch, index_rank), index_rank);
  l.window_dims = window_dims;
  l.sizes = sizes;
  const std::vector<int> place = inverse(l.x_order);
  for (int a : l.x_order) l.s.from.push_back(x[a]);
  l.s.batch = static_cast<int>(xb.size());
  l.s.keep = true;
  l.s.from_end = false;
  for (int a : positive(op, map, rank)) {
    l.s.axes.push_back(place[static_cast<std::size_t>(a)]);
    l.s.window.push_back(sizes[a]);
  }
  for (int a = 0; a < rank; ++a) {
    if (!contains(collapsed, a) && !contains(xb, a)) l.slice_axes.push_back(a);
    if (sizes[a] < 0 || sizes[a] > x[a] || ((contains(collapsed, a) || contains(xb, a)) && sizes[a] > 1)) {
      throw ShapeError(std::string(op) + ": slice sizes " + to_string(sizes) + " do not fit x of shape " +
                       to_string(x) + " at axis " + std::to_string(a) + level_context());
    }
  }
  if (l.slice_axes.size() != window_dims.size()) {
    throw ShapeError(std::string(op) + ": " + std::to_string(l.slice_axes.size()) + " axes of x are in slices, " +
                     std::to_string(window_dims.size()) + " places are given for them" + level_context());
  }
  return l;
}

/// The box of x (batching axes in front) that slices along axes which are not indexed begin with.
Box reachable(const Layout& l) {
  Box box = Box::whole(l.s.from);
  for (int i = l.s.batch; i < l.s.from.size(); ++i) {
    const bool indexed = std::find(l.s.axes.begin(), l.s.axes.end(), i) != l.s.axes.end();
    if (!indexed) box.size[i] = l.sizes[l.x_order[static_cast<std::size_t>(i)]];
  }
  return box;
}

/// For each axis of the result, which axis of [batch..., positions..., slice axes...] stands there. Batch axes stand
/// among the positions as they do in the indices.
std::vector<int> result_order(const Layout& l) {
  const int rank = static_cast<int>(l.index_order.size()) - 1 + static_cast<int>(l.window_dims.size());
  const std::vector<int> position = inverse(l.index_order);
  std::vector<int> order;
  int next_position = 0;
  for (int i = 0; i < rank; ++i) {
    const auto window = std::find(l.window_dims.begin(), l.window_dims.end(), i);
    if (window != l.window_dims.end())
      order.push_back(static_cast<int>(l.index_order.size()) - 1 + static_cast<int>(window - l.window_dims.begin()));
    else
      order.push_back(position[static_cast<std::size_t>(next_position++)]);
  }
  return order;
}

Tensor scatter_as(const char* op, ScatterKind kind, Tensor x, Tensor indices, Tensor updates, const ScatterDims& d,
                  const At& p) {
  const int rank = x.ndim();
  const std::vector<int> window = positive(op, d.update_window_dims, updates.ndim());
  const std::vector<int> inserted = positive(op, d.inserted_window_dims, rank);
  const std::vector<int> batching = positive(op, d.operand_batching_dims, rank);
  Shape sizes = Shape::filled(rank, 1);
  std::size_t next = 0;
  for (int a = 0; a < rank; ++a) {
    if (!contains(inserted, a) && !contains(batching, a) && next < window.size())
      sizes[a] = updates.shape()[window[next++]];
  }
  Layout l = layout(op, x.shape(), indices, window, inserted, d.scatter_dims_to_operand_dims, d.operand_batching_dims,
                    d.scatter_indices_batching_dims, sizes);
  l.s.mode = p.mode.value_or(IndexMode::fill);
  indices = permuted(std::move(indices), l.index_order);
  const Box box = reachable(l);
  l.s.from = box.size;
  const Shape wanted = l.s.shape(indices.shape());
  updates = astype(std::move(updates), x.dtype());
  if (static_cast<int>(updates.ndim()) != indices.ndim() - 1 + static_cast<int>(window.size()) ||
      updates.size() != wanted.elements()) {
    throw ShapeError(std::string(op) + ": updates of shape " + to_string(updates.shape()) + " for indices " +
                     to_string(indices.shape()) + " and x of shape " + to_string(x.shape()) + level_context());
  }
  updates = reshape(permuted(std::move(updates), inverse(result_order(l))), wanted);
  x = permuted(std::move(x), l.x_order);
  Tensor y = scatter_slices(read_box(x, box), std::move(indices), std::move(updates), kind, l.s);
  if (!box.is_whole()) y = write_box(std::move(x), std::move(y), box);
  return permuted(std::move(y), inverse(l.x_order));
}

}  // namespace

Tensor gather(Tensor x, Tensor indices, const GatherDims& d, Shape sizes, At p) {
  const int rank = x.ndim(), result_rank = indices.ndim() - 1 + static_cast<int>(d.offset_dims.size());
  if (sizes.size() != rank) {
    throw ShapeError("gather: slice sizes " + to_string(sizes) + " for x of shape " + to_string(x.shape()) +
                     level_context());
  }
  Layout l = layout("gather", x.shape(), indices, positive("gather", d.offset_dims, result_rank),
                    positive("gather", d.collapsed_slice_dims, rank), d.start_index_map, d.operand_batching_dims,
                    d.start_indices_batching_dims, sizes);
  l.s.mode = p.mode.value_or(IndexMode::fill);
  l.s.fill = p.fill_value;
  const Box box = reachable(l);
  x = read_box(permuted(std::move(x), l.x_order), box);
  l.s.from = box.size;
  indices = permuted(std::move(indices), l.index_order);
  Shape shape = indices.shape().slice(0, indices.ndim() - 1);
  for (int a : l.slice_axes) shape.push_back(sizes[a]);
  return permuted(reshape(gather_slices(std::move(x), std::move(indices), l.s), shape), result_order(l));
}

Tensor scatter(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p) {
  return scatter_as("scatter", ScatterKind::set, std::move(x), std::move(indices), std::move(updates), dims, p);
}
Tensor scatter_add(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p) {
  return scatter_as("scatter_add", ScatterKind::add, std::move(x), std::move(indices), std::move(updates), dims, p);
}
Tensor scatter_mul(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p) {
  return scatter_as("scatter_mul", ScatterKind::mul, std::move(x), std::move(indices), std::move(updates), dims, p);
}
Tensor scatter_max(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p) {
  return scatter_as("scatter_max", ScatterKind::max, std::move(x), std::move(indices), std::move(updates), dims, p);
}
Tensor scatter_min(Tensor x, Tensor indices, Tensor updates, const ScatterDims& dims, At p) {
  return scatter_as("scatter_min", ScatterKind::min, std::move(x), std::move(indices), std::move(updates), dims, p);
}

namespace {

Samples gather_samples() {
  const GatherDims windows{.offset_dims = {0, 2}, .collapsed_slice_dims = {}, .start_index_map = {1}};
  const GatherDims batched{.offset_dims = {},
                           .collapsed_slice_dims = {1},
                           .start_index_map = {1},
                           .operand_batching_dims = {0},
                           .start_indices_batching_dims = {1}};
  return {{"windows of a part", {{{3, 6}}, {{4, 1}, Dtype::int32, 0, 5}}, sampled([=](Tensor x, Tensor i) {
             return gather(x, i, windows, {2, 2});
           })},
          {"batching axes", {{{3, 4}}, {{2, 3, 1}, Dtype::int32, 0, 4}}, sampled([=](Tensor x, Tensor i) {
             return gather(x, i, batched, {1, 1});
           })},
          {"empty", {{{3, 6}}, {{0, 1}, Dtype::int32, 0, 5}}, sampled([=](Tensor x, Tensor i) {
             return gather(x, i, windows, {2, 2});
           })}};
}
Samples scatter_samples() {
  const ScatterDims windows{
      .update_window_dims = {1}, .inserted_window_dims = {0}, .scatter_dims_to_operand_dims = {0, 1}};
  const ScatterDims batched{.update_window_dims = {},
                            .inserted_window_dims = {1},
                            .scatter_dims_to_operand_dims = {1},
                            .operand_batching_dims = {0},
                            .scatter_indices_batching_dims = {1}};
  return {{"windows that overlap",
           {{{3, 6}}, {{4, 2}, Dtype::int32, 0, 3}, {{4, 3}}},
           sampled([=](Tensor x, Tensor i, Tensor u) { return scatter(x, i, u, windows); })},
          {"windows added",
           {{{3, 6}}, {{4, 2}, Dtype::int32, 0, 3}, {{4, 3}}},
           sampled([=](Tensor x, Tensor i, Tensor u) { return scatter_add(x, i, u, windows); })},
          {"batching axes",
           {{{3, 4}}, {{2, 3, 1}, Dtype::int32, 0, 4}, {{2, 3}}},
           sampled([=](Tensor x, Tensor i, Tensor u) { return scatter(x, i, u, batched); })},
          {"empty", {{{3, 6}}, {{0, 2}, Dtype::int32, 0, 3}, {{0, 3}}}, sampled([=](Tensor x, Tensor i, Tensor u) {
             return scatter(x, i, u, windows);
           })}};
}

}  // namespace

std::vector<Entry> lax_index_entries() {
  return {composite("lax_gather", &gather_samples), composite("lax_scatter", &scatter_samples)};
}

}  // namespace strata
