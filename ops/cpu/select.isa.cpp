// Loops of choosing ops for one instruction set.
#include "strata/ops/select.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Where, Isa::STRATA_ISA>;
template struct KernelSet<Wins, Isa::STRATA_ISA>;
template struct KernelSet<Maximum, Isa::STRATA_ISA>;
template struct KernelSet<Minimum, Isa::STRATA_ISA>;
template struct KernelSet<Fmax, Isa::STRATA_ISA>;
template struct KernelSet<Fmin, Isa::STRATA_ISA>;
template struct KernelSet<Clip, Isa::STRATA_ISA>;
template struct KernelSet<Clamp, Isa::STRATA_ISA>;
template struct KernelSet<Lerp, Isa::STRATA_ISA>;
template struct KernelSet<Abs, Isa::STRATA_ISA>;
template struct KernelSet<Sign, Isa::STRATA_ISA>;
template struct KernelSet<CopySign, Isa::STRATA_ISA>;
template struct KernelSet<NextAfter, Isa::STRATA_ISA>;
template struct KernelSet<Heaviside, Isa::STRATA_ISA>;
template struct KernelSet<NanToNum, Isa::STRATA_ISA>;
}  // namespace strata
