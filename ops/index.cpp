// x[...] and x.at({...}): what the indices mean (NumPy's rules), put together from boxes and gathers.
// Integers and ranges are one box, a view. Tensors then gather from the box: their axes become those of the broadcast
// index tensors, in the place of the first one when they stand side by side, else in front.
#include "strata/core/index.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/index_check.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"
#include "strata/ops/slice.hpp"

namespace strata {
namespace {

/// What a list of indices does to a tensor.
struct Plan {
  Box box;                  // its ranges, and its integers as dropped axes
  std::uint32_t added = 0;  // bit i: axis i of x[index] is a new one
  Tensor index;             // undefined without index tensors; else they, as `slices` wants them
  Slices slices;            // of the box

  /// The shape of x[index] less its new axes.
  Shape inner() const { return index.defined() ? slices.shape(index.shape()) : box.shape(); }
  Shape outer() const {
    Shape shape = inner();
    for (int i = 0; i < 32; ++i) {
      if (added >> i & 1) shape.insert(i, 1);
    }
    return shape;
  }
};

std::string axes_in_words(int n) { return std::to_string(n) + (n == 1 ? " axis" : " axes"); }

/// How many axes of x an index stands for.
int axes_of(const Index& i) {
  if (i.kind() == Index::Kind::newaxis || i.kind() == Index::Kind::ellipsis) return 0;
  return i.kind() == Index::Kind::tensor && i.tensor().dtype() == Dtype::bool_ ? i.tensor().ndim() : 1;
}

using Indices = std::span<const Index>;

/// What a list holds, checked against the number of axes.
struct Census {
  int missing = 0;  // axes that an ellipsis, or the end of the list, stands for
  bool tensors = false;

