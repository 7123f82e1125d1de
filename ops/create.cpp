// Conversion of dtypes and copies.
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

Tensor convert_tensor(const Tensor& x, Dtype to, bool weak) {
  const Dense& d = dense(x);
  Tensor y = empty_dense(d.shape, to, d.device, weak);
  Dense& out = dense(y);
  if (d.number) {  // a number is still held in full
    if (d.is_real)
      convert_element(&d.real, Dtype::float64, out.data, to);
    else
      convert_element(&d.whole, Dtype::int64, out.data, to);
    return y;
  }
  const Tensor packed = pack(x);
  const std::byte* from = dense(packed).data;
  parallel_for(d.size, 32 * 1024, [&](std::int64_t b, std::int64_t e) {
    convert_run(from + b * itemsize(d.dtype), d.dtype, out.data + b * itemsize(to), to, e - b);
  });
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
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{astype(x[0], Dtype::float64)}; };
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
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{astype(x[0], Dtype::int32)}; };
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
    copy_strided(d.data, itemsize(d.dtype), d.shape, d.strides, dense(y).data);
    return y;
  }
  static Tensor transpose(const Params&, const Tensor& g) { return g; }
  static Lane batch(const Params&, Lane x, Batch&) { return {copy(std::move(x.value)), x.axis}; }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{copy(x[0])}; };
    return {{"[2, 3]", {{{2, 3}}}, call}, {"empty", {{{0}}}, call}};
  }
};

}  // namespace

Tensor zeros(Shape shape, Creation p) {
  Tensor y = empty_dense(shape, p.dtype);
  std::memset(dense(y).data, 0, static_cast<std::size_t>(y.size() * itemsize(p.dtype)));
  return y;
}
Tensor ones(Shape shape, Creation p) { return copy(broadcast_to(astype(Tensor(1), p.dtype), shape)); }

Tensor astype(Tensor x, Dtype dtype) { return cast(std::move(x), dtype, false); }
Tensor astype_weak(Tensor x, Dtype dtype) { return cast(std::move(x), dtype, true); }
Tensor copy(Tensor x) { return apply<Copy>({}, std::move(x)); }

Tensor Tensor::to(Device device) const {
  if (device == this->device()) return *this;
  throw DeviceError("to: " + to_string(device) + " is not there: this build has no CUDA backend");
}

Tensor pack(const Tensor& x) {
  if (dense(x).contiguous) return x;
  return Copy::eval({}, x);
}

std::vector<Entry> create_entries() { return {entry<row<Cast>>(), entry<row<CastFlat>>(), entry<row<Copy>>()}; }

}  // namespace strata
