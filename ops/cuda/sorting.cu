// Sorting kernels of a GPU.
#include "strata/ops/cuda/sorting.hpp"

namespace strata::gpu {

const SortingLibrary sorting_library{};

}  // namespace strata::gpu
