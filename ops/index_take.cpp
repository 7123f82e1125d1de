// take, take_along_axis, put_along_axis, and dynamic slices: gathers and scatters in the words of NumPy and JAX.
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/index_check.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"
#include "strata/ops/slice.hpp"

namespace strata {

void check_indices(const char* op, const Tensor& index) {
  if (is_integer(index.dtype())) return;
  throw DtypeError(std::string(op) + ": the indices are " + std::string(name(index.dtype())) + ", not integers" +
                   (index.dtype() == Dtype::bool_ ? "; x[mask] selects by bools" : "") + level_context());
}

std::optional<std::int64_t> host_integer(const Tensor& x) {
  const Tensor* value = &x;
  while (value->is_wrapped()) {
    if (value->kind() == Kind::batched) return std::nullopt;
    value = &wrapper(*value).value;
  }
  if (value->device() != cpu) return std::nullopt;
  return value->item<std::int64_t>();
}

Tensor take(Tensor x, Tensor indices, Take p) {
  check_indices("take", indices);
  if (!p.axis) x = ravel(std::move(x));
  const int axis = normalize_axis("take", p.axis.value_or(0), x.ndim());
  Slices s = Slices::along(x.shape(), axis, p.mode);
  s.place = axis;
  s.fill = p.fill_value;
  return gather_slices(std::move(x), expand_dims(std::move(indices), -1), s);
}

namespace {

/// x and the indices with the axis last and the others broadcast.
struct Aligned {
  Tensor x, index;
  int axis;
  Slices s;
};

Aligned align(const char* op, Tensor x, Tensor index, const TakeAlong& p, bool broadcast_x) {
  check_indices(op, index);
  if (!p.axis) {
    x = ravel(std::move(x));
    index = ravel(std::move(index));
  }
  const int rank = x.ndim(), axis = normalize_axis(op, p.axis.value_or(0), rank);
  if (index.ndim() != rank) {
    throw ShapeError(std::string(op) + ": x has shape " + to_string(x.shape()) + ", the indices " +
                     to_string(index.shape()) + ": both must have as many axes" + level_context());
  }
  Shape xs = x.shape(), is = index.shape();
  xs[axis] = is[axis] = 1;
  const Shape common = broadcast_shapes(op, xs, is);
  if (!broadcast_x && !(common == xs)) {
    throw ShapeError(std::string(op) + ": the indices " + to_string(index.shape()) + " do not broadcast to x's shape " +
                     to_string(x.shape()) + " beside axis " + std::to_string(axis) + level_context());
  }
  const auto spread = [&](Tensor t) {
    Shape to = common;
    to[axis] = t.shape()[axis];
    return moveaxis(broadcast_to(std::move(t), to), axis, -1);
  };
  Aligned a{spread(std::move(x)), expand_dims(spread(std::move(index)), -1), axis, {}};
  a.s = Slices::along(a.x.shape(), rank - 1, p.mode);
  a.s.batch = rank - 1;
  a.s.fill = p.fill_value;
  return a;
}

}  // namespace

Tensor take_along_axis(Tensor x, Tensor indices, TakeAlong p) {
  Aligned a = align("take_along_axis", std::move(x), std::move(indices), p, true);
  return moveaxis(gather_slices(std::move(a.x), std::move(a.index), a.s), -1, a.axis);
}

Tensor put_along_axis(Tensor x, Tensor indices, Tensor values, TakeAlong p) {
  const Shape shape = x.shape();
  Aligned a = align("put_along_axis", std::move(x), std::move(indices), p, false);
  Shape wanted = a.index.shape().slice(0, a.index.ndim() - 1);
  wanted.insert(a.axis, wanted.back());
  wanted.resize(wanted.size() - 1);
  values = broadcast_to(astype(std::move(values), a.x.dtype()), wanted);
  Tensor y = scatter_slices(std::move(a.x), std::move(a.index), moveaxis(std::move(values), a.axis, -1),
                            ScatterKind::set, a.s);
  return reshape(moveaxis(std::move(y), -1, a.axis), shape);
}

// ---- boxes whose start depends on data
// --------------------------------------------------------------------------------

namespace {

/// The box, its start clamped: on the host when no start is mapped, else as slices with one index tensor.
struct DynamicBox {
  std::optional<Box> box;
  Slices s;
  Tensor index;
};

DynamicBox dynamic_box(const char* op, const Shape& shape, std::vector<Tensor>& starts, const Shape& sizes) {
  if (static_cast<int>(starts.size()) != shape.size() || sizes.size() != shape.size()) {
    throw ShapeError(std::string(op) + ": " + std::to_string(starts.size()) + " starts and sizes " + to_string(sizes) +
                     " for a tensor of shape " + to_string(shape) + level_context());
  }
  DynamicBox d{Box::whole(shape), {}, {}};
  d.s.from = shape;
  d.s.keep = true;
  d.s.mode = IndexMode::clip;
  std::vector<Tensor> indices;
  for (int i = 0; i < shape.size(); ++i) {
    const Tensor& start = starts[static_cast<std::size_t>(i)];
    check_indices(op, start);
    if (start.ndim() != 0) {
      throw ShapeError(std::string(op) + ": start " + std::to_string(i) + " has shape " + to_string(start.shape()) +
                       ", a scalar is wanted" + level_context());
    }
    if (sizes[i] < 0 || sizes[i] > shape[i]) {
      throw ValueError(std::string(op) + ": size " + std::to_string(sizes[i]) + " along axis " + std::to_string(i) +
                       " of " + to_string(shape) + ": between 0 and " + std::to_string(shape[i]) + " is possible" +
                       level_context());
    }
    if (sizes[i] == shape[i]) continue;  // there is one place only
    const auto at = host_integer(start);
    if (at && d.box) {
      d.box->start[i] = std::clamp<std::int64_t>(*at < 0 ? *at + shape[i] : *at, 0, shape[i] - sizes[i]);
      d.box->size[i] = sizes[i];
    }
    if (!at) d.box.reset();
    d.s.axes.push_back(i);
    d.s.window.push_back(sizes[i]);
    indices.push_back(start);
  }
  if (!d.box) d.index = stack(std::move(indices));
  return d;
}

}  // namespace

Tensor dynamic_slice(Tensor x, std::vector<Tensor> starts, Shape sizes) {
  const DynamicBox d = dynamic_box("dynamic_slice", x.shape(), starts, sizes);
  return d.box ? read_box(std::move(x), *d.box) : gather_slices(std::move(x), d.index, d.s);
}

Tensor dynamic_update_slice(Tensor x, Tensor u, std::vector<Tensor> starts) {
  const DynamicBox d = dynamic_box("dynamic_update_slice", x.shape(), starts, u.shape());
  if (u.dtype() != x.dtype()) u = astype(std::move(u), x.dtype());
  return d.box ? write_box(std::move(x), std::move(u), *d.box)
               : scatter_slices(std::move(x), d.index, std::move(u), ScatterKind::set, d.s);
}

namespace {

std::vector<Tensor> starts_on(int rank, int axis, Tensor start) {
  std::vector<Tensor> starts(static_cast<std::size_t>(rank), Tensor(0));
  starts[static_cast<std::size_t>(axis)] = std::move(start);
  return starts;
}

}  // namespace

Tensor dynamic_slice_in_dim(Tensor x, Tensor start, std::int64_t size, Along p) {
  const int axis = normalize_axis("dynamic_slice_in_dim", p.axis, x.ndim());
  Shape sizes = x.shape();
  sizes[axis] = size;
  auto starts = starts_on(x.ndim(), axis, std::move(start));
  return dynamic_slice(std::move(x), std::move(starts), sizes);
}

Tensor dynamic_update_slice_in_dim(Tensor x, Tensor u, Tensor start, Along p) {
  const int axis = normalize_axis("dynamic_update_slice_in_dim", p.axis, x.ndim());
  auto starts = starts_on(x.ndim(), axis, std::move(start));
  return dynamic_update_slice(std::move(x), std::move(u), std::move(starts));
}

Tensor dynamic_index_in_dim(Tensor x, Tensor index, DynamicIndex p) {
  const int axis = normalize_axis("dynamic_index_in_dim", p.axis, x.ndim());
  Tensor y = dynamic_slice_in_dim(std::move(x), std::move(index), 1, {.axis = axis});
  return p.keepdims ? y : squeeze(std::move(y), {.axes = axis});
}

Tensor dynamic_update_index_in_dim(Tensor x, Tensor u, Tensor index, Along p) {
  const int axis = normalize_axis("dynamic_update_index_in_dim", p.axis, x.ndim());
  if (u.ndim() + 1 == x.ndim()) u = expand_dims(std::move(u), axis);
  return dynamic_update_slice_in_dim(std::move(x), std::move(u), std::move(index), {.axis = axis});
}

namespace {

const Argument rows{{2}, Dtype::int32, 0, 3}, start{{}, Dtype::int32, -1, 3};

Samples take_samples() {
  const auto on = [](int axis, IndexMode mode) {
    return sampled([=](Tensor x, Tensor i) { return take(x, i, {.axis = axis, .mode = mode}); });
  };
  return {{"rows of [3, 4]", {{{3, 4}}, rows}, on(0, IndexMode::fill)},
          {"columns of [3, 4] by [2, 2]", {{{3, 4}}, {{2, 2}, Dtype::int32, -9, 9}}, on(1, IndexMode::wrap)},
          {"outside", {{{3, 4}}, {{5}, Dtype::int32, -9, 9}}, on(0, IndexMode::clip)},
          {"flat", {{{3, 4}}, rows}, sampled([](Tensor x, Tensor i) { return take(x, i); })},
          {"empty", {{{3, 0}}, rows}, on(0, IndexMode::fill)}};
}
Samples take_along_axis_samples() {
  const auto on = [](int axis) {
    return sampled([=](Tensor x, Tensor i) { return take_along_axis(x, i, {.axis = axis}); });
  };
  return {{"[3, 4] on the last axis", {{{3, 4}}, {{3, 2}, Dtype::int32, 0, 4}}, on(-1)},
          {"[3, 4] on axis 0", {{{3, 4}}, {{2, 4}, Dtype::int32, 0, 3}}, on(0)},
          {"broadcast", {{{3, 4}}, {{1, 2}, Dtype::int32, 0, 4}}, on(1)},
          {"empty", {{{0, 4}}, {{0, 2}, Dtype::int32, 0, 4}}, on(1)}};
}
Samples put_along_axis_samples() {
  const auto on = [](int axis) {
    return sampled([=](Tensor x, Tensor i, Tensor v) { return put_along_axis(x, i, v, {.axis = axis}); });
  };
  return {{"[3, 4]", {{{3, 4}}, {{3, 2}, Dtype::int32, 0, 4}, {{3, 2}}}, on(-1)},
          {"one value", {{{3, 4}}, {{1, 4}, Dtype::int32, 0, 3}, {{}}}, on(0)},
          {"empty", {{{0, 4}}, {{0, 2}, Dtype::int32, 0, 4}, {{0, 2}}}, on(1)}};
}
Samples dynamic_slice_samples() {
  const auto call = sampled([](Tensor x, Tensor i, Tensor j) { return dynamic_slice(x, {i, j}, {2, 3}); });
  return {{"[4, 6]", {{{4, 6}}, start, start}, call},
          {"one axis", {{{4, 2}}, start}, sampled([](Tensor x, Tensor i) { return dynamic_slice_in_dim(x, i, 2); })},
          {"empty", {{{4, 0}}, start}, sampled([](Tensor x, Tensor i) { return dynamic_slice_in_dim(x, i, 2); })}};
}
Samples dynamic_update_slice_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{dynamic_update_slice(x[0], x[1], {x[2], x[3]})};
  };
  return {{"[4, 6]", {{{4, 6}}, {{2, 3}}, start, start}, call},
          {"a row", {{{4, 2}}, {{2}}, start}, sampled([](Tensor x, Tensor u, Tensor i) {
             return dynamic_update_index_in_dim(x, u, i);
           })},
          {"empty", {{{4, 0}}, {{2, 0}}, start}, sampled([](Tensor x, Tensor u, Tensor i) {
             return dynamic_update_slice_in_dim(x, u, i);
           })}};
}

}  // namespace

std::vector<Entry> take_entries() {
  return {composite("take", &take_samples), composite("take_along_axis", &take_along_axis_samples),
          composite("put_along_axis", &put_along_axis_samples), composite("dynamic_slice", &dynamic_slice_samples),
          composite("dynamic_update_slice", &dynamic_update_slice_samples)};
}

}  // namespace strata
