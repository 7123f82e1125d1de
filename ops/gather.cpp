// The gather and the scatter ops: evaluation, derivatives, batching. See gather.hpp; kernels are backend(x).slices.
// Arguments: the indices first (they are what derivatives keep), then x, then u.
#include "strata/ops/gather.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "strata/core/convert.hpp"
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/zero.hpp"

namespace strata {

namespace {

/// int32 or int64 indices, as they lie.
Tensor wide_index(Tensor index) {
  const Dtype d = index.dtype();
  return d == Dtype::int32 || d == Dtype::int64 ? index : astype(std::move(index), Dtype::int64);
}

template <class T>
T natural_fill() {
  if constexpr (std::is_same_v<T, BFloat16> || std::is_same_v<T, Float16>)
    return T(std::numeric_limits<float>::quiet_NaN());
  else if constexpr (std::is_floating_point_v<T>)
    return std::numeric_limits<T>::quiet_NaN();
  else if constexpr (std::is_signed_v<T>)
    return std::numeric_limits<T>::min();
  else
    return std::numeric_limits<T>::max();
}

void write_fill(const std::optional<double>& fill, Dtype dtype, std::byte* to) {
  visit(dtype, [&]<class T>(T) {
    const T value = fill ? convert<T>(*fill) : natural_fill<T>();
    std::memcpy(to, &value, sizeof value);
  });
}

/// y with 0 where windows overlap and a later one wrote the element. `g`: over a row-major tensor of x's shape.
Tensor without_losers(const Slices& s, const SliceGeometry& g, const Tensor& offsets, const Tensor& y) {
  const SlicesKernels& kernels = backend(y).slices;
  const Tensor marks = empty_dense(s.from, Dtype::int64, y.device());  // which element of y came last, everywhere
  const Tensor ids = arange(y.size(), {.dtype = Dtype::int64, .device = y.device()});
  const Tensor won = empty_dense({y.size()}, Dtype::int64, y.device());
  const std::int64_t none = -1;
  kernels.scatter(g, offsets, marks, ids, ScatterKind::set);
  kernels.gather(g, offsets, marks, won, &none);
  return materialize(where(reshape(equal(won, ids), y.shape()), y, zeros_like(y)));
}

Tensor lanes_at(const Lane& l, int axis, std::int64_t size) {
  if (l.axis == axis) return l.value;
  const Tensor t = lanes_first(l, size);
  return axis == 0 ? t : moveaxis(t, 0, axis);
}

/// Zeros that take no memory, on the CPU.
bool is_zero_view(const Tensor& x) {
  const Dense& d = dense(x);
  if (d.device != cpu) return false;
  for (int i = 0; i < d.shape.size(); ++i) {
    if (d.shape[i] > 1 && d.strides[i] != 0) return false;
  }
  std::uint64_t bits = 0;
  if (d.size > 0) std::memcpy(&bits, d.data, static_cast<std::size_t>(itemsize(d.dtype)));
  return bits == 0;
}

/// Slices along one axis added into zeros, each lane its own, as a factored tensor; undefined when it had better be
/// dense.
Tensor added_to_zeros(const Slices& s, const Tensor& index, const Tensor& x, const Tensor& u) {
  if (s.lanes == 0 || s.lanes != s.batch || s.keep || s.axes.size() != 1) return {};
  if (s.mode == IndexMode::promised || !is_float(u.dtype()) || !is_zero_view(x)) return {};
  const int axis = static_cast<int>(s.axes[0]);
  Shape one_row = Shape::filled(s.from.size(), 0), strides = s.from, rest = s.rest();
  one_row[axis] = 1;
  const SliceGeometry g = s.geometry(one_row, dense(index));
  const std::int64_t lanes = g.batch.elements(), t = g.positions.elements(), rows = s.from[axis];
  std::int64_t step = 1;
  for (int i = s.from.size() - 1; i >= 0; --i) {
    if (i == axis) continue;
    if (i == s.batch - 1) step *= rows;
    strides[i] = step;
    step *= s.from[i];
  }
  strides[axis] = rest.elements();
  if (!factored::worthwhile(lanes, rows * rest.elements(), t * (rest.elements() + 1))) return {};
  std::vector<int> order(static_cast<std::size_t>(u.ndim()));  // the positions before all slice axes
  std::iota(order.begin(), order.end(), 0);
  const auto first = order.begin() + s.batch, positions = first + s.place;
  std::rotate(first, positions, positions + g.positions.size());
  return factored::rows_at(reshape(backend(index).slices.resolve(g, index), {lanes, t}),
                           reshape(transpose(u, AxisList(order)), {lanes, t, rest.elements()}), rows, s.from, strides);
}

struct Gather : General<Gather, 2> {
  using Params = Slices;
  static constexpr std::string_view name = "gather";
  static constexpr Keep keep = Keep::first;