  Census(Indices index, const Shape& shape) {
    int used = 0, ellipses = 0;
    for (const Index& i : index) {
      used += axes_of(i);
      ellipses += i.kind() == Index::Kind::ellipsis ? 1 : 0;
      tensors |= i.kind() == Index::Kind::tensor;
    }
    missing = shape.size() - used;
    if (missing < 0) {
      throw ShapeError("x[...]: too many indices: the tensor has " + axes_in_words(shape.size()) + ", but " +
                       std::to_string(used) + " were indexed" + level_context());
    }
    if (ellipses > 1) throw ValueError("x[...]: an index can have only one st::ellipsis" + level_context());
  }
};

std::int64_t in_bounds(std::int64_t at, int axis, std::int64_t n) {
  if (at < -n || at >= n) {
    throw ValueError("x[...]: index " + std::to_string(at) + " is out of bounds for axis " + std::to_string(axis) +
                     " with size " + std::to_string(n) + level_context());
  }
  return at < 0 ? at + n : at;
}

/// Start, number and step of a range's elements on an axis of n: Python's rules.
void put_range(const Range& r, int axis, Box& box) {
  const std::int64_t n = box.from[axis], step = r.step;
  if (step == 0) throw ValueError("x[...]: the step of a range cannot be zero" + level_context());
  const std::int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
  const auto settle = [&](const Bound& b, std::int64_t open) {
    if (!b.at()) return open;
    return std::clamp(*b.at() < 0 ? *b.at() + n : *b.at(), low, high);
  };
  const std::int64_t start = settle(r.start, step < 0 ? high : low), stop = settle(r.stop, step < 0 ? low : high);
  const std::int64_t distance = step < 0 ? start - stop : stop - start, by = step < 0 ? -step : step;
  box.start[axis] = start;
  box.step[axis] = step;
  box.size[axis] = distance > 0 ? (distance + by - 1) / by : 0;
}

/// The positions where a mask is true, one tensor of integers for each of its axes.
std::vector<Index> expand_mask(const Tensor& mask, const Shape& shape, int axis) {
  const Tensor* t = &mask;
  for (; t->is_wrapped(); t = &wrapper(*t).value) {
    if (t->kind() != Kind::batched) continue;
    throw TransformError("x[mask]: the mask is mapped by vmap (level " + std::to_string(level_of(*t).depth) +
                         "): each lane may select another number of elements\n  write st::where(mask, x, 0), or "
                         "st::nonzero(mask, {.size = n})" +
                         level_context());
  }
  const Shape& m = mask.shape();
  for (int i = 0; i < m.size(); ++i) {
    if (axis + i < shape.size() && m[i] == shape[axis + i]) continue;
    throw ShapeError("x[mask]: the mask has shape " + to_string(m) + ", x " + to_string(shape) + ": axis " +
                     std::to_string(axis + i) + " differs" + level_context());
  }
  const std::vector<bool> truth = mask.to_vector<bool>();
  const Strides strides = row_major(m);
  std::vector<std::vector<std::int64_t>> at(static_cast<std::size_t>(m.size()));
  for (std::size_t k = 0; k < truth.size(); ++k) {
    if (!truth[k]) continue;
    for (int i = 0; i < m.size(); ++i)
      at[static_cast<std::size_t>(i)].push_back(static_cast<std::int64_t>(k) / strides[i] % m[i]);
  }
  std::vector<Index> result;
  for (const auto& positions : at) result.push_back(array(positions, {positions.size()}, {.device = mask.device()}));
  return result;
}

/// A scalar whose value the host knows is an integer, unless it is outside: then the gather's mode says what it means.
std::optional<std::int64_t> plain_integer(const Index& i, std::int64_t n) {
  if (i.tensor().ndim() != 0 || i.tensor().device() != cpu) return std::nullopt;
  const auto at = host_integer(i.tensor());
  return at && *at >= -n && *at < n ? at : std::nullopt;
}

/// The list with masks as tensors of integers, and plain scalars as integers.
std::vector<Index> settle_tensors(Indices index, const Shape& shape, int missing) {
  std::vector<Index> result;
  int axis = 0;
  for (const Index& i : index) {
    if (i.kind() == Index::Kind::tensor && i.tensor().dtype() == Dtype::bool_) {
      if (i.tensor().ndim() == 0) throw ValueError("x[mask]: the mask is a scalar; use st::where" + level_context());
      for (Index& positions : expand_mask(i.tensor(), shape, axis)) result.push_back(std::move(positions));
    } else if (i.kind() == Index::Kind::tensor) {
      check_indices("x[...]", i.tensor());
      const auto at = plain_integer(i, shape[axis]);
      result.push_back(at ? Index(*at) : i);
    } else if (i.kind() != Index::Kind::ellipsis || missing > 0) {
      result.push_back(i);
    }
    axis += i.kind() == Index::Kind::ellipsis ? missing : axes_of(i);
  }
  return result;
}

/// Collects what stands in the list, axis by axis.
class Planner {
 public:
  Planner(Indices index, const Shape& shape, IndexMode mode) : plan_{Box::whole(shape), 0, {}, {}} {
    const Census census(index, shape);
    std::vector<Index> settled;
    if (census.tensors) {
      settled = settle_tensors(index, shape, census.missing);
      index = settled;
      gather(index);
      plan_.slices.mode = mode;
    }
    for (const Index& i : index) {
      if (i.kind() == Index::Kind::newaxis)
        plan_.added |= std::uint32_t{1} << result_++;
      else if (i.kind() == Index::Kind::ellipsis)
        skip(census.missing);
      else
        put(i, shape);
      side_by_side(i);
    }
    if (!plan_.index.defined()) return;
    plan_.slices.from = plan_.box.shape();
    plan_.slices.window = Shape::filled(plan_.slices.axes.size(), 1);
  }
  Plan plan() && { return std::move(plan_); }

 private:
  static bool advanced(const Index& i) { return i.kind() == Index::Kind::integer || i.kind() == Index::Kind::tensor; }

  /// The index tensors, broadcast and stacked; whether integers and tensors stand side by side.
  void gather(Indices index) {
    std::vector<Tensor> at;
    int runs = 0;
    bool inside = false;
    for (const Index& i : index) {
      if (i.kind() == Index::Kind::tensor) at.push_back(i.tensor());
      if (advanced(i) && !inside) ++runs;
      inside = advanced(i);
    }
    if (at.empty()) return;
    together_ = runs == 1;
    if (at.size() > 1) at = broadcast_arrays(std::move(at));
    positions_ = at[0].ndim();
    plan_.index = at.size() == 1 ? expand_dims(std::move(at[0]), -1) : stack(std::move(at), {.axis = -1});
    if (!together_) result_ = positions_;
  }

  void skip(int axes) {
    axis_ += axes;
    kept_ += axes;
    result_ += axes;
  }

  void put(const Index& i, const Shape& shape) {
    Box& box = plan_.box;
    if (i.kind() == Index::Kind::integer) {
      box.start[axis_] = in_bounds(i.integer(), axis_, shape[axis_]);
      box.size[axis_] = 1;
      box.dropped |= std::uint32_t{1} << axis_;
    } else if (i.kind() == Index::Kind::tensor) {
      plan_.slices.axes.push_back(kept_++);
    } else {
      if (i.kind() == Index::Kind::range) put_range(i.as_range(), axis_, box);
      return skip(1);
    }
    ++axis_;
  }

