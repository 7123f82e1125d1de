// Reduction kernels of a GPU, seen from tensors.
#include "strata/ops/backend/reductions.hpp"

namespace strata {

const ReductionsKernels cuda_reductions{};

}  // namespace strata
