// Reading a box of a tensor as a view, and writing it: each the other's derivative. Functions of the menu that are a
// box: slice, flip; and those made of boxes: roll, rot90.
#include "strata/ops/slice.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"
#include "strata/ops/zero.hpp"

namespace strata {

Box Box::whole(const Shape& shape) {
  return {shape, Shape::filled(shape.size(), 0), shape, Shape::filled(shape.size(), 1)};
}

Shape Box::shape() const {
  Shape s;
  for (int i = 0; i < size.size(); ++i) {
    if (!drops(i)) s.push_back(size[i]);
  }
  return s;
}

bool Box::is_whole() const {
  for (int i = 0; i < size.size(); ++i) {
    if (size[i] != from[i] || (step[i] != 1 && from[i] > 1)) return false;
  }
  return dropped == 0;
}

Box Box::with_axis(int axis, std::int64_t n, int& result) const {
  Box box = *this;
  box.from.insert(axis, n);
  box.start.insert(axis, 0);
  box.size.insert(axis, n);
  box.step.insert(axis, 1);
  const std::uint32_t low = (std::uint32_t{1} << axis) - 1;
  box.dropped = (dropped & low) | ((dropped & ~low) << 1);
  result = axis;
  for (int i = 0; i < axis; ++i) result -= drops(i) ? 1 : 0;
  return box;
}

namespace {

/// Strides of the box in memory with `strides`, and where it begins.
std::pair<Strides, std::int64_t> strides_of(const Box& box, const Strides& strides) {
  Strides result;
  std::int64_t offset = 0;
  for (int i = 0; i < strides.size(); ++i) {
    if (box.size[i] > 0) offset += box.start[i] * strides[i];
    if (!box.drops(i)) result.push_back(box.step[i] * strides[i]);
  }
  return {result, box.shape().elements() == 0 ? 0 : offset};
}

bool permutes(const Box& box) {
  for (int i = 0; i < box.size.size(); ++i) {
    if (box.size[i] != box.from[i] || (box.step[i] != 1 && box.step[i] != -1 && box.from[i] > 1)) return false;
  }
  return true;
}

struct Slice : Linear<Slice> {
  using Params = Box;
  static constexpr std::string_view name = "slice";
  static Tensor eval(const Params& p, Tensor x) {
    const auto [strides, offset] = strides_of(p, dense(x).strides);
    return view_of(x, p.shape(), strides, offset);
  }
  static Tensor transpose(const Params& p, const Tensor& g) {
    if (!permutes(p)) return write_box(zero_view(p.from, g), g, p);
    Box back = p;
    back.dropped = 0;
    return read_box(reshape(g, p.size), back);
  }
  /// Cotangents of several boxes of one tensor go into one sum, each where it belongs.
  static constexpr bool adds = true;
  static void row_vjp(const void* params, In, In, In g, Need need, Out dx) {
    const Params& p = family::params<Slice>(params);
    if (!need[0]) return;
    if (dx[0].defined() && dx[0].shape() == p.from && !permutes(p)) {
      Tensor u = read_box(dx[0], p) + g[0];
      dx[0] = write_box(std::move(dx[0]), std::move(u), p);
    } else {
      dx[0] = add_tangents(std::move(dx[0]), transpose(p, g[0]));
    }
  }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    int axis = 0;
    const Box box = p.with_axis(x.axis, batch.size, axis);
    return {read_box(std::move(x.value), box), axis};
  }
  static Samples samples() {
    const auto by = [](Shape start, Shape stop, Shape step) {
      return sampled([=](Tensor x) { return slice(x, start, stop, step); });
    };
    return {{"[5, 6] inside", {{{5, 6}}}, by({0, 1}, {2, 4}, {})},
            {"[5, 6] by 2, 3", {{{5, 6}}}, by({1, 0}, {5, 6}, {2, 3})},
            {"reversed", {{{2, 3}}}, sampled([](Tensor x) { return flip(x); })},
            {"nothing of [2]", {{{2}}}, by({1}, {1}, {})},
            {"empty", {{{0, 2}}}, by({0, 0}, {0, 1}, {})}};
  }
};

/// Arguments: x, u.
struct SliceSet : General<SliceSet, 2> {
  using Params = Box;
  static constexpr std::string_view name = "slice_set";
  static constexpr Keep keep = Keep::nothing;
  static Tensor eval(const Params& p, Out x) {
    Tensor y;
    if (may_overwrite(x[0])) {
      y = std::move(x[0]);
      dense(y).weak = dense(y).weak && x[1].weak();
    } else {
      const Dense& d = dense(x[0]);
      y = empty_dense(d.shape, d.dtype, d.device, d.weak && x[1].weak());
      if (!permutes(p)) backend(y).elements.copy(x[0], y);
    }
    const auto [strides, offset] = strides_of(p, dense(y).strides);
    backend(y).slices.write(x[1], y, strides, offset);
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    if (!dx[0].defined() && !dx[1].defined()) return {};
    return write_box(dx[0].defined() ? dx[0] : zero_view(p.from, x[0]),
                     dx[1].defined() ? dx[1] : zero_view(p.shape(), x[0]), p);
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    if (need[1]) dx[1] = read_box(g[0], p);
    if (need[0]) dx[0] = write_box(g[0], zero_view(p.shape(), g[0]), p);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    const int axis = x[0].mapped() ? x[0].axis : 0;
    int place = 0;
    const Box box = p.with_axis(axis, batch.size, place);
    const auto laid = [&](Lane& l, int at) {
      if (l.axis == at) return std::move(l.value);
      Tensor t = lanes_first(l, batch.size);
      return at == 0 ? t : moveaxis(std::move(t), 0, at);
    };
    return {write_box(laid(x[0], axis), laid(x[1], place), box), axis};
  }
  static Samples samples() {
    const auto call = sampled([](Tensor x, Tensor u) { return x.at({range(1, 3), range(0, 4, 2)}).set(u); });
    return {{"[4, 5]", {{{4, 5}}, {{2, 2}}}, call},
            {"a row", {{{3, 2}}, {{2}}}, sampled([](Tensor x, Tensor u) { return x.at({1}).set(u); })},
            {"all of it", {{{3}}, {{3}}}, sampled([](Tensor x, Tensor u) { return x.at({all}).set(u); })},
            {"empty", {{{0, 2}}, {{0}}}, sampled([](Tensor x, Tensor u) {
               return x.at({all, 1}).set(u);
             })}};
  }
};

}  // namespace

