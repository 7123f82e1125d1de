// Making tensors: from C++ values, filled, counted. Results are plain tensors that no transform has wrapped, unless a
// tensor that went in was.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "strata/core/convert.hpp"
#include "strata/core/device_library.hpp"
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {
namespace {

Device place(const char* op, const Creation& p) {
  const Device d = p.device.value_or(default_device());
  if (d != cpu) device_library(op, d);  // throws when it is not there
  return d;
}

/// Memory for what `op` makes.
Tensor room(const char* op, const Shape& shape, Dtype dtype, Device device, bool weak = false) {
  if (device == cpu) return empty_dense(shape, dtype, cpu, weak);
  const OpOnDevice named(op);
  return empty_dense(shape, dtype, device, weak);
}

/// What was made on the CPU, where it belongs.
Tensor placed(const char* op, Tensor y, Device device) { return device == cpu ? y : copy_to_device(op, y, device); }

void check_sizes(const char* op, const Shape& shape) {
  if (std::all_of(shape.begin(), shape.end(), [](std::int64_t n) { return n >= 0; })) return;
  throw ShapeError(std::string(op) + ": the shape " + to_string(shape) + " has a negative size" + level_context());
}

/// `value` (dense, one element) everywhere.
Tensor filled(const char* op, const Shape& shape, const Tensor& value, const Creation& p) {
  check_sizes(op, shape);
  Tensor y = room(op, shape, value.dtype(), place(op, p), value.weak());
  backend(y).elements.fill(y, dense(value).data);
  return y;
}

Creation like(const Tensor& x, const Creation& p) {
  return {p.dtype.value_or(x.dtype()), p.device.value_or(x.device())};
}

Tensor filled_like(const char* op, const Tensor& x, double value, const Creation& p) {
  Tensor y = filled(op, x.shape(), astype(Tensor(value), p.dtype.value_or(x.dtype())), like(x, p));
  dense(y).weak = !p.dtype && x.weak();
  return y;
}

// ---- literals ------------------------------------------------------------------------------------------------------

Dtype dtype_of_numbers(const std::vector<Number>& numbers) {
  bool real = numbers.empty(), integer = false;
  for (const Number& n : numbers) {
    real |= n.kind == Number::Kind::real;
    integer |= n.kind == Number::Kind::integer;
  }
  return real ? Dtype::float32 : integer ? Dtype::int32 : Dtype::bool_;
}

/// True when an integer type T holds `value`; other types hold anything.
bool fits(std::int64_t value, Dtype dtype) {
  return visit(dtype, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) < 8)
      return value >= static_cast<std::int64_t>(std::numeric_limits<T>::min()) &&
             value <= static_cast<std::int64_t>(std::numeric_limits<T>::max());
    else
      return true;
  });
}

void check_fits(const char* op, std::int64_t value, Dtype dtype) {
  if (fits(value, dtype)) return;
  throw ValueError(std::string(op) + ": " + std::to_string(value) + " does not fit " + std::string(name(dtype)) +
                   "; pass {.dtype = st::int64}" + level_context());
}

Tensor array_of_numbers(const Nested& values, const Creation& p) {
  const std::vector<Number>& numbers = values.numbers();
  const Dtype dtype = p.dtype.value_or(dtype_of_numbers(numbers));
  const Device device = place("array", p);
  for (const Number& n : numbers) {
    if (n.kind == Number::Kind::integer) check_fits("array", n.whole, dtype);
  }
  Tensor y = empty_dense(values.shape(), dtype);
  std::byte* to = dense(y).data;
  for (const Number& n : numbers) {
    if (n.kind == Number::Kind::real)
      convert_element(&n.real, Dtype::float64, to, dtype);
    else
      convert_element(&n.whole, Dtype::int64, to, dtype);
    to += itemsize(dtype);
  }
  return placed("array", std::move(y), device);
}

Tensor array_of_tensors(const Nested& values, const Creation& p) {
  std::vector<Tensor> leaves = values.tensors();
  place("array", p);
  const Shape inner = leaves[0].shape();
  Type type = leaves[0].type();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!(leaves[i].shape() == inner)) {
      throw ShapeError("array: tensors of one list differ in shape: item 0 has shape " + to_string(inner) + ", item " +
                       std::to_string(i) + " has shape " + to_string(leaves[i].shape()) + level_context());
    }
    type = promote(type, leaves[i].type());
  }
  Device device = cpu;
  for (const Tensor& leaf : leaves) device = leaf.device() == cpu ? device : leaf.device();
  for (Tensor& leaf : leaves) {
    leaf = astype(std::move(leaf), p.dtype.value_or(type.dtype));
    if (leaf.ndim() == 0) leaf = leaf.to(device);  // numbers go where the tensors are
  }
  if (values.shape().empty()) return copy(std::move(leaves[0]));
  return reshape(stack(std::move(leaves)), values.shape() + inner);
}

