// Memory for the while of a kernel, from the caching allocator. Used by CPU kernels.
#pragma once
#include <cstdint>

#include "strata/core/memory.hpp"

namespace strata {

template <class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t n)
      : bytes_(static_cast<std::size_t>(n) * sizeof(T)), p_(static_cast<T*>(memory::allocate(bytes_))) {}
  ~Scratch() { memory::deallocate(p_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* get() const { return p_; }

 private:
  std::size_t bytes_;
  T* p_;
};

}  // namespace strata
