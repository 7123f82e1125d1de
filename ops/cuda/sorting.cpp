// Sorting kernels of a GPU, seen from tensors.
#include "strata/ops/backend/sorting.hpp"

namespace strata {

const SortingKernels cuda_sorting{};

}  // namespace strata
