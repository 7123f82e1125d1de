// Slices kernels of a device.
#pragma once

namespace strata {

struct SlicesKernels {};

extern const SlicesKernels cpu_slices, cuda_slices;

}  // namespace strata
