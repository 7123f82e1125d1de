// Merging axes of operands.
#include "strata/ops/cuda/tensors.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/cpu/strided.hpp"

namespace strata::gpu {

void no_kernel(const char* op, const Tensor& x) {
  throw DeviceError(std::string(op) + ": has no kernel on " + to_string(dense(x).device) +
                    "; move the argument with x.to(st::cpu)" + level_context());
}

Operand operand(const Tensor& x) {
  const Dense& d = dense(x);
  Operand o;
  o.data = d.data;
  o.dtype = d.dtype;
  std::copy(d.strides.begin(), d.strides.end(), o.strides);
  return o;
}

Axes axes_of(const Shape& shape) {
  Axes a;
  a.rank = shape.size();
  std::copy(shape.begin(), shape.end(), a.shape);
  a.size = shape.elements();
  return a;
}

Axes merged_axes(const Shape& shape, std::span<const Tensor> x, std::span<Operand> operands) {
  Axes a = axes_of(shape);
  std::int64_t* strides[8];
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Dense& d = dense(x[k]);
    operands[k].data = d.data;
    operands[k].dtype = d.dtype;
    strides[k] = operands[k].strides;
    const int offset = shape.size() - d.shape.size();
    for (int i = 0; i < shape.size(); ++i)
      strides[k][i] = i < offset || d.shape[i - offset] == 1 ? 0 : d.strides[i - offset];
  }
  a.rank = merge_axes(a.rank, a.shape, strides, static_cast<int>(x.size()));
  return a;
}

}  // namespace strata::gpu
