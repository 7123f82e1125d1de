// Segments, bins, and which elements there are: segment_sum and its kin, bincount, digitize, nonzero, unique.
// Results whose size depends on data have `.size`; without it the values must be known on the host.
#include <algorithm>
#include <limits>
#include <numeric>

#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/index_check.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {
namespace {

/// TransformError when vmap maps x, whose values decide the size of a result.
void check_known(const char* op, const char* setting, const Tensor& x) {
  for (const Tensor* t = &x; t->is_wrapped(); t = &wrapper(*t).value) {
    if (t->kind() != Kind::batched) continue;
    throw TransformError(std::string(op) + ": the size of the result depends on values that vmap maps (level " +
                         std::to_string(level_of(*t).depth) + "); give " + setting + level_context());
  }
}

std::int64_t greatest(const Tensor& x) {
  std::int64_t most = -1;
  for (std::int64_t v : x.to_vector<std::int64_t>()) most = std::max(most, v);
  return most;
}

/// The value that changes nothing, of x's dtype, where x lies.
Tensor neutral(ScatterKind kind, const Tensor& x, const Shape& shape) {
  const Creation like{x.dtype(), x.device()};
  return visit(x.dtype(), [&]<class T>(T) -> Tensor {
    if (kind == ScatterKind::add) return zeros(shape, like);
    if (kind == ScatterKind::mul) return ones(shape, like);
    if constexpr (std::is_integral_v<T>) {
      const T value = kind == ScatterKind::max ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
      return full(shape, array(std::vector<T>{value}, {1}, {.device = cpu}), {.device = x.device()});
    } else {
      const double infinity = std::numeric_limits<double>::infinity();
      return full(shape, kind == ScatterKind::max ? -infinity : infinity, like);
    }
  });
}

Tensor segment(const char* op, ScatterKind kind, Tensor x, Tensor ids, const Segments& p) {
  check_indices(op, ids);
  if (ids.ndim() != 1 || x.ndim() == 0 || x.shape()[0] != ids.shape()[0]) {
    throw ShapeError(std::string(op) + ": x has shape " + to_string(x.shape()) + ", the ids " + to_string(ids.shape()) +
                     ": one id for each row is wanted" + level_context());
  }
  if (!p.num_segments) check_known(op, ".num_segments", ids);
  const std::int64_t n = p.num_segments ? *p.num_segments : greatest(ids) + 1;
  if (n < 0)
    throw ValueError(std::string(op) + ": " + std::to_string(n) + " segments: the number is not negative" +
                     level_context());
  Shape shape = x.shape();
  shape[0] = n;
  Slices s = Slices::along(shape, 0, IndexMode::fill);
  s.from_end = false;
  Tensor start = neutral(kind, x, shape);
  return scatter_slices(std::move(start), expand_dims(std::move(ids), -1), std::move(x), kind, s);
}

/// What has no kernel on a GPU works on the host: its arguments there, packed, and its results back.
Tensor on_host(std::string_view op, const Tensor& x) {
  return x.device() == cpu ? pack(x) : copy_to_device(op.data(), pack(x), cpu);
}
Tensor back_on(Device device, std::string_view op, const Tensor& y) {
  return device == cpu ? y : copy_to_device(op.data(), y, device);
}

// ---- nonzero
// ---------------------------------------------------------------------------------------------------------

/// [..., n] bools -> [..., size, axes]: the coordinates in `shape` (of n elements) of the true ones, then `fill`.
struct Nonzero : NonDifferentiable<Nonzero, 1> {
  struct Params {
    std::int64_t size;
    Shape shape;
    std::int32_t fill;
  };
  static constexpr std::string_view name = "nonzero";
  static Tensor eval(const Params& p, Out x) {
    const Device device = x[0].device();
    const Tensor packed = on_host(name, x[0]);
    const auto* truth = reinterpret_cast<const bool*>(dense(packed).data);
    const Shape& from = packed.shape();
    const int axes = p.shape.size();
    const std::int64_t n = from.back(), rows = n > 0 ? packed.size() / n : from.slice(0, from.size() - 1).elements();
    Tensor y = full(from.slice(0, from.size() - 1) + Shape{p.size, axes}, p.fill, {Dtype::int32, cpu});
    auto* out = reinterpret_cast<std::int32_t*>(dense(y).data);
    const Strides strides = row_major(p.shape);
    parallel_for(rows, std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, n)), [&](auto begin, auto end) {
      for (std::int64_t r = begin; r < end; ++r) {
        std::int32_t* to = out + r * p.size * axes;
        std::int64_t found = 0;
        for (std::int64_t i = 0; i < n && found < p.size; ++i) {
          if (!truth[r * n + i]) continue;
          for (int a = 0; a < axes; ++a) *to++ = static_cast<std::int32_t>(i / strides[a] % p.shape[a]);
          ++found;
        }
      }
    });
    return back_on(device, name, y);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return {apply<Nonzero>(p, lanes_first(x[0])), 0}; }
  static Samples samples() {
    const auto by = [](std::int64_t size) {
      return sampled([size](Tensor x) { return argwhere(x, {.size = size, .fill_value = -1}); });
    };
    return {{"[2, 3]", {{{2, 3}, Dtype::bool_}}, by(4)},
            {"[5] of numbers", {{{5}, Dtype::int32, 0, 2}}, by(5)},
            {"empty", {{{0, 2}, Dtype::bool_}}, by(1)}};
  }
};

