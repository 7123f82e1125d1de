// Kernels of the rounding ops on a GPU: the ops of ops/cpu/rounding.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/rounding.hpp"

namespace strata::gpu {
const std::span<const Formula> rounding_formulas =
    formulas<false, Floor, Ceil, Trunc, Rint, RoundAway, RoundDecimals, FloorDivide, TruncDivide, Remainder, Fmod>;
}
