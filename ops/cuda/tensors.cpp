// Merging axes of operands.
#include "strata/ops/cuda/tensors.hpp"

#include <algorithm>
#include <cstring>

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
  std::int64_t* strides[max_merged];
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

void place_numbers(std::span<const Tensor> x, Operand* operands, unsigned char (*value)[8]) {
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Dense& d = dense(x[k]);
    if (d.device != cpu) continue;
    std::memcpy(value[k], d.data, static_cast<std::size_t>(itemsize(d.dtype)));
    operands[k].data = nullptr;
  }
}

bool all_plain(const Axes& axes, std::span<const Operand> operands) {
  if (axes.rank > 1) return false;
  for (const Operand& o : operands) {
    if (o.data && axes.rank == 1 && o.strides[0] != 1 && o.strides[0] != 0) return false;
  }
  return true;
}

}  // namespace strata::gpu
