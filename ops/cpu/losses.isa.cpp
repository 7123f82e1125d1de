// Loops of losses for one instruction set.
#include "strata/ops/losses.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<SquaredError, Isa::STRATA_ISA>;
template struct KernelSet<L2Loss, Isa::STRATA_ISA>;
template struct KernelSet<Huber, Isa::STRATA_ISA>;
template struct KernelSet<LogCosh, Isa::STRATA_ISA>;
template struct KernelSet<SigmoidCrossEntropy, Isa::STRATA_ISA>;
}  // namespace strata
