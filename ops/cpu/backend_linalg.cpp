// Linalg kernels of the CPU.
#include "strata/ops/backend/linalg.hpp"

namespace strata {

const LinalgKernels cpu_linalg{};

}  // namespace strata
