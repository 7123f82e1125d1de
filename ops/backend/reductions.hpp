// Reductions kernels of a device.
#pragma once

namespace strata {

struct ReductionsKernels {};

extern const ReductionsKernels cpu_reductions, cuda_reductions;

}  // namespace strata
