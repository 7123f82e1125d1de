// Shape ops that are views: reshape, broadcast_to, transpose and what is made of them. All linear: transposes of one
// another.
#include <algorithm>
#include <numeric>

#include "strata/core/error.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

struct Reshape : Linear<Reshape> {
  struct Params {
    Shape from, to;
  };
  static constexpr std::string_view name = "reshape";
  static Tensor eval(const Params& p, Tensor x) {
    const Dense& d = dense(x);
    Strides strides;
    if (reshape_strides(d.shape, d.strides, p.to, strides)) return view_of(x, p.to, strides, 0);
    const Tensor packed = pack(x);
    return view_of(packed, p.to, row_major(p.to), 0);
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return reshape(g, p.from); }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    return {reshape(lanes_first(x), Shape{batch.size} + p.to), 0};
  }
  static Tensor deferred(const Params& p, Out x) {
    const Factored* f = factored::get(x[0]);
    Strides strides;
    return f && reshape_strides(f->shape, f->strides, p.to, strides) ? factored::view(x[0], p.to, strides) : Tensor();
  }
  static Samples samples() {
    const auto to = [](Shape shape) {
      return [shape](std::span<const Tensor> x) { return std::vector<Tensor>{reshape(x[0], shape)}; };
    };
    return {{"[2, 3] to [3, 2]", {{{2, 3}}}, to({3, 2})},
            {"[6] to [1, 6]", {{{6}}}, to({1, -1})},
            {"[] to [1]", {{{}}}, to({1})},
            {"[0, 2] to [0]", {{{0, 2}}}, to({0})}};
  }

  /// Strides that show memory of `from` as shape `to`; false when only a copy can.
  static bool reshape_strides(const Shape& from, const Strides& strides, const Shape& to, Strides& result) {
    if (is_row_major(from, strides)) {
      result = row_major(to);
      return true;
    }
    std::int64_t shape[max_rank], step[max_rank];
    std::copy(from.begin(), from.end(), shape);
    std::copy(strides.begin(), strides.end(), step);
    std::int64_t* steps[] = {step};
    const int rank = merge_axes(from.size(), shape, steps, 1);
    result.resize(to.size());
    int axis = rank - 1;
    std::int64_t left = axis >= 0 ? shape[axis] : 1, stride = axis >= 0 ? step[axis] : 1;
    for (int i = to.size() - 1; i >= 0; --i) {
      if (to[i] == 1) {
        result[i] = stride;
        continue;
      }
      if (left == 1 && axis > 0) {
        --axis;
        left = shape[axis];
        stride = step[axis];
      }
      if (to[i] == 0 || left % to[i] != 0) return false;
      result[i] = stride;
      stride *= to[i];
      left /= to[i];
    }
    return true;
  }
};

struct BroadcastTo : Linear<BroadcastTo> {
  struct Params {
    Shape from, to;
  };
  static constexpr std::string_view name = "broadcast_to";
  static Tensor eval(const Params& p, Tensor x) {
    const Dense& d = dense(x);
    Strides strides;
    const int offset = p.to.size() - d.shape.size();
    for (int i = 0; i < p.to.size(); ++i) {
      strides.push_back(i < offset || (d.shape[i - offset] == 1 && p.to[i] != 1) ? 0 : d.strides[i - offset]);
    }
    return view_of(x, p.to, strides, 0);
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return sum_to(g, p.from); }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    const int axis = x.axis + p.to.size() - p.from.size();
    Shape to = p.to;
    to.insert(axis, batch.size);
    return {broadcast_to(std::move(x.value), to), axis};
  }
  static Samples samples() {
    const auto to = [](Shape shape) {
      return [shape](std::span<const Tensor> x) { return std::vector<Tensor>{broadcast_to(x[0], shape)}; };
    };
    return {{"[3] to [2, 3]", {{{3}}}, to({2, 3})},
            {"[2, 1] to [2, 3]", {{{2, 1}}}, to({2, 3})},
            {"[] to [2, 2]", {{{}}}, to({2, 2})},
            {"[1] to [0]", {{{1}}}, to({0})}};
  }
};

