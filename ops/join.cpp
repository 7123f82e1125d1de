// Joining and taking apart: concatenate and split, stack and unstack, each the transpose of its partner, with any
// number of arguments or results. Undefined tangents and cotangents of single parts are zeros that take no memory.
#include <algorithm>
#include <numeric>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/zero.hpp"

namespace strata {
namespace {

bool all_weak(Out x) {
  return std::all_of(x.begin(), x.end(), [](const Tensor& t) { return t.weak(); });
}

/// The tangents dx where defined, else zeros like x. Undefined when all are.
std::vector<Tensor> with_zeros(In x, In dx) {
  std::vector<Tensor> t(dx.begin(), dx.end());
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (!t[i].defined()) t[i] = zero_view(x[i].shape(), x[i]);
  }
  return t;
}

bool none_defined(In g) {
  return std::none_of(g.begin(), g.end(), [](const Tensor& t) { return t.defined(); });
}

/// The values with lanes along one common axis, which is returned; shared ones are broadcast views.
int align_lanes(std::span<Lane> x, std::int64_t size, std::vector<Tensor>& values) {
  int axis = -1;
  for (const Lane& l : x) {
    if (l.mapped() && axis < 0) axis = l.axis;
  }
  for (Lane& l : x) {
    if (l.mapped()) {
      values.push_back(l.axis == axis ? std::move(l.value) : moveaxis(std::move(l.value), l.axis, axis));
      continue;
    }
    Tensor t = expand_dims(std::move(l.value), axis);
    Shape shape = t.shape();
    shape[axis] = size;
    values.push_back(broadcast_to(std::move(t), shape));
  }
  return axis;
}

template <class D>
std::vector<Tensor> apply_parts(const typename D::Params& p, Tensor x, std::size_t count) {
  std::vector<Tensor> y(count);
  if (count > 0) apply(row<D>, &p, Out(&x, 1), Out(y));
  return y;
}

struct JoinParams {
  int axis;
  std::vector<std::int64_t> sizes;  // of the parts
};

struct Concatenate : General<Concatenate, -1> {
  using Params = JoinParams;
  static constexpr std::string_view name = "concatenate";
  static constexpr Keep keep = Keep::nothing;
  static Tensor eval(const Params& p, Out x) {
    Shape shape = x[0].shape();
    shape[p.axis] = std::accumulate(p.sizes.begin(), p.sizes.end(), std::int64_t{0});
    Tensor y = empty_dense(shape, x[0].dtype(), x[0].device(), all_weak(x));
    const SlicesKernels& kernels = backend(y).slices;
    const Strides strides = row_major(shape);
    std::int64_t at = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      kernels.write(x[i], y, strides, at * strides[p.axis]);
      at += p.sizes[i];
    }
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    if (none_defined(dx)) return {};
    return apply_list<Concatenate>(p, with_zeros(x, dx));
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx);
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    std::vector<Tensor> values;
    const int axis = align_lanes(x, batch.size, values);
    return {apply_list<Concatenate>({p.axis + (p.axis >= axis ? 1 : 0), p.sizes}, std::move(values)), axis};
  }
  static Samples samples() {
    const auto on = [](int axis) {
      return [axis](std::span<const Tensor> x) {
        return std::vector<Tensor>{concatenate({x.begin(), x.end()}, {.axis = axis})};
      };
    };
    return {{"[2, 3] and [1, 3]", {{{2, 3}}, {{1, 3}}}, on(0)},
            {"three on the last axis", {{{2, 1}}, {{2, 3}}, {{2, 2}}}, on(-1)},
            {"one", {{{2}}}, on(0)},
            {"empty and [2]", {{{0}}, {{2}}}, on(0)}};
  }
};

