// Pointwise ops, copies and fills of tensors on a GPU: operands and results for the kernels of ops/cuda/elements.cu.
// Called through backend(x).elements.
#include "strata/ops/backend.hpp"

#include <cstring>

#include "strata/ops/cuda/tensors.hpp"

namespace strata::gpu {
namespace {

static_assert(max_operands == max_arity);

PointwiseLaunch find_kernel(const PointwiseInfo& info, Dtype dtype, const Kernels& k) {
  std::atomic<const void*>& slot = info.gpu->of[static_cast<int>(dtype)];
  if (const void* known = slot.load(std::memory_order_acquire)) return reinterpret_cast<PointwiseLaunch>(known);
  const PointwiseLaunch found = k.elements.pointwise(info.name.data(), info.scaled, dtype);
  slot.store(reinterpret_cast<const void*>(found), std::memory_order_release);
  return found;
}

Tensor result_buffer(Out x, const Shape& shape, Dtype stored, Device device, bool weak) {
  for (Tensor& t : x) {
    if (dense(t).device == device && t.dtype() == stored && t.shape() == shape && may_overwrite(t)) {
      dense(t).weak = weak;
      return t;
    }
  }
  return empty_dense(shape, stored, device, weak);
}

Tensor pointwise(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, bool weak) {
  const Device device = device_of(x);
  const Dtype dtype = x[x.size() - 1].dtype();
  const Kernels& k = *device_library(info.name.data(), device).kernels;
  const PointwiseLaunch launch = find_kernel(info, dtype, k);
  PointwiseCall call;
  if (!launch || info.params_size > sizeof call.params) {
    for (const Tensor& t : x) {
      if (dense(t).device == device) no_kernel(info.name.data(), t);
    }
  }
  if (info.params_size > 0) std::memcpy(call.params, params, info.params_size);
  call.axes = merged_axes(shape, x, {call.x, x.size()});
  place_numbers(x, call.x, call.value);
  call.plain = all_plain(call.axes, {call.x, x.size()});
  Tensor y = result_buffer(x, shape, result_dtype(info.typing, dtype), device, weak);
  call.y = dense(y).data;
  if (call.axes.size > 0) check_device(info.name.data(), device, launch(device.index, call));
  return y;
}

void copy(const Tensor& from, const Tensor& to) {
  CopyCall call;
  const Tensor both[] = {from, to};
  Operand operands[2];
  call.axes = merged_axes(to.shape(), both, operands);
  call.from = operands[0];
  call.to = operands[1];
  if (call.axes.size > 0) check("copy", to, kernels(to).elements.copy(index_of(to), call));
}

void fill(const Tensor& to, const void* value) {
  FillCall call;
  call.axes = merged_axes(to, call.to);
  std::memcpy(call.value, value, static_cast<std::size_t>(itemsize(to.dtype())));
  if (call.axes.size > 0) check("fill", to, kernels(to).elements.fill(index_of(to), call));
}

void count(const Tensor& to, const Counting& c) {
  const CountCall call{dense(to).data, to.dtype(), to.size(), c};
  if (call.n > 0) check("arange", to, kernels(to).elements.count(index_of(to), call));
}

}  // namespace
}  // namespace strata::gpu

namespace strata {
const ElementKernels cuda_elements{&gpu::pointwise, &gpu::copy, &gpu::fill, &gpu::count};
}
