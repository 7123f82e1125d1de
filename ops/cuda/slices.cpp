// Slice kernels of a GPU, seen from tensors.
#include "strata/ops/backend/slices.hpp"

namespace strata {

const SlicesKernels cuda_slices{};

}  // namespace strata
