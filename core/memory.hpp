// The caching allocator of the CPU: small blocks (tensor headers with their data) from thread-local free lists,
// storages by size class. Called by tensors and storages for every result, by kernels for scratch. Freed blocks are
// kept for reuse and never returned eagerly, because first touch of fresh pages costs far more than most ops (see
// release_cached). Any thread may free any block, also while it exits and during static destruction.
// STRATA_MEMORY=system in the environment, or a build of the library with the address sanitizer, sends every call to
// malloc and free, so that sanitizers and valgrind see each block.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace strata::memory {

/// The largest size that allocate_small serves.
inline constexpr std::size_t small_limit = 1024;
/// Blocks of at least this size lie on 2 MiB boundaries and ask for huge pages.
inline constexpr std::size_t huge_limit = std::size_t{2} << 20;

/// Thrown by the allocation functions when the system refuses memory even after the caches were released.
/// what() names the bytes asked for, in use and cached.
class OutOfMemory : public std::bad_alloc {
 public:
  OutOfMemory(std::size_t asked, std::size_t in_use, std::size_t cached) noexcept;
  const char* what() const noexcept override { return message_; }

 private:
  char message_[288];
};

/// What the allocator holds, in bytes rounded to size classes. Exact when other threads are quiet; `peak` may miss
/// what one thread's free lists (blocks up to 64 KiB) hold, never a block above 64 KiB.
struct Statistics {
  std::size_t in_use;         ///< handed out and not yet freed, all threads
  std::size_t peak;           ///< highest in_use since the start or the last reset_peak()
  std::size_t cached;         ///< held for reuse
  std::uint64_t allocations;  ///< calls of allocate and allocate_small so far
};

Statistics statistics();

/// False in the system mode, where nothing is reused and `cached` is 0.
bool caching();

/// Starts the high-water mark again from what is in use now.
void reset_peak();

/// Returns cached storages to the system: all central lists and the lists of the calling thread. Small blocks (at most
/// 2 MiB more than their own high-water mark) and the bounded lists of other threads stay.
void release_cached();

/// Measures the high-water mark of a stretch of program, all threads together. Meters nest; the outer one sees the
/// inner peak.
///     memory::PeakMeter meter;  y = f(x);  fmt::print("{} bytes\n", meter.bytes());
class PeakMeter {
 public:
  PeakMeter();
  ~PeakMeter();
  PeakMeter(const PeakMeter&) = delete;
  PeakMeter& operator=(const PeakMeter&) = delete;
  /// The most bytes that were in use at once since construction, beyond those in use then.
  std::size_t bytes() const;

 private:
  std::size_t start_;
  std::size_t outer_peak_;
};

namespace detail {

struct Block {
  Block* next;
  Block* next_batch;    // the first block of a batch on a central list links to the next batch ...
  std::uint32_t count;  // ... and knows the length of its own
};

struct Bin {
  Block* head;
  std::uint32_t room;  // blocks that may still be pushed; 0 sends the next free to the slow path
};

inline constexpr std::size_t small_step = 32;
inline constexpr std::size_t small_classes = small_limit / small_step + 1;  // class 0 serves zero bytes

enum class State : std::uint8_t { unborn, live, dead };

// One thread's free lists. All zero is a valid state (no blocks, no room), in which every call takes the slow path; so
// a thread that has not started, a thread that has ended, and the system mode need no test on the fast path.
struct ThreadCache {
  Bin small[small_classes];
  Bin* medium;                       // one bin for each class up to 64 KiB, while the thread is live
  std::atomic<std::int64_t> in_use;  // bytes handed out minus bytes freed here, not yet in the process-wide meter
  std::atomic<std::uint64_t> calls;  // allocations not yet in the process-wide count
  State state;
  ThreadCache* previous;
  ThreadCache* next;

  // Only the owner writes, others read: a relaxed load and store, no locked instruction.
  void count_allocation(std::size_t bytes) {
    in_use.store(in_use.load(std::memory_order_relaxed) + static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    calls.store(calls.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void count_free(std::size_t bytes) {
    in_use.store(in_use.load(std::memory_order_relaxed) - static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }
};

// __thread rather than thread_local: constant initialisation is part of the declaration, so no access goes through a
// wrapper.
extern __thread ThreadCache cache __attribute__((tls_model("initial-exec")));

void* allocate_small_slow(std::size_t bytes);
void free_small_slow(void* pointer, std::size_t bytes) noexcept;

}  // namespace detail

/// `bytes` rounded up to what allocate_small hands out: a multiple of 32.
constexpr std::size_t small_class_size(std::size_t bytes) {
  return bytes == 0 ? detail::small_step : (bytes + detail::small_step - 1) / detail::small_step * detail::small_step;
}

/// A block of at least `bytes` <= small_limit bytes, aligned to 32. Zero bytes give a valid block. Throws OutOfMemory.
inline void* allocate_small(std::size_t bytes) {
  detail::ThreadCache& cache = detail::cache;
  detail::Bin& bin = cache.small[(bytes + detail::small_step - 1) / detail::small_step];
  detail::Block* block = bin.head;
  if (block == nullptr) [[unlikely]]
    return detail::allocate_small_slow(bytes);
  bin.head = block->next;
  ++bin.room;
  cache.count_allocation(small_class_size(bytes));
  return block;
}

/// Gives back a block of allocate_small; `bytes` as asked for. Null is ignored.
inline void free_small(void* pointer, std::size_t bytes) noexcept {
  if (pointer == nullptr) return;
  detail::ThreadCache& cache = detail::cache;
  detail::Bin& bin = cache.small[(bytes + detail::small_step - 1) / detail::small_step];
  if (bin.room == 0) [[unlikely]]
    return detail::free_small_slow(pointer, bytes);
  auto* block = static_cast<detail::Block*>(pointer);
  block->next = bin.head;
  bin.head = block;
  --bin.room;
  cache.count_free(small_class_size(bytes));
}

/// `bytes` rounded up to what allocate hands out: multiples of 64 up to 512, then eight classes to each power of two.
///     memory::class_size(513) == 576
std::size_t class_size(std::size_t bytes);

/// A block of at least `bytes` bytes of any size, aligned to 64; from huge_limit on aligned to 2 MiB. Contents are
/// undefined. Zero bytes give a valid block. Throws OutOfMemory.
void* allocate(std::size_t bytes);

/// Gives back a block of allocate; `bytes` as asked for (or class_size of it). Null is ignored.
void deallocate(void* pointer, std::size_t bytes) noexcept;

}  // namespace strata::memory