Tensor read_box(Tensor x, const Box& box) { return box.is_whole() ? x : apply<Slice>(box, std::move(x)); }
Tensor write_box(Tensor x, Tensor u, const Box& box) { return apply<SliceSet>(box, std::move(x), std::move(u)); }

Tensor slice(Tensor x, Shape start, Shape stop, Shape step) {
  const Shape shape = x.shape();
  if (step.empty()) step = Shape::filled(shape.size(), 1);
  if (start.size() != shape.size() || stop.size() != shape.size() || step.size() != shape.size()) {
    throw ShapeError("slice: starts " + to_string(start) + ", stops " + to_string(stop) + " and steps " +
                     to_string(step) + " are wanted one for each axis of " + to_string(shape) + level_context());
  }
  Box box = Box::whole(shape);
  for (int i = 0; i < shape.size(); ++i) {
    if (step[i] < 1)
      throw ValueError("slice: step " + std::to_string(step[i]) + " of axis " + std::to_string(i) +
                       " is not positive; x[st::range(...)] takes negative ones" + level_context());
    if (start[i] < 0 || start[i] > stop[i] || stop[i] > shape[i]) {
      throw ValueError("slice: [" + std::to_string(start[i]) + ", " + std::to_string(stop[i]) +
                       ") is not inside axis " + std::to_string(i) + " of " + to_string(shape) + level_context());
    }
    box.start[i] = start[i];
    box.step[i] = step[i];
    box.size[i] = (stop[i] - start[i] + step[i] - 1) / step[i];
  }
  return read_box(std::move(x), box);
}

