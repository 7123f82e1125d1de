// Loops of special functions for one instruction set.
#include "strata/ops/special.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Erf, Isa::STRATA_ISA>;
template struct KernelSet<Erfc, Isa::STRATA_ISA>;
template struct KernelSet<ErfInv, Isa::STRATA_ISA>;
template struct KernelSet<Lgamma, Isa::STRATA_ISA>;
template struct KernelSet<Digamma, Isa::STRATA_ISA>;
template struct KernelSet<I0e, Isa::STRATA_ISA>;
template struct KernelSet<I1e, Isa::STRATA_ISA>;
template struct KernelSet<Polygamma, Isa::STRATA_ISA>;
template struct KernelSet<Zeta, Isa::STRATA_ISA>;
template struct KernelSet<LogNdtr, Isa::STRATA_ISA>;
template struct KernelSet<Ndtri, Isa::STRATA_ISA>;
}  // namespace strata
