// Loops of the arithmetic ops for one instruction set.
#include "strata/ops/arithmetic.hpp"
#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Add, Isa::STRATA_ISA>;
template struct KernelSet<Sub, Isa::STRATA_ISA>;
template struct KernelSet<Mul, Isa::STRATA_ISA>;
template struct KernelSet<Div, Isa::STRATA_ISA>;
template struct KernelSet<Neg, Isa::STRATA_ISA>;
template struct KernelSet<Square, Isa::STRATA_ISA>;
template struct KernelSet<Reciprocal, Isa::STRATA_ISA>;
}  // namespace strata
