// The slow paths of the allocator: central lists, one thread's lists from start to exit, storages, meters.
// Called from memory.hpp's inline paths and by storages. Blocks move between threads and the central lists in batches,
// so the lists of one thread are bounded and a producer and a consumer of blocks neither leak nor grow. All globals are
// constant initialised and never destroyed, so every function works before main and during static destruction.
#include "strata/core/memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "strata/core/memory_classes.hpp"

namespace strata::memory {

namespace detail {
__thread ThreadCache cache __attribute__((tls_model("initial-exec"))) = {};
}

namespace {

using detail::alignment;
using detail::Bin;
using detail::Block;
using detail::cache;
using detail::class_bytes;
using detail::class_count;
using detail::class_index;
using detail::largest_class;
using detail::medium_classes;
using detail::medium_room;
using detail::small_classes;
using detail::small_room;
using detail::small_step;
using detail::State;
using detail::system_mode;
using detail::ThreadCache;

// ---- process-wide state
// ---------------------------------------------------------------------------------------------------------

struct alignas(64) Central {
  std::mutex mutex;
  Block* batches = nullptr;

  void give(Block* batch, std::uint32_t count) {
    batch->count = count;
    std::lock_guard lock(mutex);
    batch->next_batch = batches;
    batches = batch;
  }
  Block* take() {
    std::lock_guard lock(mutex);
    Block* batch = batches;
    if (batch != nullptr) batches = batch->next_batch;
    return batch;
  }
};

struct Meter {
  alignas(64) std::atomic<std::int64_t> in_use{0};
  std::atomic<std::int64_t> peak{0};
  std::atomic<std::uint64_t> calls{0};
  alignas(64) std::atomic<std::int64_t> held{0};  // taken from the system and not returned
};

struct Arena {  // small blocks are cut from 2 MiB slabs, which are never returned
  std::mutex mutex;
  std::byte* next = nullptr;
  std::byte* end = nullptr;
};

struct Registry {
  std::mutex mutex;
  ThreadCache* first = nullptr;
};

constinit Central small_central[small_classes];
constinit Central central[class_count];
constinit Meter meter;
constinit Arena arena;
constinit Registry registry;

// ---- meters
// -----------------------------------------------------------------------------------------------------------------------

void raise_peak(std::int64_t bytes) {
  std::int64_t peak = meter.peak.load(std::memory_order_relaxed);
  while (bytes > peak && !meter.peak.compare_exchange_weak(peak, bytes, std::memory_order_relaxed)) {
  }
}

// Adds `bytes` and whatever this thread has counted by itself to the process-wide meter, with one locked instruction.
void charge(std::int64_t bytes) {
  const std::int64_t total = bytes + cache.in_use.load(std::memory_order_relaxed);
  cache.in_use.store(0, std::memory_order_relaxed);
  const std::int64_t now = meter.in_use.fetch_add(total, std::memory_order_relaxed) + total;
  if (total > 0) raise_peak(now);
}

void charge_allocation(std::size_t bytes) {
  charge(static_cast<std::int64_t>(bytes));
  meter.calls.fetch_add(1, std::memory_order_relaxed);
}

void charge_free(std::size_t bytes) { charge(-static_cast<std::int64_t>(bytes)); }

// ---- fresh memory
// -----------------------------------------------------------------------------------------------------------------

void* fresh(std::size_t size) {
  if (size >= huge_limit &&
      static_cast<std::size_t>(meter.held.load(std::memory_order_relaxed)) + size > detail::comfortable_limit()) {
    release_cached();
  }
  void* block = detail::take_from_system(size);
  if (block == nullptr) {
    release_cached();
    block = detail::take_from_system(size);
  }
  if (block == nullptr) {
    const Statistics now = statistics();
    throw OutOfMemory(size, now.in_use, now.cached);
  }
  meter.held.fetch_add(static_cast<std::int64_t>(size), std::memory_order_relaxed);
  return block;
}

// A batch of small blocks: from the central list, else about 8 KiB of new ones.
Block* small_batch(std::size_t index) {
  if (Block* batch = small_central[index].take()) return batch;
  const std::size_t size = std::max<std::size_t>(index, 1) * small_step;
  std::lock_guard lock(arena.mutex);
  if (static_cast<std::size_t>(arena.end - arena.next) < size) {
    arena.next = static_cast<std::byte*>(fresh(huge_limit));
    arena.end = arena.next + huge_limit;
  }
  const std::size_t left = static_cast<std::size_t>(arena.end - arena.next) / size;
  const std::size_t count = std::min({left, std::size_t{8192} / size, std::size_t{small_room(index) / 2}});
  Block* batch = nullptr;
  arena.next += count * size;
  for (std::size_t i = 1; i <= count; ++i) {
    auto* block = reinterpret_cast<Block*>(arena.next - i * size);
    block->next = batch;
    batch = block;
  }
  batch->count = static_cast<std::uint32_t>(count);
  return batch;
}

// ---- one thread's lists
// -------------------------------------------------------------------------------------------------------------

// Moves all but the `keep` newest blocks of a bin to the central list.
void spill(Bin& bin, Central& to, std::uint32_t keep, std::uint32_t full_room) {
  const std::uint32_t count = full_room - bin.room;
  if (count <= keep) return;
  Block** link = &bin.head;
  for (std::uint32_t i = 0; i < keep; ++i) link = &(*link)->next;
  Block* rest = *link;
  *link = nullptr;
  bin.room = full_room - keep;
  to.give(rest, count - keep);
}

void spill_medium() {
  if (cache.medium == nullptr) return;
  for (std::size_t i = 0; i < medium_classes; ++i) spill(cache.medium[i], central[i], 0, medium_room(i));
}

void detach() {
  for (std::size_t i = 0; i < small_classes; ++i) {
    spill(cache.small[i], small_central[i], 0, small_room(i));
    cache.small[i].room = 0;
  }
  spill_medium();
  std::free(cache.medium);
  cache.medium = nullptr;
  std::lock_guard lock(registry.mutex);
  charge(0);
  meter.calls.fetch_add(cache.calls.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
  (cache.previous != nullptr ? cache.previous->next : registry.first) = cache.next;
  if (cache.next != nullptr) cache.next->previous = cache.previous;
  cache.state = State::dead;
}

struct ExitHook {
  bool armed = false;
  ~ExitHook() {
    if (armed) detach();
  }
};

// Whether this thread has lists of its own; makes them at the first call. Without (the thread is ending, or no memory
// for the bins) blocks come from and go to the central lists one by one.
bool attach() {
  if (cache.state != State::unborn) return cache.state == State::live;
  auto* medium = static_cast<Bin*>(std::calloc(medium_classes, sizeof(Bin)));
  if (medium == nullptr) return false;
  thread_local ExitHook hook;
  hook.armed = true;
  for (std::size_t i = 0; i < small_classes; ++i) cache.small[i].room = small_room(i);
  for (std::size_t i = 0; i < medium_classes; ++i) medium[i].room = medium_room(i);
  cache.medium = medium;
  cache.state = State::live;
  std::lock_guard lock(registry.mutex);
  cache.next = registry.first;
  if (cache.next != nullptr) cache.next->previous = &cache;
  registry.first = &cache;
  return true;
}

// Hands out the first block of a batch and keeps the others in `bin`, which is empty, or on the central list.
Block* first_of(Block* batch, Bin* bin, Central& from) {
  Block* rest = batch->next;
  const std::uint32_t count = batch->count - 1;
  if (bin != nullptr) {
    bin->head = rest;
    bin->room -= count;
  } else if (rest != nullptr) {
    from.give(rest, count);
  }
  return batch;
}

void push(Bin& bin, void* pointer) {
  auto* block = static_cast<Block*>(pointer);
  block->next = bin.head;
  bin.head = block;
  --bin.room;
}

void give_one(Central& to, void* pointer) {
  auto* block = static_cast<Block*>(pointer);
  block->next = nullptr;
  to.give(block, 1);
}

// ---- the system mode
// ------------------------------------------------------------------------------------------------------------------

// Exactly `bytes`, so that a sanitizer sees an overrun by one; `counted` is what the meters say.
void* system_allocate(std::size_t bytes, std::size_t counted) {
  void* block = nullptr;
  if (posix_memalign(&block, alignment, std::max<std::size_t>(bytes, 1)) != 0) {
    const Statistics now = statistics();
    throw OutOfMemory(bytes, now.in_use, now.cached);
  }
  meter.held.fetch_add(static_cast<std::int64_t>(counted), std::memory_order_relaxed);
  charge_allocation(counted);
  return block;
}

void system_free(void* pointer, std::size_t counted) {
  std::free(pointer);
  meter.held.fetch_sub(static_cast<std::int64_t>(counted), std::memory_order_relaxed);
  charge_free(counted);
}

// ---- storages
// -----------------------------------------------------------------------------------------------------------------------------

void* allocate_slow(std::size_t index, std::size_t bytes) {
  const std::size_t size = class_bytes(index);
  if (system_mode()) return system_allocate(bytes, size);
  Bin* bin = index < medium_classes && attach() ? &cache.medium[index] : nullptr;
  Block* batch = central[index].take();
  void* block = batch != nullptr ? first_of(batch, bin, central[index]) : fresh(size);
  charge_allocation(size);
  return block;
}

void deallocate_slow(void* pointer, std::size_t index) {
  const std::size_t size = class_bytes(index);
  if (system_mode()) return system_free(pointer, size);
  if (index < medium_classes && attach()) {
    Bin& bin = cache.medium[index];
    if (bin.room == 0) spill(bin, central[index], medium_room(index) / 2, medium_room(index));
    push(bin, pointer);
  } else {
    give_one(central[index], pointer);
  }
  charge_free(size);
}

}  // namespace

namespace detail {

void* allocate_small_slow(std::size_t bytes) {
  if (system_mode()) return system_allocate(bytes, small_class_size(bytes));
  const std::size_t index = (bytes + small_step - 1) / small_step;
  Bin* bin = attach() ? &cache.small[index] : nullptr;
  Block* block = first_of(small_batch(index), bin, small_central[index]);
  charge_allocation(small_class_size(bytes));
  return block;
}

void free_small_slow(void* pointer, std::size_t bytes) noexcept {
  if (system_mode()) return system_free(pointer, small_class_size(bytes));
  const std::size_t index = (bytes + small_step - 1) / small_step;
  if (attach()) {
    Bin& bin = cache.small[index];
    if (bin.room == 0) spill(bin, small_central[index], small_room(index) / 2, small_room(index));
    push(bin, pointer);
  } else {
    give_one(small_central[index], pointer);
  }
  charge_free(small_class_size(bytes));
}

}  // namespace detail

std::size_t class_size(std::size_t bytes) { return bytes > largest_class ? bytes : class_bytes(class_index(bytes)); }

void* allocate(std::size_t bytes) {
  if (bytes > largest_class) {
    const Statistics now = statistics();
    throw OutOfMemory(bytes, now.in_use, now.cached);
  }
  const std::size_t index = class_index(bytes);
  if (index < medium_classes && cache.medium != nullptr) {
    Bin& bin = cache.medium[index];
    if (Block* block = bin.head) {
      bin.head = block->next;
      ++bin.room;
      cache.count_allocation(class_bytes(index));
      return block;
    }
  }
  return allocate_slow(index, bytes);
}

void deallocate(void* pointer, std::size_t bytes) noexcept {
  if (pointer == nullptr) return;
  const std::size_t index = class_index(bytes);
  if (index < medium_classes && cache.medium != nullptr && cache.medium[index].room > 0) {
    push(cache.medium[index], pointer);
    cache.count_free(class_bytes(index));
    return;
  }
  deallocate_slow(pointer, index);
}

bool caching() { return !system_mode(); }

Statistics statistics() {
  std::lock_guard lock(registry.mutex);
  std::int64_t in_use = meter.in_use.load(std::memory_order_relaxed);
  std::uint64_t calls = meter.calls.load(std::memory_order_relaxed);
  for (const ThreadCache* thread = registry.first; thread != nullptr; thread = thread->next) {
    in_use += thread->in_use.load(std::memory_order_relaxed);
    calls += thread->calls.load(std::memory_order_relaxed);
  }
  in_use = std::max<std::int64_t>(in_use, 0);
  const std::int64_t peak = std::max(meter.peak.load(std::memory_order_relaxed), in_use);
  const std::int64_t cached = std::max<std::int64_t>(meter.held.load(std::memory_order_relaxed) - in_use, 0);
  return {static_cast<std::size_t>(in_use), static_cast<std::size_t>(peak), static_cast<std::size_t>(cached), calls};
}

void reset_peak() {
  const std::size_t now = statistics().in_use;
  meter.peak.store(static_cast<std::int64_t>(now), std::memory_order_relaxed);
}

void release_cached() {
  spill_medium();
  for (std::size_t i = 0; i < class_count; ++i) {
    while (Block* batch = central[i].take()) {
      while (batch != nullptr) {
        Block* next = batch->next;
        detail::return_to_system(batch, class_bytes(i));
        meter.held.fetch_sub(static_cast<std::int64_t>(class_bytes(i)), std::memory_order_relaxed);
        batch = next;
      }
    }
  }
}

PeakMeter::PeakMeter() {
  const Statistics now = statistics();
  start_ = now.in_use;
  outer_peak_ = now.peak;
  reset_peak();
}

PeakMeter::~PeakMeter() { raise_peak(static_cast<std::int64_t>(outer_peak_)); }

std::size_t PeakMeter::bytes() const { return statistics().peak - start_; }

}  // namespace strata::memory
