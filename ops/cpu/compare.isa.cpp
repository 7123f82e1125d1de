// Loops of comparisons and logic for one instruction set.
#include "strata/ops/compare.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Equal, Isa::STRATA_ISA>;
template struct KernelSet<NotEqual, Isa::STRATA_ISA>;
template struct KernelSet<Less, Isa::STRATA_ISA>;
template struct KernelSet<LessEqual, Isa::STRATA_ISA>;
template struct KernelSet<Greater, Isa::STRATA_ISA>;
template struct KernelSet<GreaterEqual, Isa::STRATA_ISA>;
template struct KernelSet<IsNan, Isa::STRATA_ISA>;
template struct KernelSet<IsInf, Isa::STRATA_ISA>;
template struct KernelSet<IsFinite, Isa::STRATA_ISA>;
template struct KernelSet<SignBit, Isa::STRATA_ISA>;
template struct KernelSet<LogicalAnd, Isa::STRATA_ISA>;
template struct KernelSet<LogicalOr, Isa::STRATA_ISA>;
template struct KernelSet<LogicalXor, Isa::STRATA_ISA>;
template struct KernelSet<LogicalNot, Isa::STRATA_ISA>;
}  // namespace strata
