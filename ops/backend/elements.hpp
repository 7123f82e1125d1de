// What a device does to elements one by one: pointwise ops, copies, filling. Implemented by ops/cpu/elements.cpp and
// ops/cuda/elements.cpp; called through backend(x).elements.
#pragma once
#include "strata/ops/counting.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct ElementKernels {
  /// The result of a pointwise op over `shape`; operands have settled dtypes, some may be numbers.
  Tensor (*pointwise)(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, bool weak);
  /// Every element of `from` into `to`: one shape, any strides, any dtypes (converted as core/convert.hpp says).
  void (*copy)(const Tensor& from, const Tensor& to);
  /// The element at `value` (host memory, of to's dtype) everywhere in `to`, which may be strided.
  void (*fill)(const Tensor& to, const void* value);
  /// to[i] for the only axis of `to`, converted to its dtype.
  void (*count)(const Tensor& to, const Counting& c);
};

extern const ElementKernels cpu_elements, cuda_elements;

}  // namespace strata
