// Windows kernels of a device.
#pragma once

namespace strata {

struct WindowsKernels {};

extern const WindowsKernels cpu_windows, cuda_windows;

}  // namespace strata