// ---- counting ------------------------------------------------------------------------------------------------------

Tensor counting(std::int64_t n, Dtype dtype, Device device, const Counting& c) {
  Tensor y = room("arange", {n}, dtype, device);
  backend(y).elements.count(y, c);
  return y;
}
Counting by_integers(std::int64_t start, std::int64_t step) {
  return {.in = Counting::In::int64, .whole_start = start, .whole_step = step};
}
Counting by_reals(Counting::In in, double start, double step) { return {.in = in, .start = start, .step = step}; }

std::int64_t count_of(double start, double stop, double step) {
  if (step == 0) throw ValueError("arange: the step is 0" + level_context());
  const double n = std::ceil((stop - start) / step);
  if (!(n < 9e18)) throw ValueError("arange: the range has no end" + level_context());
  return n > 0 ? static_cast<std::int64_t>(n) : 0;
}

void check_matrix(const char* op, std::int64_t n, std::int64_t columns) {
  if (n >= 0 && columns >= 0) return;
  throw ValueError(std::string(op) + ": " + std::to_string(n) + " rows, " + std::to_string(columns) +
                   " columns: sizes are not negative" + level_context());
}

}  // namespace

namespace detail {

Tensor array_from(const void* data, std::size_t count, Dtype from, const Shape& shape, const Creation& p) {
  const Device device = place("array", p);
  if (shape.elements() != static_cast<std::int64_t>(count)) {
    throw ShapeError("array: shape " + to_string(shape) + " has " + std::to_string(shape.elements()) +
                     " elements, the data have " + std::to_string(count) + level_context());
  }
  Tensor y = empty_dense(shape, p.dtype.value_or(from));
  convert_run(data, from, dense(y).data, y.dtype(), y.size());
  return placed("array", std::move(y), device);
}

Tensor arange_integer(std::int64_t start, std::int64_t stop, std::int64_t step, const Creation& p) {
  if (step == 0) throw ValueError("arange: the step is 0" + level_context());
  const std::int64_t span = step > 0 ? stop - start : start - stop, by = step > 0 ? step : -step;
  const std::int64_t n = span > 0 ? (span + by - 1) / by : 0;
  const Dtype dtype = p.dtype.value_or(Dtype::int32);
  if (n > 0) {
    check_fits("arange", start, dtype);
    check_fits("arange", start + (n - 1) * step, dtype);
  }
  return counting(n, dtype, place("arange", p), by_integers(start, step));
}

Tensor arange_real(double start, double stop, double step, const Creation& p) {
  const std::int64_t n = count_of(start, stop, step);
  const Dtype dtype = p.dtype.value_or(Dtype::float32);
  const Device device = place("arange", p);
  if (dtype == Dtype::float64) return counting(n, dtype, device, by_reals(Counting::In::float64, start, step));
  if (!is_float(dtype)) {  // as NumPy: the first two elements decide the rest
    const double second = start + step;
    const std::int64_t first = convert<std::int64_t>(start), by = convert<std::int64_t>(second) - first;
    return counting(n, dtype, device, by_integers(first, by));
  }
  const float first = static_cast<float>(start), by = static_cast<float>(start + step) - first;
  return counting(n, dtype, device, by_reals(Counting::In::float32, first, by));
}

}  // namespace detail

Tensor array(Nested values, Creation p) {
  return values.tensors().empty() ? array_of_numbers(values, p) : array_of_tensors(values, p);
}

Tensor array(const std::vector<bool>& data, Shape shape, Creation p) {
  const std::vector<unsigned char> bytes(data.begin(), data.end());
  return detail::array_from(bytes.data(), bytes.size(), Dtype::bool_, shape, p);
}

Tensor zeros(Shape shape, Creation p) {
  check_sizes("zeros", shape);
  Tensor y = room("zeros", shape, p.dtype.value_or(Dtype::float32), place("zeros", p));
  const std::uint64_t zero = 0;  // of every dtype
  backend(y).elements.fill(y, &zero);
  return y;
}
Tensor ones(Shape shape, Creation p) {
  return filled("ones", shape, astype(Tensor(1), p.dtype.value_or(Dtype::float32)), p);
}
Tensor empty(Shape shape, Creation p) { return zeros(shape, p); }

