// Random kernels of a GPU.
#include "strata/ops/cuda/random.hpp"

namespace strata::gpu {

const RandomLibrary random_library{};

}  // namespace strata::gpu