struct Transpose : Linear<Transpose> {
  struct Params {
    Shape axes;  // result axis i is x's axis axes[i]
  };
  static constexpr std::string_view name = "transpose";
  static Tensor eval(const Params& p, Tensor x) {
    const Dense& d = dense(x);
    Shape shape, strides;
    for (std::int64_t a : p.axes) {
      shape.push_back(d.shape[static_cast<int>(a)]);
      strides.push_back(d.strides[static_cast<int>(a)]);
    }
    return view_of(x, shape, strides, 0);
  }
  static Tensor transpose(const Params& p, const Tensor& g) {
    Shape inverse = p.axes;
    for (int i = 0; i < p.axes.size(); ++i) inverse[static_cast<int>(p.axes[i])] = i;
    return apply<Transpose>({inverse}, Tensor(g));
  }
  static Lane batch(const Params& p, Lane x, Batch&) {
    Shape axes{x.axis};
    for (std::int64_t a : p.axes) axes.push_back(a < x.axis ? a : a + 1);
    return {apply<Transpose>({axes}, std::move(x.value)), 0};
  }
  static Tensor deferred(const Params& p, Out x) { return factored::transpose(x[0], p.axes); }
  static Samples samples() {
    const auto by = [](AxisList axes) {
      return [axes](std::span<const Tensor> x) { return std::vector<Tensor>{strata::transpose(x[0], axes)}; };
    };
    return {{"[2, 3]", {{{2, 3}}}, by({1, 0})},
            {"[2, 3, 4] by 2, 0, 1", {{{2, 3, 4}}}, by({2, 0, 1})},
            {"[0, 2]", {{{0, 2}}}, by({1, 0})}};
  }
};

Shape fill_in(const Tensor& x, Shape shape) {
  int unknown = -1;
  std::int64_t known = 1;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && unknown < 0)
      unknown = i;
    else
      known *= shape[i];
  }
  if (unknown >= 0 && known > 0 && x.size() % known == 0) shape[unknown] = x.size() / known;
  if (shape.elements() != x.size() || std::any_of(shape.begin(), shape.end(), [](auto d) { return d < 0; })) {
    if (std::count_if(shape.begin(), shape.end(), [](auto d) { return d < 0; }) > (unknown >= 0 ? 1 : 0)) {
      throw ShapeError("reshape: " + to_string(x.shape()) + " to " + to_string(shape) +
                       ": one size may be left open as -1, no other may be negative" + level_context());
    }
    throw ShapeError(
        "reshape: " + to_string(x.shape()) + " has " + std::to_string(x.size()) + " elements, " + to_string(shape) +
        (unknown >= 0 ? " fits no size for -1" : " has " + std::to_string(shape.elements())) + level_context());
  }
  return shape;
}

}  // namespace

Tensor reshape(Tensor x, Shape shape) {
  shape = fill_in(x, shape);
  if (shape == x.shape()) return x;
  const Shape from = x.shape();
  return apply<Reshape>({from, shape}, std::move(x));
}

Tensor broadcast_to(Tensor x, Shape shape) {
  if (x.shape() == shape) return x;
  const Shape from = x.shape();
  if (from.size() > shape.size() || !(broadcast_shapes("broadcast_to", from, shape) == shape)) {
    throw ShapeError("broadcast_to: " + to_string(from) + " does not broadcast to " + to_string(shape) +
                     level_context());
  }
  return apply<BroadcastTo>({from, shape}, std::move(x));
}

Tensor transpose(Tensor x, AxisList axes) {
  const int rank = x.ndim();
  if (static_cast<int>(axes.size()) != rank) {
    throw ShapeError("transpose: " + std::to_string(axes.size()) + " axes are given for a tensor of shape " +
                     to_string(x.shape()) + level_context());
  }
  normalize_axes("transpose", axes, rank);  // each once
  Shape order;
  bool moves = false;
  for (int a : axes) {
    order.push_back(a < 0 ? a + rank : a);
    moves |= order.back() != order.size() - 1;
  }
  if (!moves) return x;
  return apply<Transpose>({order}, std::move(x));
}

Tensor transpose(Tensor x) {
  std::vector<int> axes(static_cast<std::size_t>(x.ndim()));
  std::iota(axes.rbegin(), axes.rend(), 0);
  return transpose(std::move(x), AxisList(std::move(axes)));
}

Tensor moveaxis(Tensor x, int from, int to) {
  const int rank = x.ndim();
  from = normalize_axis("moveaxis", from, rank);
  to = normalize_axis("moveaxis", to, rank);
  if (from == to) return x;
  Shape order;
  for (int i = 0; i < rank; ++i) {
    if (i != from) order.push_back(i);
  }
  order.insert(to, from);
  return apply<Transpose>({order}, std::move(x));
}

Tensor expand_dims(Tensor x, int axis) {
  Shape shape = x.shape();
  shape.insert(normalize_axis("expand_dims", axis, x.ndim() + 1), 1);
  return reshape(std::move(x), shape);
}

Tensor expand_dims(Tensor x, const AxisList& axes) {
  const AxisList where = normalize_axes("expand_dims", axes, x.ndim() + static_cast<int>(axes.size()));
  Shape shape = x.shape();
  for (int axis : where) shape.insert(axis, 1);  // ascending, so each lands where it belongs
  return reshape(std::move(x), shape);
}

