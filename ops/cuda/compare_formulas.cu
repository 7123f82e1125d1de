// Kernels of the compare ops on a GPU: the ops of ops/cpu/compare.isa.cpp.
#include "strata/ops/compare.hpp"
#include "strata/ops/cuda/pointwise.hpp"

namespace strata::gpu {
const std::span<const Formula> compare_formulas =
    formulas<false, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, IsNan, IsInf, IsFinite, SignBit,
             LogicalAnd, LogicalOr, LogicalXor, LogicalNot>;
}
