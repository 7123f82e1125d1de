// Loops of exponentials and logarithms for one instruction set.
#include "strata/ops/exponential.hpp"

#include "strata/ops/cpu/pointwise_loops.hpp"

namespace strata {
template struct KernelSet<Exp, Isa::STRATA_ISA>;
template struct KernelSet<Exp2, Isa::STRATA_ISA>;
template struct KernelSet<Expm1, Isa::STRATA_ISA>;
template struct KernelSet<Log, Isa::STRATA_ISA>;
template struct KernelSet<Log2, Isa::STRATA_ISA>;
template struct KernelSet<Log10, Isa::STRATA_ISA>;
template struct KernelSet<Log1p, Isa::STRATA_ISA>;
template struct KernelSet<Logistic, Isa::STRATA_ISA>;
template struct KernelSet<LogAddExp, Isa::STRATA_ISA>;
template struct KernelSet<LogAddExp2, Isa::STRATA_ISA>;
template struct KernelSet<XLogY, Isa::STRATA_ISA>;
template struct KernelSet<XLog1pY, Isa::STRATA_ISA>;
}  // namespace strata
