// Tensors on a GPU as operands of a user's function that was compiled for it.
#include "strata/ops/cuda/fused.hpp"

#include "strata/ops/cuda/tensors.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata::gpu {
namespace {

Tensor with_dtype(Tensor x, Dtype dtype) {
  return x.is_dense() && dense(x).number ? number_as(dense(x), dtype) : astype(std::move(x), dtype);
}

}  // namespace

void settle_numbers(Out x) {
  const Tensor* strong = nullptr;
  for (const Tensor& t : x) {
    if (t.weak()) continue;
    if (!is_float(t.dtype()) || (strong && t.dtype() != strong->dtype())) return;
    strong = &t;
  }
  if (!strong) return;
  const Dtype dtype = strong->dtype();
  for (Tensor& t : x) {
    if (t.weak()) t = with_dtype(std::move(t), dtype);
  }
}

bool fuses(In x) {
  bool on_gpu = false;
  for (const Tensor& t : x) {
    if (t.weak() || t.dtype() != x[0].dtype()) return false;
    on_gpu = on_gpu || t.device() != cpu;
  }
  return on_gpu && is_float(x[0].dtype());
}

Tensor no_tangent(Dtype dtype) { return with_dtype(Tensor(0), dtype); }

void spread(In x, Out y) {
  const Shape shape = common_shape("elementwise", x);
  for (Tensor& t : y) {
    if (!(t.shape() == shape)) t = broadcast_to(std::move(t), shape);
  }
}

AnyFusedCall plan_fused(Out x, std::span<const Dtype> stored, Out y) {
  const Device device = device_of(x);
  const Shape shape = common_shape("elementwise", x);
  AnyFusedCall call;
  call.axes = merged_axes(shape, x, {call.x, x.size()});
  place_numbers(x, call.x, call.value);
  call.vector = all_plain(call.axes, {call.x, x.size()});
  for (std::size_t j = 0; j < y.size(); ++j) {
    y[j] = empty_dense(shape, stored[j], device, false);
    call.y[j] = dense(y[j]).data;
  }
  return call;
}

}  // namespace strata::gpu
