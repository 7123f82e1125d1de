// Random kernels of a GPU, seen from tensors.
#include "strata/ops/backend/random.hpp"

namespace strata {

const RandomKernels cuda_random{};

}  // namespace strata
