// Conversion of dtypes, copies, bits, stop_gradient: ops whose result has the argument's elements.
#include <algorithm>

#include "strata/core/convert.hpp"
#include "strata/core/device_library.hpp"
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {
namespace {

Tensor convert_tensor(const Tensor& x, Dtype to, bool weak) {
  const Dense& d = dense(x);
  Tensor y = empty_dense(d.shape, to, d.device, weak);
  if (d.number) {  // a number is still held in full
    if (d.is_real)
      convert_element(&d.real, Dtype::float64, dense(y).data, to);
    else
      convert_element(&d.whole, Dtype::int64, dense(y).data, to);
    return y;
  }
  backend(x).elements.copy(x, y);
  return y;
}

struct CastParams {
  Dtype from, to;
  bool weak;  // the result stays weak if x is
};

/// Between float dtypes: linear.
struct Cast : Linear<Cast> {
  using Params = CastParams;
  static constexpr std::string_view name = "astype";
  static Tensor eval(const Params& p, Tensor x) { return convert_tensor(x, p.to, p.weak && x.weak()); }
  static Tensor transpose(const Params& p, const Tensor& g) { return astype(g, p.from); }
  static Lane batch(const Params& p, Lane x, Batch&) { return {apply<Cast>(p, std::move(x.value)), x.axis}; }
  static Tensor deferred(const Params& p, Out x) { return factored::cast(x, p.to); }
  static Samples samples() {
    const auto call = sampled([](Tensor x) { return astype(x, Dtype::float64); });
    return {{"float32 to float64", {{{2, 3}}}, call}, {"empty", {{{0}}}, call}};
  }
};

/// To or from an integer or bool.
struct CastFlat : NonDifferentiable<CastFlat, 1> {
  using Params = CastParams;
  static constexpr std::string_view name = "astype_flat";
  static Tensor eval(const Params& p, Out x) { return convert_tensor(x[0], p.to, p.weak && x[0].weak()); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<CastFlat>(p, std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() {
    const auto call = sampled([](Tensor x) { return astype(x, Dtype::int32); });
    return {{"float32 to int32", {{{2, 3}}}, call}, {"empty", {{{0}}}, call}};
  }
};

Tensor cast(Tensor x, Dtype dtype, bool weak) {
  if (x.dtype() == dtype && (!x.weak() || weak)) return x;
  const CastParams p{x.dtype(), dtype, weak};
  if (is_float(p.from) && is_float(dtype)) return apply<Cast>(p, std::move(x));
  return apply<CastFlat>(p, std::move(x));
}

struct Copy : Linear<Copy> {
  static constexpr std::string_view name = "copy";
  static Tensor eval(const Params&, Tensor x) {
    const Dense& d = dense(x);
    Tensor y = empty_dense(d.shape, d.dtype, d.device, d.weak);
    backend(x).elements.copy(x, y);
    return y;
  }
  static Tensor transpose(const Params&, const Tensor& g) { return g; }
  static Lane batch(const Params&, Lane x, Batch&) { return {copy(std::move(x.value)), x.axis}; }
  static Samples samples() {
    const auto call = sampled([](Tensor x) { return copy(x); });
    return {{"[2, 3]", {{{2, 3}}}, call},
            {"transposed", {{{2, 3}}}, sampled([](Tensor x) { return copy(strata::transpose(x)); })},
            {"empty", {{{0}}}, call}};
  }
};

struct ToDevice : Linear<ToDevice> {
  struct Params {
    Device from, to;
  };
  static constexpr std::string_view name = "to";
  static Tensor eval(const Params& p, Tensor x) { return copy_to_device("to", pack(x), p.to); }
  static Tensor transpose(const Params& p, const Tensor& g) { return g.to(p.from); }
  static Lane batch(const Params& p, Lane x, Batch&) { return {x.value.to(p.to), x.axis}; }
  static Samples samples() {
    const auto call = sampled([](Tensor x) { return x.to(default_device()); });
    return {{"[2, 3]", {{{2, 3}}}, call}, {"empty", {{{0}}}, call}};
  }
};

struct StopGradient : NonDifferentiable<StopGradient, 1> {
  static constexpr std::string_view name = "stop_gradient";
  static Tensor eval(const Params&, Out x) { return std::move(x[0]); }
  static Lane batch(const Params&, std::span<Lane> x, Batch&) {
    return {stop_gradient(std::move(x[0].value)), x[0].axis};
  }
  static Tensor deferred(const Params&, Out x) { return factored::itself(x); }
  static Samples samples() {
    const auto call = sampled([](Tensor x) { return stop_gradient(x); });
    return {{"[2, 3]", {{{2, 3}}}, call}, {"empty", {{{0}}}, call}};
  }
};

struct Bitcast : NonDifferentiable<Bitcast, 1> {
  struct Params {
    Dtype to;
  };
  static constexpr std::string_view name = "bitcast";
  static Tensor eval(const Params& p, Out x) {
    const Dense& d = dense(x[0]);
    const int from = itemsize(d.dtype), to = itemsize(p.to);
    const Tensor packed = from == to ? x[0] : pack(x[0]);
    const Shape shape = shape_as(d.shape, from, to);
    Tensor y = view_of(packed, shape, from == to ? d.strides : row_major(shape), 0);
    dense(y).dtype = p.to;
    dense(y).weak = false;
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return {apply<Bitcast>(p, lanes_first(x[0])), 0}; }
  /// The shape after elements of `from` bytes are read as elements of `to` bytes.
  static Shape shape_as(Shape shape, int from, int to) {
    if (from > to) shape.push_back(from / to);
    if (from < to) shape.resize(shape.size() - 1);
    return shape;
  }
  static Samples samples() {
    const auto to = [](Dtype d) { return sampled([d](Tensor x) { return bitcast(x, d); }); };
    return {{"float32 to uint32", {{{2, 3}}}, to(Dtype::uint32)},
            {"float32 to uint8", {{{2}}}, to(Dtype::uint8)},
            {"int16 to int32", {{{3, 2}, Dtype::int16, -9, 9}}, to(Dtype::int32)},
            {"empty", {{{0, 2}}}, to(Dtype::int32)}};
  }
};

}  // namespace

Tensor astype(Tensor x, Dtype dtype) { return cast(std::move(x), dtype, false); }
Tensor astype_weak(Tensor x, Dtype dtype) { return cast(std::move(x), dtype, true); }
Tensor copy(Tensor x) { return apply<Copy>({}, std::move(x)); }
Tensor stop_gradient(Tensor x) { return apply<StopGradient>({}, std::move(x)); }

Tensor bitcast(Tensor x, Dtype dtype) {
  const Dtype d = x.dtype();
  if (d == dtype) return astype(std::move(x), dtype);
  if (d == Dtype::bool_ || dtype == Dtype::bool_) {
    throw DtypeError("bitcast: " + std::string(name(d)) + " to " + std::string(name(dtype)) +
                     ": a bool has no bits to reinterpret; convert it with st::astype" + level_context());
  }
  const int from = itemsize(d), to = itemsize(dtype);
  if (from < to && (x.ndim() == 0 || x.shape().back() != to / from)) {
    throw ShapeError("bitcast: " + std::string(name(d)) + " to " + std::string(name(dtype)) +
                     " takes a last axis of size " + std::to_string(to / from) + ", the shape is " +
                     to_string(x.shape()) + level_context());
  }
  return apply<Bitcast>({dtype}, std::move(x));
}

Tensor Tensor::to(Device device) const {
  const Device from = this->device();
  if (device == from) return *this;
  device_library("to", device == cpu ? from : device);  // throws when it is not there
  return apply<ToDevice>({from, device}, Tensor(*this));
}
Tensor to_device(const Tensor& x, Device device) { return x.to(device); }

Tensor pack(const Tensor& x) {
  if (dense(x).contiguous) return x;
  return Copy::eval({}, x);
}

std::vector<Entry> cast_entries() {
  return {entry<row<Cast>>(),     entry<row<CastFlat>>(),     entry<row<Copy>>(),
          entry<row<ToDevice>>(), entry<row<StopGradient>>(), entry<row<Bitcast>>()};
}

}  // namespace strata