std::int64_t count_true(const Tensor& mask) {
  const std::vector<bool> truth = mask.to_vector<bool>();
  return std::count(truth.begin(), truth.end(), true);
}

// ---- unique
// ----------------------------------------------------------------------------------------------------------

/// a before b, NaN last.
template <class T>
bool precedes(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (b != b) return a == a;
  }
  return a < b;
}

/// [..., n] -> int32: [..., size] first positions, [..., n] which of the unique ones each is, [..., size] how often.
struct UniqueIndex : NonDifferentiable<UniqueIndex, 1, 3> {
  struct Params {
    std::int64_t size;
  };
  static constexpr std::string_view name = "unique";
  static void eval(const Params& p, Out x, Out y) {
    const Device device = x[0].device();
    Tensor packed = on_host(name, x[0]);
    if (is_half(packed.dtype())) packed = astype(std::move(packed), Dtype::float32);
    const Shape from = packed.shape(), outer = from.slice(0, from.size() - 1);
    const std::int64_t n = from.back(), rows = outer.elements();
    y[0] = zeros(outer + Shape{p.size}, {Dtype::int32, cpu});
    y[1] = zeros(from, {Dtype::int32, cpu});
    y[2] = zeros(outer + Shape{p.size}, {Dtype::int32, cpu});
    const auto ints = [](const Tensor& t) { return reinterpret_cast<std::int32_t*>(dense(t).data); };
    visit(packed.dtype(), [&]<class T>(T) {
      if constexpr (std::is_arithmetic_v<T>) {
        const T* values = reinterpret_cast<const T*>(dense(packed).data);
        parallel_for(rows, 1, [&](auto begin, auto end) {
          for (std::int64_t r = begin; r < end; ++r) {
            row(values + r * n, n, p.size, ints(y[0]) + r * p.size, ints(y[1]) + r * n, ints(y[2]) + r * p.size);
          }
        });
      }
    });
    for (Tensor& t : y) t = back_on(device, name, t);
  }
  template <class T>
  static std::int64_t row(const T* x, std::int64_t n, std::int64_t size, std::int32_t* first, std::int32_t* inverse,
                          std::int32_t* counts) {
    std::vector<std::int32_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return precedes(x[i], x[j]); });
    std::int64_t k = -1;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || precedes(x[order[i - 1]], x[order[i]])) {
        if (++k < size) first[k] = order[i];
      }
      if (k < size) ++counts[k];
      inverse[order[i]] = static_cast<std::int32_t>(k);
    }
    if (n > 0) std::fill(first + std::min(k + 1, size), first + size, order[0]);
    return k + 1;
  }
  static void batch(const Params& p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    auto parts = apply_many<UniqueIndex, 3>(p, lanes_first(x[0]));
    for (std::size_t i = 0; i < 3; ++i) y[i] = {std::move(parts[i]), 0};
  }
  static Samples samples() {
    const auto by = [](std::int64_t size) {
      return [size](std::span<const Tensor> x) {
        const Unique u = unique_all(x[0], {.size = size});
        return std::vector<Tensor>{u.values, u.index, u.inverse, u.counts};
      };
    };
    return {{"[6]", {{{6}, Dtype::int32, 0, 3}}, by(4)},
            {"too few places", {{{6}, Dtype::int32, 0, 5}}, by(2)},
            {"floats", {{{2, 3}}}, by(6)},
            {"empty", {{{0}}}, by(2)}};
  }
};

