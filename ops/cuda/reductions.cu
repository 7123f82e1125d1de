// Reduction kernels of a GPU.
#include "strata/ops/cuda/reductions.hpp"

namespace strata::gpu {

const ReductionLibrary reductions_library{};

}  // namespace strata::gpu
