// Slice kernels of the CPU.
#include "strata/ops/backend/slices.hpp"

namespace strata {

const SlicesKernels cpu_slices{};

}  // namespace strata
