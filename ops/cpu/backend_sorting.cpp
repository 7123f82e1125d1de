// Sorting kernels of the CPU.
#include "strata/ops/backend/sorting.hpp"

namespace strata {

const SortingKernels cpu_sorting{};

}  // namespace strata
