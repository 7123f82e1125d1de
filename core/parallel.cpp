// The pool behind parallel_for: one region at a time, chunks claimed from spans, workers that spin briefly and then
// sleep. Called through parallel.hpp's templates. The pool is made at the first use and never destroyed, and its
// sleeping workers end with the process, so nothing hangs or dangles during static destruction.
#include "strata/core/parallel.hpp"

#include <pthread.h>
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

#include "strata/core/cores.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel_spans.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace strata {
namespace {

using Clock = std::chrono::steady_clock;

using std::chrono::microseconds;

// NOTE [waking]  Waking a sleeper takes 5 to 15 us of the caller's time and 20 to 50 until the worker runs (a virtual
// machine was measured). So workers spin for about as long before they sleep, which catches the next region of a
// running loop and leaves the core to others soon; and so regions shorter than `much_work` are left to workers that are
// awake. If none is, the region runs serially, and only when such regions have missed `least_patience` of help one is
// woken: a loop of short regions gets its worker, regions now and then pay little. Waking that helped few regions
// quadruples the patience.
constexpr microseconds worker_spin{100};
constexpr microseconds caller_spin{100};
constexpr std::int64_t least_patience = 200, most_patience = 10'000;  // us

// NOTE [stalls]  Where another process wants the worker's core, a worker may lose it in the middle of a chunk, for
// milliseconds. A caller that had to wait for so long twice in a short time runs serially for a while, and longer each
// time.
constexpr microseconds least_stall{1000};
constexpr microseconds least_pause{50'000}, most_pause{400'000};

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
bool spin(microseconds limit, Done done) {
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
  const int count = detail::Cores::of_this_thread().count();
  return count > 0 ? count : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
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

/// NOTE [off the caller's core]  A kernel may put a woken worker on the core of the thread that woke it, though others
/// idle: there it waits until the caller's time slice ends, does little, hence looks like little work, and is put there
/// again. Loops ran at half their speed for seconds. So a worker that finds itself on the caller's core leaves it.
class Place {
 public:
  /// For a thread that may run on `all`; does nothing unless `active`.
  Place(detail::Cores all, bool active) : all_(all), mine_(std::move(all)), active_(active) {}

  /// Called by the worker. Respects a set of cores that somebody else has given the thread meanwhile.
  void leave(int core) {
    if (!active_) return;
    const detail::Cores now = detail::Cores::of_this_thread();
    if (!(now == mine_)) all_ = now;
    const detail::Cores rest = all_.without(core);
    if (rest.count() == 0) return;
    rest.keep_this_thread();
    mine_ = rest;
  }

 private:
  detail::Cores all_, mine_;
  bool active_;
};

class Pool {
 public:
  static Pool& instance() {
    static Pool& pool = *new Pool;  // never destroyed: see the head of this file
    return pool;
  }

  int size() const { return size_.load(std::memory_order_relaxed); }

  void resize(int count) {
    std::lock_guard lock(region_);
    if (count != size()) stop_workers();
    size_.store(count, std::memory_order_relaxed);
    pause_ = microseconds(0);
  }

  bool run(std::int64_t chunks, detail::ChunkFunction function, void* context, std::int64_t us) {
    if (inside_region || size() == 1) return false;
    std::unique_lock lock(region_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    const Clock::time_point start = Clock::now();
    if (start < serial_until_) return false;
    caller_core_.store(sched_getcpu(), std::memory_order_relaxed);
    start_workers();
    if (workers_.empty()) return false;
    const bool wake = worth_waking(chunks, us);
    if (!wake && awake_.load(std::memory_order_relaxed) == 0) return false;
    open(chunks, function, context);
    if (wake) wake_two();
    inside_region = true;
    work(0);
    inside_region = false;
    wait_for_claimed(start);
    if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(error_, nullptr));
    return true;
  }

 private:
  Pool() : size_(default_num_threads()) {}

  // Starts what is missing. Where the system refuses threads, the pool stays at the size it reached, and num_threads()
  // says so.
  void start_workers() {
    const int wanted = size() - 1;
    if (static_cast<int>(workers_.size()) == wanted) return;
    stop_.store(false, std::memory_order_relaxed);
    const detail::Cores all = detail::Cores::of_this_thread();
    const bool room = wanted < all.count();
    try {
      workers_.reserve(static_cast<std::size_t>(wanted));
      while (static_cast<int>(workers_.size()) < wanted) {
        const int thread = static_cast<int>(workers_.size()) + 1;
        workers_.emplace_back([this, thread, all, room] { worker(thread, Place(all, room)); });
      }
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

  // See NOTE [waking].
  bool worth_waking(std::int64_t chunks, std::int64_t us) {
    if (us >= much_work) return true;
    if (awake_.load(std::memory_order_relaxed) >= std::min<std::int64_t>(size(), chunks) - 1) {
      ++helped_;
      return false;
    }
    missed_ += us;
    if (missed_ < patience_) return false;
    patience_ = helped_ >= 8 ? least_patience : std::min(4 * patience_, most_patience);
    missed_ = helped_ = 0;
    return true;
  }

  // Wakes two sleepers; each wakes two more while chunks are left. So waking costs the caller the same on any machine,
  // and a short region is over before the rest of a big pool has been disturbed.
  void wake_two() {
    epoch_.notify_one();
    if (size() > 2) epoch_.notify_one();
  }

  void open(std::int64_t chunks, detail::ChunkFunction function, void* context) {
    function_ = function;
    context_ = context;
    failed_.store(false, std::memory_order_relaxed);
    unreported_.store(static_cast<std::int32_t>(chunks), std::memory_order_relaxed);
    spans_.open(static_cast<std::int32_t>(chunks), size());
    epoch_.fetch_add(1, std::memory_order_seq_cst);
  }

  // NOTE [claim first, look second]  A worker claims a chunk, and only then reads what to run. A claimed chunk keeps
  // its region open until the worker reports it, so what it reads belongs to that region; a worker that comes late
  // finds nothing to claim. Chunks are reported together, when none is left.
  void work(int thread) {
    std::int32_t done = 0;
    for (std::int32_t chunk; (chunk = spans_.claim(thread)) >= 0; ++done) run_chunk(chunk);
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
  void wait_for_claimed(Clock::time_point start) {
    if (unreported_.load(std::memory_order_acquire) == 0) return;
    const Clock::time_point ready = Clock::now();
    if (spin(caller_spin, [this] { return unreported_.load(std::memory_order_acquire) == 0; })) return;
    while (const std::int32_t left = unreported_.load(std::memory_order_acquire)) {
      unreported_.wait(left, std::memory_order_acquire);
    }
    const Clock::time_point end = Clock::now();
    if (end - ready > std::max<Clock::duration>(least_stall, ready - start)) stalled(end);
  }

  // See NOTE [stalls].
  void stalled(Clock::time_point now) {
    if (now - std::max(last_stall_, serial_until_) < least_pause) {
      pause_ = std::clamp(2 * pause_, least_pause, most_pause);
      serial_until_ = now + pause_;
    } else {
      pause_ = microseconds(0);
    }
    last_stall_ = now;
  }

  void worker(int thread, Place place) {
    inside_region = true;
    awake_.fetch_add(1, std::memory_order_relaxed);
    for (;;) {
      const std::uint32_t seen = epoch_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) break;  // set before the epoch that sleepers are woken by
      if (const int core = sched_getcpu(); core == caller_core_.load(std::memory_order_relaxed)) place.leave(core);
      work(thread);
      if (spin(worker_spin, [&] { return epoch_.load(std::memory_order_relaxed) != seen; })) continue;
      awake_.fetch_sub(1, std::memory_order_relaxed);
      epoch_.wait(seen, std::memory_order_acquire);
      awake_.fetch_add(1, std::memory_order_relaxed);
      if (spans_.any_left()) wake_two();
    }
    awake_.fetch_sub(1, std::memory_order_relaxed);
  }

  std::mutex region_;  // held by the thread whose region is running, and while the workers change
  std::vector<std::thread> workers_;
  std::atomic<int> size_;
  std::int64_t missed_ = 0, patience_ = least_patience, helped_ = 0;  // us, us, regions
  Clock::time_point last_stall_{}, serial_until_{};
  microseconds pause_{0};

  // The open region. The plain members are read only between claiming a chunk and reporting it.
  detail::ChunkFunction function_ = nullptr;
  void* context_ = nullptr;
  std::exception_ptr error_;
  std::atomic<bool> failed_{false};
  detail::Spans spans_;
  alignas(64) std::atomic<std::int32_t> unreported_{0};
  alignas(64) std::atomic<std::uint32_t> epoch_{0};  // counts regions; what sleeping workers wait on
  std::atomic<bool> stop_{false};
  std::atomic<int> caller_core_{-1};
  alignas(64) std::atomic<int> awake_{0};  // workers that run or spin
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

bool detail::run_on_pool(std::int64_t chunks, ChunkFunction function, void* context, std::int64_t us) {
  return Pool::instance().run(chunks, function, context, us);
}

}  // namespace strata