Tensor slice_in_dim(Tensor x, std::int64_t start, std::int64_t stop, std::int64_t step, Along p) {
  const Shape shape = x.shape();
  const int axis = normalize_axis("slice_in_dim", p.axis, shape.size());
  Shape from = Shape::filled(shape.size(), 0), to = shape, by = Shape::filled(shape.size(), 1);
  from[axis] = start;
  to[axis] = stop;
  by[axis] = step;
  return slice(std::move(x), from, to, by);
}

Tensor flip(Tensor x, OnAxes p) {
  Box box = Box::whole(x.shape());
  for (int axis : axis_list(axis_set("flip", p.axes, x.ndim()))) {
    box.start[axis] = box.from[axis] - 1;
    box.step[axis] = -1;
  }
  return read_box(std::move(x), box);
}

Tensor fliplr(Tensor x) { return flip(std::move(x), {.axes = 1}); }
Tensor flipud(Tensor x) { return flip(std::move(x), {.axes = 0}); }

Tensor roll(Tensor x, const IntOrList& shift, OnAxes p) {
  const std::vector<std::int64_t> shifts = shift.one() ? std::vector{*shift.one()} : shift.list();
  if (p.axes.is_every()) {
    if (shifts.size() != 1) {
      throw ValueError("roll: " + std::to_string(shifts.size()) + " shifts need as many .axes" + level_context());
    }
    const Shape shape = x.shape();
    return reshape(roll(ravel(std::move(x)), shifts[0], {.axes = 0}), shape);
  }
  const AxisList& axes = p.axes.list();
  if (shifts.size() != axes.size() && shifts.size() != 1) {
    throw ValueError("roll: " + std::to_string(shifts.size()) + " shifts for " + std::to_string(axes.size()) + " axes" +
                     level_context());
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis("roll", axes[i], x.ndim());
    const std::int64_t n = x.shape()[axis], by = shifts[shifts.size() == 1 ? 0 : i];
    const std::int64_t k = n == 0 ? 0 : ((by % n) + n) % n;
    if (k == 0) continue;
    auto parts = split(std::move(x), {n - k}, {.axis = axis});
    x = concatenate({parts[1], parts[0]}, {.axis = axis});
  }
  return x;
}

Tensor rot90(Tensor x, Rotation p) {
  const int rank = x.ndim();
  if (p.axes.size() != 2)
    throw ShapeError("rot90: a plane has 2 axes, not " + std::to_string(p.axes.size()) + level_context());
  const int a = normalize_axis("rot90", p.axes[0], rank), b = normalize_axis("rot90", p.axes[1], rank);
  if (a == b) throw ShapeError("rot90: the two axes are the same, " + std::to_string(a) + level_context());
  switch (((p.k % 4) + 4) % 4) {
    case 1:
      return swapaxes(flip(std::move(x), {.axes = b}), a, b);
    case 2:
      return flip(std::move(x), {.axes = {a, b}});
    case 3:
      return flip(swapaxes(std::move(x), a, b), {.axes = b});
    default:
      return x;
  }
}

namespace {

Samples roll_samples() {
  const auto call = sampled([](Tensor x) { return roll(x, {1, -2}, {.axes = {0, 1}}); });
  return {{"[3, 4] both ways", {{{3, 4}}}, call},
          {"flat", {{{2, 3}}}, sampled([](Tensor x) { return roll(x, 2); })},
          {"empty", {{{0}}}, sampled([](Tensor x) { return roll(x, 1, {.axes = 0}); })}};
}
Samples rot90_samples() {
  const auto call = sampled([](Tensor x) { return rot90(x); });
  return {{"[2, 3]", {{{2, 3}}}, call},
          {"by 3", {{{2, 3}}}, sampled([](Tensor x) { return rot90(x, {.k = 3}); })},
          {"empty", {{{0, 2}}}, call}};
}

}  // namespace

std::vector<Entry> slice_entries() {
  return {entry<row<Slice>>(), entry<row<SliceSet>>(), composite("roll", &roll_samples),
          composite("rot90", &rot90_samples)};
}

}  // namespace strata