Tensor full(Shape shape, Tensor value, Creation p) {
  if (p.dtype) value = astype(std::move(value), *p.dtype);
  const bool here = value.is_dense() && dense(value).device == cpu;
  if (here && value.size() == 1 && value.ndim() <= shape.size()) return filled("full", shape, value, p);
  place("full", p);
  if (value.shape() == shape) return copy(std::move(value));
  return copy(broadcast_to(std::move(value), shape));
}

Tensor zeros_like(const Tensor& x, Creation p) { return filled_like("zeros_like", x, 0, p); }
Tensor ones_like(const Tensor& x, Creation p) { return filled_like("ones_like", x, 1, p); }
Tensor empty_like(const Tensor& x, Creation p) { return filled_like("empty_like", x, 0, p); }
Tensor full_like(const Tensor& x, Tensor value, Creation p) { return full(x.shape(), std::move(value), like(x, p)); }

Tensor linspace(Tensor start, Tensor stop, std::int64_t num, Linspace p) {
  if (num < 0)
    throw ValueError("linspace: " + std::to_string(num) + " points: the number is not negative" + level_context());
  const Dtype common = inexact(promote(start.type(), stop.type()).dtype);
  const Dtype dtype = p.dtype && is_float(*p.dtype) && !is_half(*p.dtype) ? *p.dtype : common;
  const Shape shape = broadcast_shapes("linspace", start.shape(), stop.shape());
  const int axis = normalize_axis("linspace", p.axis, shape.size() + 1);
  const auto number = [](const Tensor& x) { return x.is_dense() && dense(x).number; };
  Device device = start.device() != cpu ? start.device() : stop.device();
  if (number(start) && number(stop)) device = default_device();
  start = expand_dims(broadcast_to(astype(std::move(start), dtype), shape), axis);
  stop = expand_dims(broadcast_to(astype(std::move(stop), dtype), shape), axis);
  Shape along = Shape::filled(shape.size() + 1, 1);
  along[axis] = num;
  const std::int64_t steps = std::max<std::int64_t>(num - (p.endpoint ? 1 : 0), 1);
  const Tensor t = reshape(arange(num, {.dtype = dtype, .device = device}) / static_cast<double>(steps), along);
  return astype(start * (1 - t) + stop * t, p.dtype.value_or(dtype));
}

Tensor eye(std::int64_t n, Diagonals p) {
  const std::int64_t columns = p.columns.value_or(n), row = std::max<std::int64_t>(-p.k, 0),
                     column = std::max<std::int64_t>(p.k, 0);
  check_matrix("eye", n, columns);
  Tensor y = zeros({n, columns}, {.dtype = p.dtype, .device = p.device});
  const std::int64_t length = std::min(n - row, columns - column);
  if (length <= 0) return y;
  const Tensor diagonal = view_of(y, {length}, Strides{columns + 1}, row * columns + column);
  backend(y).elements.fill(diagonal, dense(astype(Tensor(1), y.dtype())).data);
  return y;
}
Tensor identity(std::int64_t n, Creation p) {
  place("identity", p);
  return eye(n, {.dtype = p.dtype, .device = p.device});
}
Tensor tri(std::int64_t n, Diagonals p) {
  const std::int64_t columns = p.columns.value_or(n);
  check_matrix("tri", n, columns);
  const Creation numbers{.dtype = Dtype::int64, .device = p.device};
  const Tensor rows = expand_dims(arange(n, numbers), 1) + p.k;
  return astype(greater_equal(rows, arange(columns, numbers)), p.dtype.value_or(Dtype::float32));
}

Tensor broadcasted_iota(Shape shape, int axis, Creation p) {
  axis = normalize_axis("broadcasted_iota", axis, shape.size());
  Shape along = Shape::filled(shape.size(), 1);
  along[axis] = shape[axis];
  return broadcast_to(reshape(arange(shape[axis], p), along), shape);
}

