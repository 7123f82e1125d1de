// See watch.hpp.
#include "strata/distributed/watch.hpp"

#include <unistd.h>

#include <mutex>
#include <thread>
#include <vector>

#include "strata/distributed/group.hpp"

namespace strata::distributed {
namespace {

using Clock = std::chrono::steady_clock;

struct Entry {
  const std::string* text = nullptr;  // null: free
  Clock::time_point deadline;
  std::chrono::milliseconds timeout;
};

class Watchdog {
 public:
  static Watchdog& get() {
    static auto* dog = new Watchdog;  // never destroyed: its thread runs until the process ends
    return *dog;
  }
  std::size_t enter(const std::string& text, std::chrono::milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    std::size_t slot = 0;
    while (slot < entries_.size() && entries_[slot].text) ++slot;
    if (slot == entries_.size()) entries_.emplace_back();
    entries_[slot] = {&text, Clock::now() + timeout, timeout};
    return slot;
  }
  void leave(std::size_t slot) {
    const std::lock_guard lock(mutex_);
    entries_[slot].text = nullptr;
  }

 private:
  Watchdog() {
    std::thread([this] { watch(); }).detach();
  }
  [[noreturn]] void watch() {
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const std::lock_guard lock(mutex_);
      for (const Entry& e : entries_) {
        if (!e.text || Clock::now() < e.deadline) continue;
        report(world_rank(), *e.text + ": no end after " + seconds(e.timeout) +
                                 ": another rank has failed, hangs or called something else; this rank ends the job");
        _exit(failure_code);
      }
    }
  }

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace

Watched::Watched(const std::string& text, std::chrono::milliseconds timeout)
    : slot_(Watchdog::get().enter(text, timeout)) {}

Watched::~Watched() { Watchdog::get().leave(slot_); }

void report(int rank, const std::string& message) {
  const std::string line = "[rank " + std::to_string(rank) + "] " + message + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data() + done, line.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace strata::distributed