  /// The gathered axes stand where the first of the integers and tensors stood, if these are side by side.
  void side_by_side(const Index& i) {
    if (!plan_.index.defined() || !together_ || placed_ || !advanced(i)) return;
    placed_ = true;
    plan_.slices.place = kept_ - plan_.slices.axes.size();
    result_ += positions_;
  }

  Plan plan_;
  int axis_ = 0;    // of x
  int kept_ = 0;    // of the box
  int result_ = 0;  // of x[index]
  int positions_ = 0;
  bool together_ = false, placed_ = false;
};

Plan plan_of(Indices index, const Shape& shape, IndexMode mode) { return Planner(index, shape, mode).plan(); }

/// As in JAX, what lies outside is clamped. An index tensor's cotangents there are dropped although its tangents pass;
/// scalars alone are the start of a box (dynamic_slice), whose cotangent goes where it read.
Tensor read(Tensor x, Indices index, const At& p = {}) {
  Plan plan = plan_of(index, x.shape(), p.mode.value_or(IndexMode::promised));
  if (!p.mode && plan.index.defined() && plan.index.ndim() == 1) plan.slices.mode = IndexMode::clip;
  plan.slices.fill = p.fill_value;
  Tensor y = read_box(std::move(x), plan.box);
  if (plan.index.defined()) y = gather_slices(std::move(y), plan.index, plan.slices);
  return plan.added ? reshape(std::move(y), plan.outer()) : y;
}

/// The values as they stand in the indexed part of x: x's dtype, x[index]'s shape less its new axes.
Tensor values_for(const char* op, const Tensor& x, const Plan& plan, Tensor v) {
  const Shape full = plan.outer();
  if (x.dtype() != v.dtype()) v = astype(std::move(v), x.dtype());
  while (v.ndim() > full.size() && v.shape()[0] == 1) {
    const Shape inner = v.shape().slice(1, v.ndim());
    v = reshape(std::move(v), inner);
  }
  if (v.ndim() > full.size() || !(broadcast_shapes(op, v.shape(), full) == full)) {
    throw ShapeError(std::string(op) + ": values of shape " + to_string(v.shape()) + " do not fit x[index] of shape " +
                     to_string(full) + level_context());
  }
  return reshape(broadcast_to(std::move(v), full), plan.inner());
}

/// What each kind does to a box, element by element.
Tensor combined(ScatterKind kind, Tensor old, Tensor v) {
  switch (kind) {
    case ScatterKind::add:
      return add(std::move(old), std::move(v));
    case ScatterKind::mul:
      return mul(std::move(old), std::move(v));
    case ScatterKind::max:
      return maximum(std::move(old), std::move(v));
    case ScatterKind::min:
      return minimum(std::move(old), std::move(v));
    default:
      return v;
  }
}

Tensor write(const char* op, ScatterKind kind, const Tensor& x, Indices index, Tensor v, const At& p) {
  const Plan plan = plan_of(index, x.shape(), p.mode.value_or(IndexMode::fill));
  v = values_for(op, x, plan, std::move(v));
  const bool whole = plan.box.is_whole();
  if (plan.index.defined()) {
    v = scatter_slices(read_box(x, plan.box), plan.index, std::move(v), kind, plan.slices);
    return whole ? v : write_box(x, std::move(v), plan.box);
  }
  if (kind != ScatterKind::set) v = astype(combined(kind, read_box(x, plan.box), std::move(v)), x.dtype());
  return whole && kind != ScatterKind::set ? v : write_box(x, std::move(v), plan.box);
}

}  // namespace

Tensor Tensor::operator[](const Index& index) const { return read(*this, {&index, 1}); }
Tensor Tensor::operator[](std::initializer_list<Index> index) const {
  return read(*this, {index.begin(), index.size()});
}
AtIndex Tensor::at(const Index& index) const { return AtIndex(*this, {index}); }
AtIndex Tensor::at(std::initializer_list<Index> index) const { return AtIndex(*this, index); }

Tensor AtIndex::get(At p) const { return read(x_, index_, p); }
Tensor AtIndex::set(Tensor v, At p) const { return write("at().set", ScatterKind::set, x_, index_, std::move(v), p); }
Tensor AtIndex::add(Tensor v, At p) const { return write("at().add", ScatterKind::add, x_, index_, std::move(v), p); }
Tensor AtIndex::sub(Tensor v, At p) const { return add(neg(std::move(v)), p); }
Tensor AtIndex::mul(Tensor v, At p) const { return write("at().mul", ScatterKind::mul, x_, index_, std::move(v), p); }
Tensor AtIndex::div(Tensor v, At p) const { return mul(reciprocal(std::move(v)), p); }
Tensor AtIndex::max(Tensor v, At p) const { return write("at().max", ScatterKind::max, x_, index_, std::move(v), p); }
Tensor AtIndex::min(Tensor v, At p) const { return write("at().min", ScatterKind::min, x_, index_, std::move(v), p); }

namespace {

const Argument at_0{{4}, Dtype::int32, 0, 3}, at_1{{4}, Dtype::int32, 0, 4};

Samples getitem_samples() {
  return {{"an integer", {{{4, 5}}}, sampled([](Tensor x) { return x[1]; })},
          {"ranges", {{{4, 5}}}, sampled([](Tensor x) {
             return x[{range(1), range(4, 0, -2)}];
           })},
          {"new axes", {{{4, 5}}}, sampled([](Tensor x) {
             return x[{newaxis, ellipsis, newaxis, -1}];
           })},
          {"a tensor", {{{3, 4}}, at_0}, sampled([](Tensor x, Tensor i) { return x[i]; })},
          {"two tensors", {{{3, 4}}, at_0, at_1}, sampled([](Tensor x, Tensor i, Tensor j) {
             return x[{i, j}];
           })},
          {"tensors apart", {{{3, 2, 4}}, at_0, at_1}, sampled([](Tensor x, Tensor i, Tensor j) {
             return x[{i, all, newaxis, reshape(j, {2, 2, 1})}];
           })},
          {"a tensor in a box", {{{2, 5, 3}}, at_0}, sampled([](Tensor x, Tensor i) {
             return x[{1, range(1), i}];
           })},
          {"empty", {{{0, 3}}}, sampled([](Tensor x) {
             return x[{all, 0}];
           })}};
}
Samples at_set_samples() {
  return {{"rows, some twice", {{{3, 2}}, at_0, {{4, 2}}}, sampled([](Tensor x, Tensor i, Tensor v) {
             return x.at({i}).set(v);
           })},
          {"a column", {{{3, 2}}, at_0, {{}}}, sampled([](Tensor x, Tensor i, Tensor v) {
             return x.at({i, 1}).set(v);
           })},
          {"a box", {{{3, 4}}, {{2}}}, sampled([](Tensor x, Tensor v) {
             return x.at({all, range(1, 3)}).set(v);
           })},
          {"empty", {{{0, 3}}, {{}}}, sampled([](Tensor x, Tensor v) {
             return x.at({all, 0}).set(v);
           })}};
}
/// `low`: values far below x, so that a small step changes no extremum.
template <class F>
Samples at_samples(double low, F f) {
  const auto call = sampled([f](Tensor x, Tensor i, Tensor v) { return f(x.at({i}), v); });
  const auto box = sampled([f](Tensor x, Tensor v) { return f(x.at({0, range(1)}), v); });
  const auto with = [low](Shape shape) { return Argument{shape, Dtype::float32, low, low + 1}; };
  return {{"rows, some twice", {{{3, 2}, Dtype::float32, 1, 2}, at_0, with({4, 2})}, call},
          {"a box", {{{3, 4}, Dtype::float32, 1, 2}, with({3})}, box},
          {"empty", {{{0, 2}}, {{0}, Dtype::int32, 0, 1}, {{0, 2}}}, call}};
}
Samples at_add_samples() {
  return at_samples(-1, [](AtIndex at, Tensor v) { return at.add(v); });
}
Samples at_mul_samples() {
  return at_samples(1, [](AtIndex at, Tensor v) { return at.mul(v); });
}
Samples at_max_samples() {
  return at_samples(-3, [](AtIndex at, Tensor v) { return at.max(v); });
}
Samples at_min_samples() {
  return at_samples(-3, [](AtIndex at, Tensor v) { return at.min(v); });
}

}  // namespace

std::vector<Entry> index_entries() {
  return {composite("getitem", &getitem_samples), composite("at_set", &at_set_samples),
          composite("at_add", &at_add_samples),   composite("at_mul", &at_mul_samples),
          composite("at_max", &at_max_samples),   composite("at_min", &at_min_samples)};
}

}  // namespace strata