struct Split : General<Split, 1, -1> {
  using Params = JoinParams;
  static constexpr std::string_view name = "split";
  static constexpr Keep keep = Keep::nothing;
  static Shape part_shape(const Params& p, Shape shape, std::size_t i) {
    shape[p.axis] = p.sizes[i];
    return shape;
  }
  static void eval(const Params& p, Out x, Out y) {
    const Dense& d = dense(x[0]);
    std::int64_t at = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = view_of(x[0], part_shape(p, d.shape, i), d.strides, at * d.strides[p.axis]);
      at += p.sizes[i];
    }
  }
  static void jvp(const Params& p, In, In dx, In, Out dy) {
    if (!dx[0].defined()) return;
    Tensor t = dx[0];
    apply(row<Split>, &p, Out(&t, 1), dy);
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    if (!need[0] || none_defined(g)) return;
    std::vector<Tensor> parts(g.begin(), g.end());
    const Tensor& like = *std::find_if(g.begin(), g.end(), [](const Tensor& t) { return t.defined(); });
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].defined()) parts[i] = zero_view(part_shape(p, like.shape(), i), like);
    }
    dx[0] = apply_list<Concatenate>(p, std::move(parts));
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    auto parts = apply_parts<Split>({value_axis(x[0], p.axis), p.sizes}, std::move(x[0].value), y.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = {std::move(parts[i]), x[0].axis};
  }
  static Samples samples() {
    const auto by = [](IntOrList s, int axis) {
      return [s, axis](std::span<const Tensor> x) { return split(x[0], s, {.axis = axis}); };
    };
    return {{"[6, 2] in 3", {{{6, 2}}}, by(3, 0)},
            {"[2, 7] at 2, 3", {{{2, 7}}}, by({2, 3}, -1)},
            {"empty", {{{0, 2}}}, by(2, 0)}};
  }
};

void Concatenate::vjp(const Params& p, In, In, In g, Need need, Out dx) {
  auto parts = apply_parts<Split>(p, g[0], p.sizes.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (need[static_cast<int>(i)]) dx[i] = std::move(parts[i]);
  }
}

struct AxisParams {
  int axis;
};

struct Stack : General<Stack, -1> {
  using Params = AxisParams;
  static constexpr std::string_view name = "stack";
  static constexpr Keep keep = Keep::nothing;
  static Tensor eval(const Params& p, Out x) {
    Shape shape = x[0].shape();
    shape.insert(p.axis, static_cast<std::int64_t>(x.size()));
    Tensor y = empty_dense(shape, x[0].dtype(), x[0].device(), all_weak(x));
    Strides strides = row_major(shape);
    const std::int64_t step = strides[p.axis];
    strides.erase(p.axis);
    const SlicesKernels& kernels = backend(y).slices;
    for (std::size_t i = 0; i < x.size(); ++i) kernels.write(x[i], y, strides, static_cast<std::int64_t>(i) * step);
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    if (none_defined(dx)) return {};
    return apply_list<Stack>(p, with_zeros(x, dx));
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    auto parts = unstack(g[0], {.axis = p.axis});
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (need[static_cast<int>(i)]) dx[i] = std::move(parts[i]);
    }
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    std::vector<Tensor> values;
    const int axis = align_lanes(x, batch.size, values);
    const bool before = p.axis <= axis;
    return {apply_list<Stack>({before ? p.axis : p.axis + 1}, std::move(values)), before ? axis + 1 : axis};
  }
  static Samples samples() {
    const auto on = [](int axis) {
      return [axis](std::span<const Tensor> x) {
        return std::vector<Tensor>{stack({x.begin(), x.end()}, {.axis = axis})};
      };
    };
    return {{"scalars", {{{}}, {{}}, {{}}}, on(0)},
            {"[2, 3] on axis 1", {{{2, 3}}, {{2, 3}}}, on(1)},
            {"[2, 3] on the last axis", {{{2, 3}}, {{2, 3}}}, on(-1)},
            {"empty", {{{0}}, {{0}}}, on(0)}};
  }
};

