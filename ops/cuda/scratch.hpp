// Memory of a GPU for the while of a call, from its caching allocator. Used by launchers and wrappers of libraries;
// implemented by runtime.cu and by the double of a GPU.
#pragma once
#include <cstddef>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

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
