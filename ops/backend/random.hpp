// Random kernels of a device.
#pragma once

namespace strata {

struct RandomKernels {};

extern const RandomKernels cpu_random, cuda_random;

}  // namespace strata
