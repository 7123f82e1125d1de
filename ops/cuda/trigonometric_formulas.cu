// Kernels of the trigonometric ops on a GPU: the ops of ops/cpu/trigonometric.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/trigonometric.hpp"

namespace strata::gpu {
const std::span<const Formula> trigonometric_formulas =
    formulas<true, Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Sinc, Atan2>;
}
