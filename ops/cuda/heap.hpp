// The caching allocator of one GPU: blocks by size class and pool. A pool is a stream (work on it is in order, so a
// freed block may be handed out again at once) or a captured graph. Used by the library's runtime and by the double;
// tests run it over a heap that is not there. The process's only lock per GPU is here.
// Always holds: a block is in one list or in use; memory returns to the driver only by release() or when the driver has
// no more, then all of it once.
#pragma once
#include <cstdio>
#include <mutex>
#include <vector>

#include "strata/core/device.hpp"
#include "strata/core/memory_classes.hpp"

namespace strata::gpu {

inline constexpr int first_graph_pool = 16;  ///< before it streams, from it on captured graphs
inline constexpr int max_pools = 64;

/// Raw: `void* take(std::size_t)` (null when there is no more), `void give(void*)`, `bool wait()`: for all
/// work; false where that cannot be, and then memory stays where it is.
template <class Raw>
class Heap {
 public:
  explicit Heap(Raw raw = {}) : raw_(raw) {}

  /// A block of at least `bytes`; null when the driver has no more even after the caches were flushed.
  void* allocate(std::size_t bytes, int pool) {
    const std::lock_guard lock(mutex_);
    const std::size_t c = class_of(bytes), size = strata::memory::detail::class_bytes(c);
    void* block = pop(pool, c);
    if (!block) block = carve(size);
    if (!block) {
      flush();
      block = carve(size);
    }
    if (!block) return nullptr;
    held_.in_use += size;
    if (held_.in_use > held_.peak) held_.peak = held_.in_use;
    ++held_.allocations;
    return block;
  }

  void deallocate(void* block, std::size_t bytes, int pool) {
    const std::lock_guard lock(mutex_);
    const std::size_t c = class_of(bytes), size = strata::memory::detail::class_bytes(c);
    list(pool, c).push_back(block);
    held_.in_use -= size;
    held_.cached += size;
  }

  /// Gives what is cached back to the driver.
  void release() {
    const std::lock_guard lock(mutex_);
    flush();
  }
  /// A captured graph is gone: its blocks are anybody's who waits for the device, so they go back. False when it could
  /// not be waited for: they stay the graph's.
  bool release_pool(int pool) {
    const std::lock_guard lock(mutex_);
    if (!raw_.wait()) return false;
    give_back(pool);
    return true;
  }

  DeviceMemory held() {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    held_.peak = held_.in_use;
  }
  /// "asked for 4096 bytes; 123 in use, 456 cached, largest cached block 64": after an allocation failed.
  const char* shortage(std::size_t asked) {
    const std::lock_guard lock(mutex_);
    std::snprintf(text_, sizeof text_,
                  "out of memory: %zu bytes asked for, %zu in use, largest free block %zu, after the caches were "
                  "flushed; use smaller batches, or vmap(f, {.chunk = n})",
                  asked, held_.in_use, largest_cached());
    return text_;
  }

 private:
  static constexpr std::size_t least = 512, slab_limit = std::size_t{1} << 20, slab_size = std::size_t{16} << 20;
  using List = std::vector<void*>;

  static std::size_t class_of(std::size_t bytes) {
    return strata::memory::detail::class_index(bytes < least ? least : bytes);
  }
  List& list(int pool, std::size_t c) {
    auto& of_pool = lists_[pool];
    if (of_pool.size() <= c) of_pool.resize(c + 1);
    return of_pool[c];
  }
  void* pop(int pool, std::size_t c) {
    List& blocks = list(pool, c);
    if (blocks.empty()) return nullptr;
    void* block = blocks.back();
    blocks.pop_back();
    held_.cached -= strata::memory::detail::class_bytes(c);
    return block;
  }
  /// A new block: small ones are cut from slabs, which are kept for good. All begin at multiples of 256 bytes.
  void* carve(std::size_t size) {
    if (size > slab_limit) return raw_.take(size);
    size = (size + 255) / 256 * 256;
    if (slab_left_ < size) {
      auto* slab = static_cast<unsigned char*>(raw_.take(slab_size));
      if (!slab) return nullptr;
      slab_ = slab;
      slab_left_ = slab_size;
    }
    void* block = slab_;
    slab_ += size;
    slab_left_ -= size;
    return block;
  }
  void flush() {
    if (!raw_.wait()) return;
    for (int pool = 0; pool < first_graph_pool; ++pool) give_back(pool);
  }
  void give_back(int pool) {
    for (std::size_t c = 0; c < lists_[pool].size(); ++c) {
      const std::size_t size = strata::memory::detail::class_bytes(c);
      List& blocks = lists_[pool][c];
      if (size <= slab_limit) {  // part of a slab: another pool may have it
        if (pool != 0) {
          List& first = list(0, c);
          first.insert(first.end(), blocks.begin(), blocks.end());
          blocks.clear();
        }
        continue;
      }
      for (void* block : blocks) raw_.give(block), held_.cached -= size;
      blocks.clear();
    }
  }
  std::size_t largest_cached() const {
    std::size_t largest = 0;
    for (const auto& of_pool : lists_) {
      for (std::size_t c = 0; c < of_pool.size(); ++c) {
        if (!of_pool[c].empty()) largest = std::max(largest, strata::memory::detail::class_bytes(c));
      }
    }
    return largest;
  }

  std::mutex mutex_;
  Raw raw_;
  std::vector<List> lists_[max_pools];
  unsigned char* slab_ = nullptr;
  std::size_t slab_left_ = 0;
  DeviceMemory held_{};
  char text_[256];
};

}  // namespace strata::gpu
