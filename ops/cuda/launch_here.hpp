// launch_here: a kernel of the user's own file, on the calling thread's stream. Called by ops/elementwise/kernel.hpp.
// The stream is the GPU library's (core/device_library.hpp); on the double of a GPU it is what takes work.
#pragma once
#include "strata/ops/cuda/call.hpp"

#if defined(__CUDACC__)
#include <cuda_runtime.h>

#include "strata/ops/cuda/each.hpp"

namespace strata::gpu {

/// The file's own CUDA runtime may have another device current: it gets this one for the while.
template <class F>
Error launch_here(void* stream, int device, std::int64_t n, const F& f) {
  int before = device;
  cudaError_t code = cudaGetDevice(&before);
  if (code == cudaSuccess && before != device) code = cudaSetDevice(device);
  if (code == cudaSuccess) {
    detail::each<<<static_cast<unsigned>(blocks_for(n)), block_threads, 0, static_cast<cudaStream_t>(stream)>>>(n, f);
    code = cudaGetLastError();
    if (before != device) cudaSetDevice(before);
  }
  return code == cudaSuccess ? nullptr : cudaGetErrorString(code);
}

}  // namespace strata::gpu
#else
#include "strata/ops/cuda/launch_host.hpp"

namespace strata::gpu {

template <class F>
Error launch_here(void* stream, int, std::int64_t n, const F& f) {
  return static_cast<const HostStream*>(stream)->give([=] {
    for (std::int64_t i = 0; i < n; ++i) f(i);
  });
}

}  // namespace strata::gpu
#endif
