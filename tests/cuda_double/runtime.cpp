// A double of a GPU: its memory is pages that nobody can touch but while a kernel runs, its kernels are loops on the
// host, its graphs are lists of work. With it the whole library is tested as it runs on a GPU
// (STRATA_TEST_DEVICE=cuda), apart from launching and from NVIDIA's libraries.
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "strata/ops/cuda/graphs.hpp"
#include "strata/ops/cuda/heap.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/library.hpp"
#include "strata/ops/cuda/staging.hpp"
#include "strata/ops/cuda/stream_numbers.hpp"

namespace strata::gpu {
namespace {

constexpr std::size_t reserved = std::size_t{64} << 30, limit = std::size_t{4} << 30;

/// One stretch of addresses; what is taken is never taken again, so a stale pointer meets no new data.
class Memory {
 public:
  Memory() {
    base_ = static_cast<unsigned char*>(
        mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  }
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes = (bytes + 4095) / 4096 * 4096;
    if (held_ + bytes > limit || used_ + bytes > reserved) return nullptr;
    unsigned char* block = base_ + used_;
    used_ += bytes;
    held_ += bytes;
    if (open_ > 0) mprotect(block, bytes, PROT_READ | PROT_WRITE);
    return block;
  }
  void give(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    held_ -= std::min(held_, bytes);
  }
  void open() {
    const std::lock_guard lock(mutex_);
    if (open_++ == 0) mprotect(base_, used_, PROT_READ | PROT_WRITE);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) mprotect(base_, used_, PROT_NONE);
  }

 private:
  std::mutex mutex_;
  unsigned char* base_;
  std::size_t used_ = 0, held_ = 0;
  int open_ = 0;
};
Memory& pages() {
  static Memory* m = new Memory;
  return *m;
}

struct RawMemory {
  void* take(std::size_t bytes) { return pages().take(bytes); }
  void give(void*) {}
  bool wait() {
    const std::unique_lock gate(capture_gate(), std::try_to_lock);
    return gate && capturing_pool() < 0;
  }
};
Heap<RawMemory>& heap() {
  static auto* h = new Heap<RawMemory>;
  return *h;
}

struct Graph {
  int pool;
  std::vector<std::function<void()>> work;
};
thread_local std::unique_ptr<Graph> recording;
std::atomic<int> next_pool{first_graph_pool};

void run(const std::function<void()>& work) {
  struct Open {
    Open() { pages().open(); }
    ~Open() { pages().close(); }
  } open;
  work();
}

/// Copies are done when they begin.
struct Transfers {
  struct Event {};
  Error pin(std::size_t bytes, void** memory) {
    *memory = std::malloc(bytes);
    return nullptr;
  }
  Error send(void* to, const void* pinned, std::size_t bytes) {
    run([=] { std::memcpy(to, pinned, bytes); });
    return nullptr;
  }
  Error fetch(void* pinned, const void* from, std::size_t bytes) { return send(pinned, from, bytes); }
  Error record(Event&) { return nullptr; }
  bool passed(const Event&) { return true; }
  Error wait(const Event&) { return nullptr; }
};
StagingRing<Transfers::Event>& ring() {
  static auto* r = new StagingRing<Transfers::Event>;
  return *r;
}

int pool_of_thread() { return recording ? recording->pool : stream(); }

}  // namespace

Error give(std::function<void()> work) {
  if (recording)
    recording->work.push_back(std::move(work));
  else
    run(work);
  return nullptr;
}

Scratch::Scratch(int device, std::size_t bytes) : device_(device), bytes_(bytes) {
  error_ = allocate(device, bytes, &block_);
}
Scratch::~Scratch() {
  if (block_) heap().deallocate(block_, bytes_, pool_of_thread());
}

int count() { return 1; }
const char* why_none() { return ""; }
Error allocate(int, std::size_t bytes, void** block) {
  *block = heap().allocate(bytes, pool_of_thread());
  return *block ? nullptr : heap().shortage(bytes);
}
void deallocate(int, void* block, std::size_t bytes, std::uint32_t) {
  heap().deallocate(block, bytes, pool_of_thread());
}
Error copy_in(int, void* to, const void* from, std::size_t bytes) {
  if (recording) return host_data_in_capture;
  Transfers transfers;
  return stage_in(ring(), transfers, to, from, bytes);
}
Error copy_out(int, void* to, const void* from, std::size_t bytes) {
  if (recording) return host_read_in_capture;
  Transfers transfers;
  return stage_out(ring(), transfers, to, from, bytes);
}
Error copy_across(int, void* to, int, const void* from, std::size_t bytes) {
  if (recording) return host_read_in_capture;
  return give([=] { std::memcpy(to, from, bytes); });
}
Error synchronize(int) {
  if (recording) return wait_in_capture;
  const std::lock_guard gate(capture_gate());
  return nullptr;
}
int stream() { return stream_number().get(); }
Error wait_for(int, std::uint32_t) {
  const std::lock_guard gate(capture_gate());
  return nullptr;
}
Error stream_handle(int, void** stream) {
  static HostStream mine{&give};
  *stream = &mine;
  return nullptr;
}
void memory_held(int, DeviceMemory* statistics) { *statistics = heap().held(); }
void reset_peak(int) { heap().reset_peak(); }
void release_cached(int) {
  const std::lock_guard gate(capture_gate());
  heap().release();
}

int capturing_pool() { return recording ? recording->pool : -1; }
Error begin_graph(int) {
  if (recording) return capture_in_capture;
  std::unique_lock gate(capture_gate());
  if (!stream_number().alone()) return shared_stream_in_capture;
  if (next_pool.load() >= max_pools) next_pool = first_graph_pool;
  recording = std::make_unique<Graph>(Graph{next_pool.fetch_add(1), {}});
  gate.release();  // until end_graph
  return nullptr;
}
Error end_graph(int, void** graph) {
  const std::unique_lock gate(capture_gate(), std::adopt_lock);
  *graph = recording.release();
  return nullptr;
}
Error replay_graph(void* graph) {
  if (recording) return capture_in_capture;
  for (const auto& work : static_cast<const Graph*>(graph)->work) run(work);
  return nullptr;
}
void destroy_graph(void* graph) { delete static_cast<Graph*>(graph); }

}  // namespace strata::gpu
