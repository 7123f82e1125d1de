// Loops of bit operations for one instruction set.
#include "strata/ops/bitwise.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<BitwiseAnd, Isa::STRATA_ISA>;
template struct KernelSet<BitwiseOr, Isa::STRATA_ISA>;
template struct KernelSet<BitwiseXor, Isa::STRATA_ISA>;
template struct KernelSet<BitwiseNot, Isa::STRATA_ISA>;
template struct KernelSet<LeftShift, Isa::STRATA_ISA>;
template struct KernelSet<RightShift, Isa::STRATA_ISA>;
template struct KernelSet<RightShiftLogical, Isa::STRATA_ISA>;
template struct KernelSet<PopulationCount, Isa::STRATA_ISA>;
template struct KernelSet<LeadingZeros, Isa::STRATA_ISA>;
template struct KernelSet<Gcd, Isa::STRATA_ISA>;
template struct KernelSet<Lcm, Isa::STRATA_ISA>;
}  // namespace strata
