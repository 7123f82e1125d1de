// The pool behind parallel_for: one region at a time, chunks claimed from a counter, workers that spin briefly and then
// sleep. Called through parallel.hpp's templates. The pool is made at the first use and never destroyed, and its
// sleeping workers end with the process, so nothing hangs or dangles during static destruction.
#include "strata/core/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "strata/core/error.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace strata {
namespace {

using Clock = std::chrono::steady_clock;

// Long enough to catch the next region of a running loop, short enough that a busy neighbour gets the core.
constexpr std::chrono::microseconds worker_spin{30};
constexpr std::chrono::microseconds caller_spin{10};

__thread bool inside_region __attribute__((tls_model("initial-exec"))) = false;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until done() or until the time is over; says whether done() held.
template <class Done>
bool spin(std::chrono::microseconds limit, Done done) {
  if (done()) return true;
  const Clock::time_point end = Clock::now() + limit;
  do {
    for (int i = 0; i < 8; ++i) {
      pause();
      if (done()) return true;
    }
  } while (Clock::now() < end);
  return false;
}

int cores_of_process() {
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t* set = CPU_ALLOC(size);
    const std::size_t bytes = CPU_ALLOC_SIZE(size);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int default_num_threads() {
  const char* text = std::getenv("STRATA_NUM_THREADS");
  if (text == nullptr || *text == '\0') return cores_of_process();
  int count = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, count);
  if (error != std::errc{} || stop != end || count < 1) {
    throw ValueError("STRATA_NUM_THREADS: is '" + std::string(text) + "', but must be an integer of at least 1");
  }
  return count;
}

class Pool {
 public:
  static Pool& instance() {
    static Pool& pool = *new Pool;  // never destroyed: see the head of this file
    return pool;
  }

  int size() const { return size_.load(std::memory_order_relaxed); }

  void resize(int count) {
    std::lock_guard lock(region_);
    if (static_cast<std::size_t>(count) <= workers_.size()) stop_workers();
    size_.store(count, std::memory_order_relaxed);
  }

  bool run(std::int64_t chunks, detail::ChunkFunction function, void* context) {
    if (inside_region || size() == 1) return false;
    std::unique_lock lock(region_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    start_workers();
    if (workers_.empty()) return false;
    open(chunks, function, context);
    inside_region = true;
    work();
    inside_region = false;
    wait_for_claimed();
    if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(error_, nullptr));
    return true;
  }

 private:
  Pool() : size_(default_num_threads()) {}

  // Starts what is missing. Where the system refuses threads, the pool stays at the size it reached, and num_threads()
  // says so.
  void start_workers() {
    const auto wanted = static_cast<std::size_t>(size() - 1);
    if (workers_.size() >= wanted) return;
    stop_.store(false, std::memory_order_relaxed);
    try {
      workers_.reserve(wanted);
      while (workers_.size() < wanted) workers_.emplace_back([this] { worker(); });
    } catch (const std::system_error&) {
      size_.store(static_cast<int>(workers_.size()) + 1, std::memory_order_relaxed);
    }
  }

  void stop_workers() {
    stop_.store(true, std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_seq_cst);
    epoch_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  // Wakes two sleepers; each wakes two more while chunks are left. So waking costs the caller the same on any machine,
  // and a short region is over before the rest of a big pool has been disturbed.
  void wake_two() {
    epoch_.notify_one();
    if (unclaimed_.load(std::memory_order_relaxed) > 2) epoch_.notify_one();
  }

  void open(std::int64_t chunks, detail::ChunkFunction function, void* context) {
    function_ = function;
    context_ = context;
    chunks_ = static_cast<std::int32_t>(chunks);
    failed_.store(false, std::memory_order_relaxed);
    unreported_.store(chunks_, std::memory_order_relaxed);
    unclaimed_.store(chunks_, std::memory_order_release);
    epoch_.fetch_add(1, std::memory_order_seq_cst);
    wake_two();
  }

  // NOTE [claim first, look second]  A worker claims a chunk by lowering `unclaimed_`, and only then reads what to run.
  // A claimed chunk keeps its region open until the worker reports it, so what it reads belongs to that region; a
  // worker that comes late finds nothing to claim. Chunks are reported together, when none is left.
  void work() {
    std::int32_t done = 0;
    std::int32_t left = unclaimed_.load(std::memory_order_relaxed);
    while (left > 0) {
      if (!unclaimed_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        continue;
      run_chunk(chunks_ - left);
      ++done;
      left = unclaimed_.load(std::memory_order_relaxed);
    }
    if (done > 0 && unreported_.fetch_sub(done, std::memory_order_acq_rel) == done) unreported_.notify_one();
  }

  void run_chunk(std::int64_t index) {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      function_(context_, index);
    } catch (...) {
      if (!failed_.exchange(true, std::memory_order_relaxed)) error_ = std::current_exception();
    }
  }

  // Waits for the chunks that workers have in hand.
  void wait_for_claimed() {
    if (spin(caller_spin, [this] { return unreported_.load(std::memory_order_acquire) == 0; })) return;
    while (const std::int32_t left = unreported_.load(std::memory_order_acquire)) {
      unreported_.wait(left, std::memory_order_acquire);
    }
  }

  void worker() {
    inside_region = true;
    const auto called = [this] {
      return unclaimed_.load(std::memory_order_relaxed) > 0 || stop_.load(std::memory_order_relaxed);
    };
    while (!stop_.load(std::memory_order_relaxed)) {
      work();
      if (spin(worker_spin, called)) continue;
      const std::uint32_t seen = epoch_.load(std::memory_order_acquire);
      if (called()) continue;
      epoch_.wait(seen, std::memory_order_acquire);
      if (unclaimed_.load(std::memory_order_relaxed) > 1) wake_two();
    }
  }

  std::mutex region_;  // held by the thread whose region is running, and while the workers change
  std::vector<std::thread> workers_;
  std::atomic<int> size_;
  std::atomic<bool> stop_{false};

  // The open region. The plain members are read only between claiming a chunk and reporting it.
  detail::ChunkFunction function_ = nullptr;
  void* context_ = nullptr;
  std::int32_t chunks_ = 0;
  std::exception_ptr error_;
  std::atomic<bool> failed_{false};
  alignas(64) std::atomic<std::int32_t> unclaimed_{0};
  alignas(64) std::atomic<std::int32_t> unreported_{0};
  alignas(64) std::atomic<std::uint32_t> epoch_{0};  // what sleeping workers wait on
};

}  // namespace

void set_num_threads(int count) {
  if (count < 1) throw ValueError("set_num_threads: needs at least 1 thread, got " + std::to_string(count));
  if (inside_region) {
    throw ValueError("set_num_threads: called inside a parallel region; call it between ops");
  }
  Pool::instance().resize(count);
}

int num_threads() { return Pool::instance().size(); }

bool in_parallel_region() { return inside_region; }

bool detail::run_on_pool(std::int64_t chunks, ChunkFunction function, void* context) {
  return Pool::instance().run(chunks, function, context);
}

}  // namespace strata
