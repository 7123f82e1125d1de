// Linalg kernels of a device.
#pragma once

namespace strata {

struct LinalgKernels {};

extern const LinalgKernels cpu_linalg, cuda_linalg;

}  // namespace strata
