// The tables of reduction loops, one for each instruction set: filled by ops/cpu/reduce.isa.cpp and
// reduce_stats.isa.cpp, read by reduce_kernel().
#pragma once
#include "strata/core/cpu_isa.hpp"
#include "strata/ops/cpu/reduce.hpp"

namespace strata {

struct ReduceKernels {
  ReduceKernel of[reducer_count][dtype_count];
};

template <Isa I>
struct ReduceSet {
  static const ReduceKernels table;
};
template <>
const ReduceKernels ReduceSet<Isa::baseline>::table;
template <>
const ReduceKernels ReduceSet<Isa::avx2>::table;
template <>
const ReduceKernels ReduceSet<Isa::avx512>::table;

/// Moments and log of a sum of exponentials, for float32 and float64.
struct StatisticKernels {
  ReduceKernel moments[2], logsumexp[2];
};

template <Isa I>
struct StatisticSet {
  static const StatisticKernels table;
};
template <>
const StatisticKernels StatisticSet<Isa::baseline>::table;
template <>
const StatisticKernels StatisticSet<Isa::avx2>::table;
template <>
const StatisticKernels StatisticSet<Isa::avx512>::table;

}  // namespace strata
