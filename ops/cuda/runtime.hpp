// Memory, streams and errors of a GPU, inside its library. Called by the launchers and by the wrappers of NVIDIA's
// libraries; implemented by runtime.cu.
#pragma once
#include <cuda_runtime.h>

#include "strata/ops/cuda/scratch.hpp"

namespace strata::gpu {

inline constexpr int max_devices = 16;

/// Makes `device` current for this thread and gives the thread's stream on it; null with `error` set when it can't.
cudaStream_t stream_on(int device, Error& error);
/// What a call of CUDA's said: null for success.
Error said(cudaError_t code);
/// Keeps a text for this thread until its next error.
Error text(const char* what, const char* detail = "");

}  // namespace strata::gpu
