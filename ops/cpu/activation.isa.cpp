// Loops of activation functions for one instruction set.
#include "strata/ops/activation.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Relu, Isa::STRATA_ISA>;
template struct KernelSet<Relu6, Isa::STRATA_ISA>;
template struct KernelSet<Selu, Isa::STRATA_ISA>;
template struct KernelSet<GeluTanh, Isa::STRATA_ISA>;
template struct KernelSet<GeluErf, Isa::STRATA_ISA>;
template struct KernelSet<Silu, Isa::STRATA_ISA>;
template struct KernelSet<Mish, Isa::STRATA_ISA>;
template struct KernelSet<Softplus, Isa::STRATA_ISA>;
template struct KernelSet<LogSigmoid, Isa::STRATA_ISA>;
template struct KernelSet<HardTanh, Isa::STRATA_ISA>;
template struct KernelSet<HardSigmoid, Isa::STRATA_ISA>;
template struct KernelSet<HardSwish, Isa::STRATA_ISA>;
template struct KernelSet<SoftSign, Isa::STRATA_ISA>;
template struct KernelSet<SparsePlus, Isa::STRATA_ISA>;
template struct KernelSet<SparseSigmoid, Isa::STRATA_ISA>;
template struct KernelSet<LeakyRelu, Isa::STRATA_ISA>;
template struct KernelSet<Elu, Isa::STRATA_ISA>;
template struct KernelSet<Celu, Isa::STRATA_ISA>;
template struct KernelSet<SquarePlus, Isa::STRATA_ISA>;
}  // namespace strata
