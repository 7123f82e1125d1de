// Kernels of the arithmetic ops on a GPU: the ops of ops/cpu/arithmetic.isa.cpp.
#include "strata/ops/arithmetic.hpp"
#include "strata/ops/cuda/pointwise.hpp"

namespace strata::gpu {
const std::span<const Formula> arithmetic_formulas = formulas<false, Add, Sub, Mul, Div, Neg, Square, Reciprocal>;
}
