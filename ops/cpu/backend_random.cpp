// Random kernels of the CPU.
#include "strata/ops/backend/random.hpp"

namespace strata {

const RandomKernels cpu_random{};

}  // namespace strata
