// Inner products of sums of outer products, lane by lane, without their elements. Called by ops/factored.cpp.
#pragma once
#include <cstdint>

#include "strata/core/cpu_isa.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

/// A term of one sort, as ops/factored.hpp has it: row-major, float32 or float64.
struct LaneTerm {
  Tensor a, b;
  bool indexed;
};

/// out[l] += sum over all elements of lane l of f times g; both stand for [lanes, rows, cols]. By products of rows (the
/// Gram matrix) or by the elements a tile at a time, whichever takes less; the choice follows from sizes alone.
void add_lane_products(const LaneTerm& f, const LaneTerm& g, std::int64_t rows, double* out);

/// sum of x[i] * y[i], in double over short pieces.
struct DotKernels {
  double (*f32)(const float* x, const float* y, std::int64_t n);
  double (*f64)(const double* x, const double* y, std::int64_t n);
};
template <Isa I>
struct DotSet {
  static const DotKernels table;
};
template <>
const DotKernels DotSet<Isa::baseline>::table;
template <>
const DotKernels DotSet<Isa::avx2>::table;
template <>
const DotKernels DotSet<Isa::avx512>::table;

}  // namespace strata