Tensor one_hot(Tensor indices, std::int64_t classes, OneHot p) {
  if (!is_integer(indices.dtype())) {
    throw DtypeError("one_hot: the indices are " + std::string(name(indices.dtype())) + ", not integers" +
                     level_context());
  }
  if (classes < 0)
    throw ValueError("one_hot: " + std::to_string(classes) + " classes: the number is not negative" + level_context());
  const int axis = normalize_axis("one_hot", p.axis, indices.ndim() + 1);
  Shape along = Shape::filled(indices.ndim() + 1, 1);
  along[axis] = classes;
  const Dtype dtype =
      indices.dtype() == Dtype::int64 || indices.dtype() == Dtype::uint64 || indices.dtype() == Dtype::uint32
          ? Dtype::int64
          : Dtype::int32;
  const Tensor each = reshape(arange(classes, {.dtype = dtype, .device = indices.device()}), along);
  return astype(equal(expand_dims(astype(std::move(indices), dtype), axis), each), p.dtype);
}

std::vector<Tensor> meshgrid(std::vector<Tensor> x, Meshgrid p) {
  const int rank = static_cast<int>(x.size());
  const bool swap = p.indexing == Indexing::xy && rank >= 2;
  const auto axis_of = [&](int i) { return swap && i < 2 ? 1 - i : i; };
  Shape shape = Shape::filled(rank, 1);
  for (int i = 0; i < rank; ++i) {
    const Tensor& t = x[static_cast<std::size_t>(i)];
    if (t.ndim() > 1) {
      throw ShapeError("meshgrid: argument " + std::to_string(i) + " has shape " + to_string(t.shape()) +
                       "; each is a vector or a scalar" + level_context());
    }
    shape[axis_of(i)] = t.size();
  }
  for (int i = 0; i < rank; ++i) {
    Shape along = Shape::filled(rank, 1);
    along[axis_of(i)] = shape[axis_of(i)];
    Tensor& t = x[static_cast<std::size_t>(i)];
    t = broadcast_to(reshape(std::move(t), along), shape);
  }
  return x;
}

namespace {

Samples full_samples() {
  return {{"scalar to [2, 3]", {{{}}}, sampled([](Tensor v) {
             return full({2, 3}, v);
           })},
          {"row to [2, 3]", {{{3}}}, sampled([](Tensor v) {
             return full({2, 3}, v);
           })},
          {"empty", {{{}}}, sampled([](Tensor v) { return full({0}, v); })}};
}
Samples linspace_samples() {
  return {{"scalars", {{{}}, {{}}}, sampled([](Tensor a, Tensor b) { return linspace(a, b, 4); })},
          {"[2] and []", {{{2}}, {{}}}, sampled([](Tensor a, Tensor b) {
             return linspace(a, b, 3, {.endpoint = false, .axis = -1});
           })},
          {"empty", {{{2}}, {{2}}}, sampled([](Tensor a, Tensor b) { return linspace(a, b, 0); })}};
}
Samples one_hot_samples() {
  const auto to = [](int axis) { return sampled([axis](Tensor i) { return one_hot(i, 4, {.axis = axis}); }); };
  return {{"[5]", {{{5}, Dtype::int32, -1, 5}}, to(-1)},
          {"[2, 3] on axis 1", {{{2, 3}, Dtype::int32, 0, 4}}, to(1)},
          {"scalar", {{{}, Dtype::int32, 0, 4}}, to(0)},
          {"empty", {{{0}, Dtype::int32, 0, 4}}, to(0)}};
}
Samples meshgrid_samples() {
  const auto by = [](Indexing how) {
    return [how](std::span<const Tensor> x) { return meshgrid({x[0], x[1]}, {.indexing = how}); };
  };
  return {{"xy", {{{3}}, {{2}}}, by(Indexing::xy)},
          {"ij", {{{3}}, {{2}}}, by(Indexing::ij)},
          {"empty", {{{0}}, {{2}}}, by(Indexing::xy)}};
}
Samples array_samples() {
  return {{"tensors and numbers", {{{}}, {{}}}, sampled([](Tensor a, Tensor b) {
             return array({{a, 1.5}, {2, b}});
           })},
          {"vectors", {{{3}}, {{3}}}, sampled([](Tensor a, Tensor b) {
             return array({a, b});
           })},
          {"empty", {{{0}}, {{0}}}, sampled([](Tensor a, Tensor b) {
             return array({a, b});
           })}};
}

}  // namespace

std::vector<Entry> create_entries() {
  return {composite("one_hot", &one_hot_samples), composite("array", &array_samples), composite("full", &full_samples),
          composite("linspace", &linspace_samples), composite("meshgrid", &meshgrid_samples)};
}

}  // namespace strata
