// Kernels of the bitwise ops on a GPU: the ops of ops/cpu/bitwise.isa.cpp.
#include "strata/ops/bitwise.hpp"
#include "strata/ops/cuda/pointwise.hpp"

namespace strata::gpu {
const std::span<const Formula> bitwise_formulas =
    formulas<false, BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot, LeftShift, RightShift, RightShiftLogical,
             PopulationCount, LeadingZeros, Gcd, Lcm>;
}
