// Pointwise ops, copies and fills on a GPU, as plain calls. Asked for by ops/cuda/elements.cpp; run by
// ops/cuda/elements.cu and, for each op's formula, ops/cuda/*_pointwise.cu.
#pragma once
#include "strata/ops/counting.hpp"
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

inline constexpr int max_operands = 4;

/// y = f(params, x...) over `axes`; y is row-major. An operand without memory is a number: one element, by value.
struct PointwiseCall {
  Axes axes;
  void* y;
  bool plain;  // every operand with memory lies as y does, or is one element
  Operand x[max_operands];
  alignas(8) unsigned char value[max_operands][8];
  alignas(16) unsigned char params[32];
};
using PointwiseLaunch = Error (*)(int device, const PointwiseCall& call);

/// Every element of `from` into `to`, converted; the axes are both's.
struct CopyCall {
  Axes axes;
  Operand from, to;
};
struct FillCall {
  Axes axes;
  Operand to;
  alignas(8) unsigned char value[8];
};
/// y[i] = counted(counting, i) for i < n.
struct CountCall {
  void* y;
  Dtype dtype;
  std::int64_t n;
  Counting counting;
};

struct ElementLibrary {
  /// The kernel of an op's formula (`scaled`: of its derivative's) for operands of this dtype; null when there is none.
  PointwiseLaunch (*pointwise)(const char* op, bool scaled, Dtype dtype);
  Error (*copy)(int device, const CopyCall& call);
  Error (*fill)(int device, const FillCall& call);
  Error (*count)(int device, const CountCall& call);
};
extern const ElementLibrary elements_library;

}  // namespace strata::gpu
