// Reduction kernels of the CPU.
#include "strata/ops/backend/reductions.hpp"

namespace strata {

const ReductionsKernels cpu_reductions{};

}  // namespace strata
