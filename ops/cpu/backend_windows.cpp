// Window kernels of the CPU.
#include "strata/ops/backend/windows.hpp"

namespace strata {

const WindowsKernels cpu_windows{};

}  // namespace strata
