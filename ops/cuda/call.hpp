// The plain structs in which kernels of a GPU are asked for: strided memory, nothing owned. Used on both sides of the
// library's border (ops/cuda/*.cpp makes them of tensors, ops/cuda/*.cu runs them), so no function here is out of line.
#pragma once
#include <cstddef>
#include <cstdint>

#include "strata/core/dtype.hpp"
#include "strata/core/host_device.hpp"
#include "strata/core/shape.hpp"

namespace strata::gpu {

/// Null: done. Else what went wrong, valid until this thread's next call.
using Error = const char*;

/// The axes that all operands of a call share, neighbours merged where every stride allows it, row-major order.
struct Axes {
  int rank = 0;
  std::int64_t size = 1;  // elements
  std::int64_t shape[max_rank];
};

/// Memory read or written along those axes. Strides in elements.
struct Operand {
  void* data = nullptr;
  Dtype dtype = Dtype::float32;
  std::int64_t strides[max_rank];
};

/// i / n: in 32 bits where both fit, which a GPU does several times faster.
STRATA_HD std::int64_t quotient(std::int64_t i, std::int64_t n) {
  if (((i | n) >> 31) == 0) return static_cast<std::uint32_t>(i) / static_cast<std::uint32_t>(n);
  return i / n;
}

/// The offset of element i of `axes` in memory with these strides, in elements.
STRATA_HD std::int64_t offset_of(const Axes& axes, const std::int64_t* strides, std::int64_t i) {
  std::int64_t at = 0;
  for (int k = axes.rank - 1; k > 0; --k) {
    const std::int64_t n = axes.shape[k], q = quotient(i, n);
    at += (i - q * n) * strides[k];
    i = q;
  }
  return axes.rank > 0 ? at + i * strides[0] : 0;
}

}  // namespace strata::gpu
