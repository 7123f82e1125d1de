// From tensors to the plain calls of a GPU's kernels: merged axes, operands, error texts. Included by ops/cuda/*.cpp.
#pragma once
#include <initializer_list>
#include <span>

#include "strata/core/device_library.hpp"
#include "strata/core/tensor.hpp"
#include "strata/ops/cuda/kernels.hpp"

namespace strata::gpu {

/// The kernels of the GPU that dense x lies on.
inline const Kernels& kernels(const Tensor& x) { return *device_library("kernels", dense(x).device).kernels; }
inline int index_of(const Tensor& x) { return dense(x).device.index; }
/// DeviceError "op: on cuda:0: ..." unless null. It names the op that runs; `kernel` outside of ops.
inline void check(const char* kernel, const Tensor& x, Error error) {
  check_device(strata::detail::op_on_device ? strata::detail::op_on_device : kernel, dense(x).device, error);
}

/// DeviceError: there is no such kernel yet.
[[noreturn]] void no_kernel(const char* op, const Tensor& x);

inline constexpr int max_merged = 16;  ///< operands
/// The common axes of operands over `shape` (each broadcasts to it), merged; fills their strides.
Axes merged_axes(const Shape& shape, std::span<const Tensor> x, std::span<Operand> operands);
/// The same for tensors of exactly this shape.
inline Axes merged_axes(const Tensor& a, Operand& oa) { return merged_axes(a.shape(), {&a, 1}, {&oa, 1}); }

/// An operand of a dense tensor, its strides as they are (its axes are the tensor's own).
Operand operand(const Tensor& x);
/// Scalars of the CPU go by value: each gets its bytes in `value`, and no memory.
void place_numbers(std::span<const Tensor> x, Operand* operands, unsigned char (*value)[8]);
/// Whether every operand with memory lies row-major without gaps over `axes`, or is one element.
bool all_plain(const Axes& axes, std::span<const Operand> operands);
/// The axes of a shape, not merged.
Axes axes_of(const Shape& shape);

}  // namespace strata::gpu
