// Linalg kernels of a GPU, seen from tensors.
#include "strata/ops/backend/linalg.hpp"

namespace strata {

const LinalgKernels cuda_linalg{};

}  // namespace strata