  static Tensor eval(const Params& p, Out x) {
    const Tensor index = wide_index(std::move(x[0]));
    const Tensor from = p.winners ? pack(x[1]) : x[1];  // places are told apart by their offsets
    const Dense& d = dense(from);
    const SliceGeometry g = p.geometry(d.strides, dense(index));
    const SlicesKernels& kernels = backend(from).slices;
    Tensor offsets = kernels.resolve(g, index);
    Tensor y = empty_dense(p.shape(index.shape()), d.dtype, d.device, d.weak);
    if (p.winners && !p.windows_overlap()) kernels.keep_winners(g, offsets);
    alignas(8) std::byte fill[8] = {};
    if (!p.winners) write_fill(p.fill, d.dtype, fill);
    kernels.gather(g, offsets, from, y, fill);
    return p.winners && p.windows_overlap() ? without_losers(p, g, offsets, y) : y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    if (!dx[1].defined()) return {};
    Slices s = p;
    s.fill = 0;
    return gather_slices(dx[1], x[0], s);
  }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (!need[1]) return;
    Slices s = p;
    s.winners = false;
    dx[1] = scatter_slices(zero_view(p.from, g[0]), x[0], g[0], p.winners ? ScatterKind::set : ScatterKind::add, s);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    const int positions = x[0].value.ndim() - (x[0].mapped() ? 1 : 0) - 1 - p.batch;
    if (x[0].mapped() && (x[1].mapped() || p.winners)) {  // each lane has its own winners
      return {gather_slices(lanes_first(x[1], batch.size), lanes_first(x[0]), p.with_batch_axis(batch.size)), 0};
    }
    if (x[0].mapped()) {
      return {gather_slices(std::move(x[1].value), lanes_at(x[0], p.batch, batch.size), p), p.batch + p.place};
    }
    const int axis = std::max(x[1].axis, p.batch);
    int lane = 0;
    Slices s = p.with_slice_axis(axis, batch.size, lane);
    Tensor y = lanes_at(x[1], axis, batch.size);
    const bool before = lane < p.place;
    if (before) ++s.place;
    return {gather_slices(std::move(y), std::move(x[0].value), s), p.batch + lane + (before ? 0 : positions)};
  }
  static Samples samples();
};

/// Arguments: index, x, u.
template <ScatterKind K>
struct Scatter : General<Scatter<K>, 3> {
  using Params = Slices;
  static constexpr bool linear = K == ScatterKind::set || K == ScatterKind::add;
  static constexpr std::string_view name = K == ScatterKind::set   ? "scatter_set"
                                           : K == ScatterKind::add ? "scatter_add"
                                           : K == ScatterKind::mul ? "scatter_mul"
                                           : K == ScatterKind::max ? "scatter_max"
                                                                   : "scatter_min";
  static constexpr Keep keep = linear ? Keep::first : K == ScatterKind::mul ? Keep::inputs : Keep::both;

