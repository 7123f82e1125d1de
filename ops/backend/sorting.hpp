// Sorting kernels of a device.
#pragma once

namespace strata {

struct SortingKernels {};

extern const SortingKernels cpu_sorting, cuda_sorting;

}  // namespace strata
