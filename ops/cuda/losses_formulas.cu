// Kernels of the losses ops on a GPU: the ops of ops/cpu/losses.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/losses.hpp"

namespace strata::gpu {
const std::span<const Formula> losses_formulas =
    formulas<true, SquaredError, L2Loss, Huber, LogCosh, SigmoidCrossEntropy>;
}
