// The kernel that all work element by element is: f(i) for each i < n. Included where nvcc compiles, by the launchers
// of the GPU's library (launch_gpu.hpp) and of users' files (launch_here.hpp).
#pragma once
#include <cstdint>

#include "strata/ops/cuda/geometry.hpp"

namespace strata::gpu::detail {

template <class F>
__global__ void __launch_bounds__(block_threads) each(std::int64_t n, F f) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block_threads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * block_threads + threadIdx.x; i < n; i += step) f(i);
}

}  // namespace strata::gpu::detail
