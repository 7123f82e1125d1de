// Memory of one kernel call, from the caching allocator and back to it. Used by CPU kernels.
#pragma once
#include <cstddef>
#include <cstdint>

#include "strata/core/memory.hpp"

namespace strata {

class Scratch {
 public:
  explicit Scratch(std::int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)), data_(static_cast<std::byte*>(memory::allocate(bytes_))) {}
  ~Scratch() { memory::deallocate(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::byte* data() const { return data_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::size_t bytes_;
  std::byte* data_;
};

}  // namespace strata