struct Unstack : General<Unstack, 1, -1> {
  using Params = AxisParams;
  static constexpr std::string_view name = "unstack";
  static constexpr Keep keep = Keep::nothing;
  static void eval(const Params& p, Out x, Out y) {
    const Dense& d = dense(x[0]);
    Shape shape = d.shape, strides = d.strides;
    shape.erase(p.axis);
    strides.erase(p.axis);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = view_of(x[0], shape, strides, static_cast<std::int64_t>(i) * d.strides[p.axis]);
    }
  }
  static void jvp(const Params& p, In, In dx, In, Out dy) {
    if (!dx[0].defined()) return;
    Tensor t = dx[0];
    apply(row<Unstack>, &p, Out(&t, 1), dy);
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    if (!need[0] || none_defined(g)) return;
    std::vector<Tensor> parts(g.begin(), g.end());
    const Tensor& like = *std::find_if(g.begin(), g.end(), [](const Tensor& t) { return t.defined(); });
    for (Tensor& t : parts) {
      if (!t.defined()) t = zero_view(like.shape(), like);
    }
    dx[0] = apply_list<Stack>(p, std::move(parts));
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    const int axis = value_axis(x[0], p.axis), lanes = x[0].axis - (axis < x[0].axis ? 1 : 0);
    auto parts = apply_parts<Unstack>({axis}, std::move(x[0].value), y.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = {std::move(parts[i]), lanes};
  }
  static Samples samples() {
    const auto on = [](int axis) {
      return [axis](std::span<const Tensor> x) { return unstack(x[0], {.axis = axis}); };
    };
    return {{"[3, 2]", {{{3, 2}}}, on(0)},
            {"[2, 3] on the last axis", {{{2, 3}}}, on(-1)},
            {"parts of no elements", {{{2, 0}}}, on(0)}};
  }
};

// ---- the menu's words
// ------------------------------------------------------------------------------------------------

void promote_all(std::vector<Tensor>& x) {
  Type type = x[0].type();
  for (const Tensor& t : x) type = promote(type, t.type());
  for (Tensor& t : x) t = t.weak() ? astype_weak(std::move(t), type.dtype) : astype(std::move(t), type.dtype);
}

void check_some(const char* op, const std::vector<Tensor>& x) {
  if (x.empty()) throw ShapeError(std::string(op) + ": there is no tensor to join" + level_context());
}

}  // namespace

Tensor concatenate(std::vector<Tensor> x, Join p) {
  check_some("concatenate", x);
  if (!p.axis) {
    for (Tensor& t : x) t = reshape(std::move(t), {-1});
  }
  const Shape first = x[0].shape();
  if (first.empty()) {
    throw ShapeError("concatenate: tensors of rank 0 have no axis to be joined along; use st::stack" + level_context());
  }
  const int axis = normalize_axis("concatenate", p.axis.value_or(0), first.size());
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Shape shape = x[i].shape();
    if (shape.size() == first.size()) {
      sizes.push_back(shape[axis]);
      shape[axis] = first[axis];
    }
    if (!(shape == first)) {
      throw ShapeError("concatenate: along axis " + std::to_string(axis) +
                       " the other sizes must agree: argument 0 is " + to_string(first) + ", argument " +
                       std::to_string(i) + " is " + to_string(x[i].shape()) + level_context());
    }
  }
  promote_all(x);
  return apply_list<Concatenate>({axis, std::move(sizes)}, std::move(x));
}

Tensor stack(std::vector<Tensor> x, Along p) {
  check_some("stack", x);
  const Shape first = x[0].shape();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i].shape() == first)) {
      throw ShapeError("stack: shapes must be equal: argument 0 is " + to_string(first) + ", argument " +
                       std::to_string(i) + " is " + to_string(x[i].shape()) + level_context());
    }
  }
  promote_all(x);
  return apply_list<Stack>({normalize_axis("stack", p.axis, first.size() + 1)}, std::move(x));
}

