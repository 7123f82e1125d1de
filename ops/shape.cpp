// Shape ops that are views: reshape, broadcast_to, transpose and what is made of them. All linear: transposes of one
// another.
#include <algorithm>
#include <numeric>

#include "strata/core/error.hpp"
#include "strata/ops/cpu/strided.hpp"
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

std::vector<Entry> shape_entries() {
  return {entry<row<Reshape>>(), entry<row<BroadcastTo>>(), entry<row<Transpose>>()};
}

}  // namespace strata
