// Slice kernels of a GPU.
#include "strata/ops/cuda/slices.hpp"

namespace strata::gpu {

const SliceLibrary slices_library{};

}  // namespace strata::gpu
