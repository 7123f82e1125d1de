// Kernels of the power ops on a GPU: the ops of ops/cpu/power.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/power.hpp"

namespace strata::gpu {
const std::span<const Formula> power_formulas =
    formulas<true, Sqrt, Rsqrt, Cbrt, IntegerPow, Pow, Hypot, BinaryExponent>;
}
