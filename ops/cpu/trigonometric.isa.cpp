// Loops of trigonometric and hyperbolic functions for one instruction set.
#include "strata/ops/trigonometric.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Sin, Isa::STRATA_ISA>;
template struct KernelSet<Cos, Isa::STRATA_ISA>;
template struct KernelSet<Tan, Isa::STRATA_ISA>;
template struct KernelSet<Asin, Isa::STRATA_ISA>;
template struct KernelSet<Acos, Isa::STRATA_ISA>;
template struct KernelSet<Atan, Isa::STRATA_ISA>;
template struct KernelSet<Sinh, Isa::STRATA_ISA>;
template struct KernelSet<Cosh, Isa::STRATA_ISA>;
template struct KernelSet<Tanh, Isa::STRATA_ISA>;
template struct KernelSet<Asinh, Isa::STRATA_ISA>;
template struct KernelSet<Acosh, Isa::STRATA_ISA>;
template struct KernelSet<Atanh, Isa::STRATA_ISA>;
template struct KernelSet<Sinc, Isa::STRATA_ISA>;
template struct KernelSet<Atan2, Isa::STRATA_ISA>;
}  // namespace strata