  static Tensor eval(const Params& p, Out x) {
    const Dtype d = x[1].dtype();
    if (K == ScatterKind::add && p.lanes > 0) {
      Tensor y = added_to_zeros(p, wide_index(x[0]), x[1], x[2]);
      if (y.defined()) return y;
    }
    if (is_half(d) && K != ScatterKind::set) {  // half types accumulate in float32
      Tensor wide[] = {std::move(x[0]), astype(std::move(x[1]), Dtype::float32),
                       astype(std::move(x[2]), Dtype::float32)};
      return astype(eval(p, wide), d);
    }
    const Tensor index = wide_index(std::move(x[0])), u = pack(x[2]);
    Tensor y;
    if (may_overwrite(x[1])) {
      y = std::move(x[1]);
      dense(y).weak = dense(y).weak && u.weak();
    } else {
      const Dense& from = dense(x[1]);
      y = empty_dense(from.shape, d, from.device, from.weak && u.weak());
      backend(y).elements.copy(x[1], y);
    }
    const SliceGeometry g = p.geometry(dense(y).strides, dense(index));
    const SlicesKernels& kernels = backend(y).slices;
    kernels.scatter(g, kernels.resolve(g, index), y, u, K);
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    if (!dx[1].defined() && !dx[2].defined()) return {};
    const Tensor t = dx[1].defined() ? dx[1] : zero_view(p.from, x[1]);
    const Tensor du = dx[2].defined() ? dx[2] : zero_view(p.shape(x[0].shape()), x[1]);
    if constexpr (linear) return scatter_slices(t, x[0], du, K, p);
    if constexpr (K == ScatterKind::mul) {
      return scatter_slices(scatter_slices(t, x[0], x[2], K, p), x[0], du * slope_of_factors(p, x), ScatterKind::add,
                            p);
    }
    const Shares share = shares(p, x, y[0]);
    return scatter_slices(t * share.of_x, x[0], du * share.of_u, ScatterKind::add, p);
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    const auto at_slices = [&](const Tensor& t) { return gather_slices(t, x[0], p.reading_zero()); };
    if constexpr (K == ScatterKind::add) {
      if (need[1]) dx[1] = g[0];
      if (need[2]) dx[2] = at_slices(g[0]);
    } else if constexpr (K == ScatterKind::set) {
      Slices winners = p.reading_zero();
      winners.winners = true;
      if (need[1]) dx[1] = scatter_slices(g[0], x[0], zero_view(p.shape(x[0].shape()), g[0]), K, p);
      if (need[2]) dx[2] = gather_slices(g[0], x[0], winners);
    } else if constexpr (K == ScatterKind::mul) {
      if (need[1]) dx[1] = scatter_slices(g[0], x[0], x[2], K, p);
      if (need[2]) dx[2] = at_slices(g[0]) * slope_of_factors(p, x);
    } else {
      const Shares share = shares(p, x, y[0]);
      if (need[1]) dx[1] = g[0] * share.of_x;
      if (need[2]) dx[2] = at_slices(g[0]) * share.of_u;
    }
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if (x[0].mapped() || p.keep) {
      const auto front = [&](const Lane& l) { return lanes_first(l, batch.size); };
      return {scatter_slices(front(x[1]), front(x[0]), front(x[2]), K, p.with_batch_axis(batch.size)), 0};
    }
    const int axis = p.batch;  // lanes as a slice axis before the positions
    int lane = 0;
    Slices s = p.with_slice_axis(axis, batch.size, lane);
    ++s.place;
    Tensor y = lanes_at(x[1], axis, batch.size), u = lanes_at(x[2], axis, batch.size);
    return {scatter_slices(std::move(y), std::move(x[0].value), std::move(u), K, s), axis};
  }

