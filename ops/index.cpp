// x[...] and x.at({...}): what the indices mean (NumPy's rules), put together from boxes and gathers.
// Integers and ranges are one box, a view. Tensors then gather from the box: their axes become those of the broadcast
// index tensors, in the place of the first one when they stand side by side, else in front.
#include "strata/core/index.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"
#include "strata/ops/slice.hpp"

namespace strata {
namespace {

/// What a list of indices does to a tensor.
struct Plan {
  Box box;                  // its ranges, and its integers as dropped axes
  std::uint32_t added = 0;  // bit i: axis i of the result is a new one
};

std::string axes_in_words(int n) { return std::to_string(n) + (n == 1 ? " axis" : " axes"); }

/// One st::all for each axis that an ellipsis, or the end of the list, stands for.
std::vector<Index> complete(const std::vector<Index>& index, const Shape& shape) {
  int used = 0, ellipses = 0;
  for (const Index& i : index) {
    used += i.kind() != Index::Kind::newaxis && i.kind() != Index::Kind::ellipsis ? 1 : 0;
    ellipses += i.kind() == Index::Kind::ellipsis ? 1 : 0;
  }
  if (used > shape.size()) {
    throw ShapeError("x[...]: too many indices: the tensor has " + axes_in_words(shape.size()) + ", but " +
                     std::to_string(used) + " were indexed" + level_context());
  }
  if (ellipses > 1) throw ValueError("x[...]: an index can have only one st::ellipsis" + level_context());
  std::vector<Index> full;
  for (const Index& i : index) {
    if (i.kind() == Index::Kind::ellipsis)
      full.insert(full.end(), static_cast<std::size_t>(shape.size() - used), all);
    else
      full.push_back(i);
  }
  if (ellipses == 0) full.insert(full.end(), static_cast<std::size_t>(shape.size() - used), all);
  return full;
}

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

Plan plan_of(const std::vector<Index>& index, const Shape& shape) {
  Plan plan{Box::whole(shape), 0};
  int axis = 0, result = 0;
  for (const Index& i : complete(index, shape)) {
    switch (i.kind()) {
      case Index::Kind::newaxis:
        plan.added |= std::uint32_t{1} << result++;
        continue;
      case Index::Kind::integer:
        plan.box.start[axis] = in_bounds(i.integer(), axis, shape[axis]);
        plan.box.size[axis] = 1;
        plan.box.dropped |= std::uint32_t{1} << axis;
        break;
      case Index::Kind::range:
        put_range(i.as_range(), axis, plan.box);
        ++result;
        break;
      case Index::Kind::tensor:
        throw ValueError("x[...]: use st::take for an index tensor" + level_context());
      default:
        ++result;
        break;
    }
    ++axis;
  }
  return plan;
}

/// y with the new axes / without them.
Tensor add_axes(Tensor y, const Plan& plan) {
  if (plan.added == 0) return y;
  Shape shape = y.shape();
  for (int i = 0; i < 32; ++i) {
    if (plan.added >> i & 1) shape.insert(i, 1);
  }
  return reshape(std::move(y), shape);
}
Tensor read(Tensor x, const std::vector<Index>& index) {
  const Plan plan = plan_of(index, x.shape());
  return add_axes(read_box(std::move(x), plan.box), plan);
}

/// The values as they stand in the indexed part of x: x's dtype, x[index]'s shape less its new axes.
Tensor values_for(const char* op, const Tensor& x, const Plan& plan, Shape shape, Tensor v) {
  Shape full = shape;
  for (int i = 0; i < 32; ++i) {
    if (plan.added >> i & 1) full.insert(i, 1);
  }
  v = x.dtype() == v.dtype() ? v : astype(std::move(v), x.dtype());
  while (v.ndim() > full.size() && v.shape()[0] == 1) v = reshape(std::move(v), v.shape().slice(1, v.ndim()));
  if (v.ndim() > full.size() || !(broadcast_shapes(op, v.shape(), full) == full)) {
    throw ShapeError(std::string(op) + ": values of shape " + to_string(v.shape()) + " do not fit x[index] of shape " +
                     to_string(full) + level_context());
  }
  return reshape(broadcast_to(std::move(v), full), shape);
}

template <class F>
Tensor combine(const char* op, const Tensor& x, const std::vector<Index>& index, Tensor v, F with) {
  const Plan plan = plan_of(index, x.shape());
  v = values_for(op, x, plan, plan.box.shape(), std::move(v));
  return write_box(x, with(read_box(x, plan.box), std::move(v)), plan.box);
}

}  // namespace

Tensor Tensor::operator[](const Index& index) const { return read(*this, {index}); }
Tensor Tensor::operator[](std::initializer_list<Index> index) const { return read(*this, index); }
AtIndex Tensor::at(const Index& index) const { return AtIndex(*this, {index}); }
AtIndex Tensor::at(std::initializer_list<Index> index) const { return AtIndex(*this, index); }

Tensor AtIndex::get(At) const { return read(x_, index_); }
Tensor AtIndex::set(Tensor v, At) const {
  const Plan plan = plan_of(index_, x_.shape());
  return write_box(x_, values_for("at().set", x_, plan, plan.box.shape(), std::move(v)), plan.box);
}
Tensor AtIndex::add(Tensor v, At) const {
  return combine("at().add", x_, index_, std::move(v), [](Tensor a, Tensor b) { return strata::add(a, b); });
}
Tensor AtIndex::sub(Tensor v, At p) const { return add(neg(std::move(v)), p); }
Tensor AtIndex::mul(Tensor v, At) const {
  return combine("at().mul", x_, index_, std::move(v), [](Tensor a, Tensor b) { return strata::mul(a, b); });
}
Tensor AtIndex::div(Tensor v, At p) const { return mul(reciprocal(std::move(v)), p); }

namespace {

Samples getitem_samples() {
  return {{"an integer", {{{4, 5}}}, sampled([](Tensor x) { return x[1]; })},
          {"ranges", {{{4, 5}}}, sampled([](Tensor x) {
             return x[{range(1), range(4, 0, -2)}];
           })},
          {"new axes", {{{4, 5}}}, sampled([](Tensor x) {
             return x[{newaxis, ellipsis, newaxis, -1}];
           })},
          {"empty", {{{0, 3}}}, sampled([](Tensor x) {
             return x[{all, 0}];
           })}};
}

}  // namespace

std::vector<Entry> index_entries() { return {composite("getitem", &getitem_samples)}; }

}  // namespace strata
