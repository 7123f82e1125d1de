// Memory, streams and errors of a GPU, inside its library. Called by the launchers and by the wrappers of NVIDIA's
// libraries; implemented by runtime.cu.
#pragma once
#include <cuda_runtime.h>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// Makes `device` current for this thread and gives the thread's stream on it; null with `error` set when it can't.
cudaStream_t stream_on(int device, Error& error);
/// What a call of CUDA's said: null for success.
Error said(cudaError_t code);
/// Keeps a text for this thread until its next error.
Error text(const char* what, const char* detail = "");

/// Memory for the while of a call, from the caching allocator.
class Scratch {
 public:
  Scratch(int device, std::size_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* get() const { return block_; }
  Error error() const { return error_; }

 private:
  int device_;
  std::size_t bytes_;
  void* block_ = nullptr;
  Error error_ = nullptr;
};

}  // namespace strata::gpu
