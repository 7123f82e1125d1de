// Window kernels of a GPU, seen from tensors.
#include "strata/ops/backend/windows.hpp"

namespace strata {

const WindowsKernels cuda_windows{};

}  // namespace strata