/// How many different values there are.
std::int64_t count_unique(const Tensor& x) {
  return visit(x.dtype(), [&]<class T>(T) -> std::int64_t {
    using Value = std::conditional_t<std::is_arithmetic_v<T>, T, float>;
    const std::vector<Value> values = x.to_vector<Value>();
    const auto n = static_cast<std::int64_t>(values.size());
    std::vector<std::int32_t> first(values.size()), inverse(values.size()), counts(values.size());
    std::vector<std::uint8_t> bytes;
    if constexpr (std::is_same_v<Value, bool>) {
      bytes.assign(values.begin(), values.end());
      return UniqueIndex::row(bytes.data(), n, n, first.data(), inverse.data(), counts.data());
    } else {
      return UniqueIndex::row(values.data(), n, n, first.data(), inverse.data(), counts.data());
    }
  });
}

}  // namespace

Tensor segment_sum(Tensor x, Tensor ids, Segments p) {
  return segment("segment_sum", ScatterKind::add, std::move(x), std::move(ids), p);
}
Tensor segment_prod(Tensor x, Tensor ids, Segments p) {
  return segment("segment_prod", ScatterKind::mul, std::move(x), std::move(ids), p);
}
Tensor segment_max(Tensor x, Tensor ids, Segments p) {
  return segment("segment_max", ScatterKind::max, std::move(x), std::move(ids), p);
}
Tensor segment_min(Tensor x, Tensor ids, Segments p) {
  return segment("segment_min", ScatterKind::min, std::move(x), std::move(ids), p);
}

Tensor bincount(Tensor x, Bincount p) {
  check_indices("bincount", x);
  if (x.ndim() != 1)
    throw ShapeError("bincount: a vector is wanted, the shape is " + to_string(x.shape()) + level_context());
  if (!p.length) {
    check_known("bincount", ".length", x);
    p.length = std::max(p.minlength, greatest(x) + 1);
  }
  if (!p.weights.defined()) p.weights = ones(x.shape(), {Dtype::int32, x.device()});
  return segment("bincount", ScatterKind::add, std::move(p.weights), maximum(std::move(x), 0),
                 {.num_segments = *p.length});
}

Tensor digitize(Tensor x, Tensor bins, Digitize p) {
  if (bins.ndim() != 1)
    throw ShapeError("digitize: the bins are a vector, not " + to_string(bins.shape()) + level_context());
  const std::int64_t n = bins.shape()[0];
  if (n < 2) return searchsorted(std::move(bins), std::move(x), {.right = !p.right});
  const Tensor ascending = searchsorted(bins, x, {.right = !p.right});
  const Tensor descending = n - searchsorted(flip(bins), x, {.right = !p.right});
  return where(bins[-1] >= bins[0], ascending, descending);
}

Tensor argwhere(Tensor x, Sized p) {
  const Shape shape = x.shape();
  Tensor mask = ravel(astype(std::move(x), Dtype::bool_));
  if (!p.size) check_known("nonzero", ".size", mask);
  const std::int64_t size = p.size ? *p.size : count_true(mask);
  return apply<Nonzero>({size, shape, static_cast<std::int32_t>(p.fill_value.value_or(0))}, std::move(mask));
}
std::vector<Tensor> nonzero(Tensor x, Sized p) { return unstack(argwhere(std::move(x), p), {.axis = -1}); }
Tensor flatnonzero(Tensor x, Sized p) { return nonzero(ravel(std::move(x)), p)[0]; }

Unique unique_all(Tensor x, Sized p) {
  const Shape shape = x.shape();
  x = ravel(std::move(x));
  if (!p.size) check_known("unique", ".size", x);
  const std::int64_t size = p.size ? *p.size : count_unique(x);
  auto [index, inverse, counts] = apply_many<UniqueIndex, 3>({size}, x);
  Tensor values = x.size() > 0 ? take(x, index, {.mode = IndexMode::clip}) : zeros({size}, {x.dtype(), x.device()});
  if (p.fill_value) values = where(counts == 0, astype(Tensor(*p.fill_value), x.dtype()), values);
  return {std::move(values), std::move(index), reshape(std::move(inverse), shape), std::move(counts)};
}
Tensor unique(Tensor x, Sized p) { return unique_all(std::move(x), p).values; }