  /// dy/du at the slices of a product: x times the other factors, exact where factors are zero.
  static Tensor slope_of_factors(const Slices& s, In x) {
    const Tensor &index = x[0], &u = x[2];
    const Slices read = s.reading_zero();
    const Tensor is_zero = equal(u, 0), rest = where(is_zero, 1, u);
    const Tensor product = scatter_slices(x[1], index, rest, ScatterKind::mul, s);
    const Tensor zeros = gather_slices(
        scatter_slices(zero_view(s.from, u), index, astype(is_zero, u.dtype()), ScatterKind::add, s), index, read);
    const Tensor alone = gather_slices(product, index, read);
    return where(is_zero, where(equal(zeros, 1), alone, 0), where(equal(zeros, 0), alone / rest, 0));
  }
  struct Shares {
    Tensor of_x, of_u;
  };
  /// An extremum's derivative is shared equally by all that reach it.
  static Shares shares(const Slices& s, In x, const Tensor& y) {
    const Tensor &index = x[0], &u = x[2];
    Slices read = s.reading_zero();
    read.fill.reset();  // NaN: equal to nothing
    const Tensor x_reaches = astype(equal(x[1], y), u.dtype());
    const Tensor u_reaches = equal(u, gather_slices(y, index, read));
    const Tensor count = scatter_slices(x_reaches, index, astype(u_reaches, u.dtype()), ScatterKind::add, s);
    const Tensor share = where(equal(count, 0), 0, 1 / maximum(count, 1));
    return {x_reaches * share, where(u_reaches, gather_slices(share, index, s.reading_zero()), 0)};
  }
  static Samples samples() {
    const auto into = [](int axis) {
      return [axis](std::span<const Tensor> x) {
        return std::vector<Tensor>{
            scatter_slices(x[1], expand_dims(x[0], -1), x[2], K, Slices::along(x[1].shape(), axis, IndexMode::fill))};
      };
    };
    const Argument at{{4}, Dtype::int32, 0, 3};
    // Far apart, so that a small step changes no extremum.
    const Argument x{{3, 2}, Dtype::float32, 1, 2}, low{{4, 2}, Dtype::float32, -2, -1},
        wide{{2, 4}, Dtype::float32, 3, 4};
    return {{"rows, some twice", {at, x, low}, into(0)},
            {"columns",
             {at, {{2, 3}, Dtype::float32, 1, 2}, wide},
             [](std::span<const Tensor> t) {
               Slices s = Slices::along(t[1].shape(), 1, IndexMode::clip);
               s.place = 1;
               return std::vector<Tensor>{scatter_slices(t[1], expand_dims(t[0], -1), t[2], K, s)};
             }},
            {"no indices", {{{0}, Dtype::int32, 0, 3}, x, {{0, 2}}}, into(0)}};
  }
};

template <ScatterKind K>
Tensor scatter_as(const Slices& s, Tensor index, Tensor x, Tensor u) {
  return apply<Scatter<K>>(s, std::move(index), std::move(x), std::move(u));
}

Samples Gather::samples() {
  const auto from = [](int axis, IndexMode mode) {
    return [axis, mode](std::span<const Tensor> x) {
      return std::vector<Tensor>{gather_slices(x[1], expand_dims(x[0], -1), Slices::along(x[1].shape(), axis, mode))};
    };
  };
  const auto windows = [](std::span<const Tensor> x) {
    Slices s;
    s.from = x[1].shape();
    s.axes = {0, 1};
    s.window = {2, 3};
    s.keep = true;
    s.mode = IndexMode::clip;
    return std::vector<Tensor>{gather_slices(x[1], x[0], s)};
  };
  return {{"rows", {{{4}, Dtype::int32, 0, 3}, {{3, 2}}}, from(0, IndexMode::promised)},
          {"columns, wrapped", {{{2, 2}, Dtype::int64, -9, 9}, {{2, 3}}}, from(1, IndexMode::wrap)},
          {"windows", {{{2, 2}, Dtype::int32, -1, 4}, {{4, 5}}}, windows},
          {"no indices", {{{0}, Dtype::int32, 0, 3}, {{3, 2}}}, from(0, IndexMode::fill)},
          {"empty slices", {{{2}, Dtype::int32, 0, 3}, {{3, 0}}}, from(0, IndexMode::clip)}};
}

}  // namespace

Tensor gather_slices(Tensor x, Tensor index, const Slices& s) {
  return apply<Gather>(s, std::move(index), std::move(x));
}

Tensor scatter_slices(Tensor x, Tensor index, Tensor u, ScatterKind kind, const Slices& slices) {
  Slices s = slices;
  if (s.mode == IndexMode::promised) s.mode = IndexMode::fill;  // writes are dropped
  switch (kind) {
    case ScatterKind::set:
      return scatter_as<ScatterKind::set>(s, std::move(index), std::move(x), std::move(u));
    case ScatterKind::add:
      return scatter_as<ScatterKind::add>(s, std::move(index), std::move(x), std::move(u));
    case ScatterKind::mul:
      return scatter_as<ScatterKind::mul>(s, std::move(index), std::move(x), std::move(u));
    case ScatterKind::max:
      return scatter_as<ScatterKind::max>(s, std::move(index), std::move(x), std::move(u));
    default:
      return scatter_as<ScatterKind::min>(s, std::move(index), std::move(x), std::move(u));
  }
}

std::vector<Entry> gather_entries() {
  return {entry<row<Gather>>(),
          entry<row<Scatter<ScatterKind::set>>>(),
          entry<row<Scatter<ScatterKind::add>>>(),
          entry<row<Scatter<ScatterKind::mul>>>(),
          entry<row<Scatter<ScatterKind::max>>>(),
          entry<row<Scatter<ScatterKind::min>>>()};
}

}  // namespace strata