std::vector<Tensor> unstack(Tensor x, Along p) {
  const int axis = normalize_axis("unstack", p.axis, x.ndim());
  const auto count = static_cast<std::size_t>(x.shape()[axis]);
  return apply_parts<Unstack>({axis}, std::move(x), count);
}

namespace {

std::vector<Tensor> split_at(const char* op, Tensor x, const IntOrList& s, Along p, bool must_divide) {
  const int axis = normalize_axis(op, p.axis, x.ndim());
  const std::int64_t size = x.shape()[axis];
  JoinParams params{axis, {}};
  if (s.one()) {
    const std::int64_t n = *s.one();
    if (n < 1)
      throw ValueError(std::string(op) + ": " + std::to_string(n) + " parts: at least one is wanted" + level_context());
    if (must_divide && size % n != 0) {
      throw ShapeError(std::string(op) + ": axis " + std::to_string(axis) + " of " + to_string(x.shape()) + " (size " +
                       std::to_string(size) + ") does not divide into " + std::to_string(n) +
                       " equal parts; st::array_split makes unequal ones" + level_context());
    }
    for (std::int64_t i = 0; i < n; ++i) params.sizes.push_back(size / n + (i < size % n ? 1 : 0));
  } else {
    std::int64_t previous = 0;
    for (std::int64_t start : s.list()) {  // as slices: negative ones count from the end, all are clamped
      const std::int64_t at = std::clamp<std::int64_t>(start < 0 ? start + size : start, 0, size);
      if (at < previous) {
        throw ValueError(std::string(op) + ": part starts must not decrease: " + std::to_string(start) +
                         " lies before " + std::to_string(previous) + level_context());
      }
      params.sizes.push_back(at - previous);
      previous = at;
    }
    params.sizes.push_back(size - previous);
  }
  const std::size_t count = params.sizes.size();
  return apply_parts<Split>(params, std::move(x), count);
}

std::vector<Tensor> at_least(std::vector<Tensor> x, Tensor (*f)(Tensor)) {
  for (Tensor& t : x) t = f(std::move(t));
  return x;
}

}  // namespace

std::vector<Tensor> split(Tensor x, IntOrList s, Along p) { return split_at("split", std::move(x), s, p, true); }
std::vector<Tensor> array_split(Tensor x, IntOrList s, Along p) {
  return split_at("array_split", std::move(x), s, p, false);
}

Tensor hstack(std::vector<Tensor> x) {
  check_some("hstack", x);
  x = at_least(std::move(x), &atleast_1d);
  const int axis = x[0].ndim() == 1 ? 0 : 1;
  return concatenate(std::move(x), {.axis = axis});
}
Tensor vstack(std::vector<Tensor> x) { return concatenate(at_least(std::move(x), &atleast_2d)); }
Tensor dstack(std::vector<Tensor> x) { return concatenate(at_least(std::move(x), &atleast_3d), {.axis = 2}); }
Tensor column_stack(std::vector<Tensor> x) {
  const auto column = [](Tensor t) { return t.ndim() < 2 ? reshape(std::move(t), {-1, 1}) : t; };
  return concatenate(at_least(std::move(x), +column), {.axis = 1});
}
std::vector<Tensor> hsplit(Tensor x, IntOrList parts) {
  const int axis = x.ndim() == 1 ? 0 : 1;
  return split_at("hsplit", std::move(x), parts, {.axis = axis}, true);
}
std::vector<Tensor> vsplit(Tensor x, IntOrList parts) {
  return split_at("vsplit", std::move(x), parts, {.axis = 0}, true);
}
std::vector<Tensor> dsplit(Tensor x, IntOrList parts) {
  return split_at("dsplit", std::move(x), parts, {.axis = 2}, true);
}
Tensor append(Tensor x, Tensor values, Join p) { return concatenate({std::move(x), std::move(values)}, p); }

std::vector<Entry> join_entries() {
  return {entry<row<Concatenate>>(), entry<row<Split>>(), entry<row<Stack>>(), entry<row<Unstack>>()};
}

}  // namespace strata
