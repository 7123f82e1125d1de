// A bump allocator for memory that is freed all at once. The tape keeps its nodes in one.
// Nothing is destroyed: owners of non-trivial objects destroy them before the arena goes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "strata/core/memory.hpp"

namespace strata {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (auto [p, bytes] : blocks_) memory::deallocate(p, bytes);
  }

  /// Uninitialised memory, aligned for any scalar.
  void* allocate(std::size_t bytes) {
    bytes = (bytes + 15) & ~std::size_t{15};
    if (bytes > static_cast<std::size_t>(end_ - next_)) [[unlikely]]
      grow(bytes);
    std::byte* p = next_;
    next_ += bytes;
    return p;
  }
  template <class T>
  T* allocate_array(std::size_t n) {
    T* p = static_cast<T*>(allocate(n * sizeof(T)));
    for (std::size_t i = 0; i < n; ++i) new (p + i) T();
    return p;
  }

 private:
  struct Block {
    void* memory;
    std::size_t bytes;
  };
  void grow(std::size_t bytes) {
    std::size_t block = blocks_.empty() ? 4096 : 65536;
    if (block < bytes) block = bytes;
    blocks_.push_back({memory::allocate(block), block});
    next_ = static_cast<std::byte*>(blocks_.back().memory);
    end_ = next_ + block;
  }
  std::vector<Block> blocks_;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace strata
