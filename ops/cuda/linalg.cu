// Linalg kernels of a GPU.
#include "strata/ops/cuda/linalg.hpp"

namespace strata::gpu {

const LinalgLibrary linalg_library{};

}  // namespace strata::gpu