Tensor moveaxis(Tensor x, const AxisList& from, const AxisList& to) {
  const int rank = x.ndim();
  if (from.size() != to.size()) {
    throw ShapeError("moveaxis: " + std::to_string(from.size()) + " axes are to go to " + std::to_string(to.size()) +
                     " places" + level_context());
  }
  normalize_axes("moveaxis", from, rank);  // each once
  normalize_axes("moveaxis", to, rank);
  std::vector<int> order(static_cast<std::size_t>(rank), -1);
  std::vector<bool> moved(static_cast<std::size_t>(rank));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const int source = normalize_axis("moveaxis", from[i], rank);
    order[static_cast<std::size_t>(normalize_axis("moveaxis", to[i], rank))] = source;
    moved[static_cast<std::size_t>(source)] = true;
  }
  int next = 0;
  for (int& place : order) {
    if (place >= 0) continue;
    while (moved[static_cast<std::size_t>(next)]) ++next;
    place = next++;
  }
  return transpose(std::move(x), AxisList(std::move(order)));
}

Tensor swapaxes(Tensor x, int a, int b) {
  const int rank = x.ndim();
  std::vector<int> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[static_cast<std::size_t>(normalize_axis("swapaxes", a, rank))],
            order[static_cast<std::size_t>(normalize_axis("swapaxes", b, rank))]);
  return transpose(std::move(x), AxisList(std::move(order)));
}

Tensor mT(Tensor x) {
  if (x.ndim() < 2) {
    throw ShapeError("mT: a matrix has at least 2 axes, the shape is " + to_string(x.shape()) + level_context());
  }
  return swapaxes(std::move(x), -1, -2);
}

Tensor rollaxis(Tensor x, int axis, int start) {
  const int rank = x.ndim();
  axis = normalize_axis("rollaxis", axis, rank);
  start = normalize_axis("rollaxis", start, rank + 1);
  return moveaxis(std::move(x), axis, axis < start ? start - 1 : start);
}

Tensor squeeze(Tensor x, OnAxes p) {
  const Shape shape = x.shape();
  Shape kept = shape;
  if (!p.axes.is_every()) {
    const AxisList axes = normalize_axes("squeeze", p.axes.list(), shape.size());
    for (std::size_t i = axes.size(); i-- > 0;) {
      if (shape[axes[i]] != 1) {
        throw ShapeError("squeeze: axis " + std::to_string(axes[i]) + " of " + to_string(shape) + " has size " +
                         std::to_string(shape[axes[i]]) + ", only an axis of size 1 can go" + level_context());
      }
      kept.erase(axes[i]);
    }
  } else {
    for (int i = shape.size() - 1; i >= 0; --i) {
      if (shape[i] == 1) kept.erase(i);
    }
  }
  return reshape(std::move(x), kept);
}

Tensor ravel(Tensor x) {
  const std::int64_t size = x.size();
  return reshape(std::move(x), {size});
}

Tensor atleast_1d(Tensor x) { return x.ndim() >= 1 ? x : reshape(std::move(x), {1}); }
Tensor atleast_2d(Tensor x) {
  if (x.ndim() >= 2) return x;
  const std::int64_t size = x.size();
  return reshape(std::move(x), {1, size});
}
Tensor atleast_3d(Tensor x) {
  if (x.ndim() >= 3) return x;
  if (x.ndim() == 2) return expand_dims(std::move(x), 2);
  const std::int64_t size = x.size();
  return reshape(std::move(x), {1, size, 1});
}

Tensor broadcast_in_dim(Tensor x, Shape shape, const AxisList& dims) {
  const Shape from = x.shape();
  if (static_cast<int>(dims.size()) != from.size()) {
    throw ShapeError("broadcast_in_dim: " + std::to_string(dims.size()) + " places are given for " + to_string(from) +
                     level_context());
  }
  Shape along = Shape::filled(shape.size(), 1);
  int previous = -1;
  for (int i = 0; i < from.size(); ++i) {
    const int to = normalize_axis("broadcast_in_dim", dims[static_cast<std::size_t>(i)], shape.size());
    if (to <= previous) throw ShapeError("broadcast_in_dim: the places must ascend" + level_context());
    along[previous = to] = from[i];
  }
  return broadcast_to(reshape(std::move(x), along), shape);
}

std::vector<Tensor> broadcast_arrays(std::vector<Tensor> x) {
  Shape shape;
  for (const Tensor& t : x) shape = broadcast_shapes("broadcast_arrays", shape, t.shape());
  for (Tensor& t : x) t = broadcast_to(std::move(t), shape);
  return x;
}

IntOrList::IntOrList(std::initializer_list<Dim> list) {
  for (Dim d : list) list_.push_back(d.value);
}

std::vector<Entry> shape_entries() {
  return {entry<row<Reshape>>(), entry<row<BroadcastTo>>(), entry<row<Transpose>>()};
}

}  // namespace strata