Tensor ravel_multi_index(std::vector<Tensor> indices, Shape shape) {
  if (static_cast<int>(indices.size()) != shape.size()) {
    throw ShapeError("ravel_multi_index: " + std::to_string(indices.size()) + " indices for the shape " +
                     to_string(shape) + level_context());
  }
  const Strides strides = row_major(shape);
  Tensor flat = 0;
  for (int i = 0; i < shape.size(); ++i) {
    Tensor& at = indices[static_cast<std::size_t>(i)];
    check_indices("ravel_multi_index", at);
    flat = flat + clip(std::move(at), 0, shape[i] - 1) * strides[i];
  }
  return flat;
}

std::vector<Tensor> unravel_index(Tensor flat, Shape shape) {
  check_indices("unravel_index", flat);
  const Strides strides = row_major(shape);
  const std::int64_t n = shape.elements();
  flat = clip(where(flat < 0, flat + n, flat), 0, std::max<std::int64_t>(0, n - 1));
  std::vector<Tensor> at;
  for (int i = 0; i < shape.size(); ++i) at.push_back(floor_divide(flat, strides[i]) % shape[i]);
  return at;
}

namespace {

Samples segment_samples(Tensor (*f)(Tensor, Tensor, Segments), double low) {
  const auto call = sampled([f](Tensor x, Tensor ids) { return f(x, ids, {.num_segments = 3}); });
  const Argument ids{{6}, Dtype::int32, -1, 4};
  return {{"[6, 2]", {{{6, 2}, Dtype::float32, low, 2}, ids}, call},
          {"[6]", {{{6}, Dtype::float32, low, 2}, ids}, call},
          {"empty", {{{0, 2}}, {{0}, Dtype::int32, 0, 3}}, call}};
}
Samples segment_sum_samples() { return segment_samples(&segment_sum, -2); }
Samples segment_prod_samples() { return segment_samples(&segment_prod, 1); }
Samples segment_max_samples() { return segment_samples(&segment_max, -2); }
Samples segment_min_samples() { return segment_samples(&segment_min, -2); }
Samples bincount_samples() {
  const auto call = sampled([](Tensor x, Tensor w) { return bincount(x, {.weights = w, .length = 4}); });
  return {{"[6]", {{{6}, Dtype::int32, -1, 6}, {{6}}}, call}, {"empty", {{{0}, Dtype::int32, 0, 4}, {{0}}}, call}};
}
Samples digitize_samples() {
  const auto call = sampled([](Tensor x) { return digitize(x, array({-1., 0., 1.}, {.device = x.device()})); });
  return {{"[2, 3]", {{{2, 3}}}, call},
          {"descending", {{{4}}}, sampled([](Tensor x) {
             return digitize(x, array({1., 0.}, {.device = x.device()}), {.right = true});
           })},
          {"empty", {{{0}}}, call}};
}
Samples unravel_index_samples() {
  const auto call = [](std::span<const Tensor> x) { return unravel_index(x[0], {3, 4}); };
  return {{"[5]", {{{5}, Dtype::int32, -13, 13}}, call}, {"empty", {{{0}, Dtype::int32, 0, 12}}, call}};
}
Samples ravel_multi_index_samples() {
  const auto call = sampled([](Tensor i, Tensor j) { return ravel_multi_index({i, j}, {3, 4}); });
  return {{"[5]", {{{5}, Dtype::int32, 0, 3}, {{5}, Dtype::int32, 0, 5}}, call},
          {"empty", {{{0}, Dtype::int32, 0, 3}, {{0}, Dtype::int32, 0, 4}}, call}};
}

}  // namespace

std::vector<Entry> set_entries() {
  return {entry<row<Nonzero>>(),
          entry<row<UniqueIndex>>(),
          composite("segment_sum", &segment_sum_samples),
          composite("segment_prod", &segment_prod_samples),
          composite("segment_max", &segment_max_samples),
          composite("segment_min", &segment_min_samples),
          composite("bincount", &bincount_samples),
          composite("digitize", &digitize_samples),
          composite("unravel_index", &unravel_index_samples),
          composite("ravel_multi_index", &ravel_multi_index_samples)};
}

}  // namespace strata
