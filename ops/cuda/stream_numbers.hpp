// Which stream a thread works on, by number: one of its own for each of the first threads alive, the others share. Used
// by the library's runtime and by the double of a GPU. Always holds: a number is taken anew only when nobody has it.
#pragma once
#include <array>
#include <atomic>
#include <mutex>

#include "strata/core/device_library.hpp"
#include "strata/ops/cuda/graphs.hpp"

namespace strata::gpu {

class StreamNumber {
 public:
  StreamNumber() : number_(take()) {}
  ~StreamNumber() { users_[place()].fetch_sub(1); }
  StreamNumber(const StreamNumber&) = delete;
  StreamNumber& operator=(const StreamNumber&) = delete;

  int get() const { return number_; }
  /// No other thread has it. Stays so while this thread holds the capture gate.
  bool alone() const { return users_[place()].load() == 1; }

 private:
  static constexpr std::size_t most = DeviceLibrary::max_streams;

  static int take() {
    for (std::size_t i = 0; i < most; ++i) {
      int nobody = 0;
      if (users_[i].compare_exchange_strong(nobody, 1)) return static_cast<int>(i);
    }
    const std::lock_guard gate(capture_gate());  // a stream that records is not shared before it has done so
    const std::size_t i = next_.fetch_add(1) % most;
    users_[i].fetch_add(1);
    return static_cast<int>(i);
  }
  std::size_t place() const { return static_cast<std::size_t>(number_); }

  int number_;
  inline static std::array<std::atomic<int>, most> users_{};
  inline static std::atomic<std::size_t> next_{0};
};

/// The calling thread's.
inline const StreamNumber& stream_number() {
  thread_local const StreamNumber mine;
  return mine;
}

}  // namespace strata::gpu
