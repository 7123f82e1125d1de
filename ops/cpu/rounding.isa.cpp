// Loops of rounding and division for one instruction set.
#include "strata/ops/rounding.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Floor, Isa::STRATA_ISA>;
template struct KernelSet<Ceil, Isa::STRATA_ISA>;
template struct KernelSet<Trunc, Isa::STRATA_ISA>;
template struct KernelSet<Rint, Isa::STRATA_ISA>;
template struct KernelSet<RoundAway, Isa::STRATA_ISA>;
template struct KernelSet<RoundDecimals, Isa::STRATA_ISA>;
template struct KernelSet<FloorDivide, Isa::STRATA_ISA>;
template struct KernelSet<TruncDivide, Isa::STRATA_ISA>;
template struct KernelSet<Remainder, Isa::STRATA_ISA>;
template struct KernelSet<Fmod, Isa::STRATA_ISA>;
}  // namespace strata
