// Window kernels of a GPU.
#include "strata/ops/cuda/windows.hpp"

namespace strata::gpu {

const WindowLibrary windows_library{};

}  // namespace strata::gpu
