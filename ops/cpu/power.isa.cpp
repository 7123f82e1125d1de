// Loops of powers and roots for one instruction set.
#include "strata/ops/power.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Sqrt, Isa::STRATA_ISA>;
template struct KernelSet<Rsqrt, Isa::STRATA_ISA>;
template struct KernelSet<Cbrt, Isa::STRATA_ISA>;
template struct KernelSet<IntegerPow, Isa::STRATA_ISA>;
template struct KernelSet<Pow, Isa::STRATA_ISA>;
template struct KernelSet<Hypot, Isa::STRATA_ISA>;
template struct KernelSet<BinaryExponent, Isa::STRATA_ISA>;
}  // namespace strata
