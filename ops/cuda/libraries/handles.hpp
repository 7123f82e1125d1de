// Handles of NVIDIA's libraries, which few may make and nobody should make twice: each thread has its own on each
// device, and a thread that ends leaves them to the next one that works on the same stream. So what a handle was used
// for comes before what it is used for next. Never freed: threads may outlive main. Knows nothing of CUDA, so that
// tests check it without a GPU.
#pragma once
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// One for each thread: `thread_local`, and made after the thread's stream number, which it then outlives not. Handle{}
/// is none yet.
template <class Handle>
class ThreadHandles {
 public:
  ThreadHandles() = default;
  ThreadHandles(const ThreadHandles&) = delete;
  ThreadHandles& operator=(const ThreadHandles&) = delete;
  ~ThreadHandles() {
    const std::lock_guard lock(left().mutex);
    for (const auto& [device, held] : held_) left().of[{device, held.stream}].push_back(held.handle);
  }

  /// This thread's on `device`, where it works on stream number `stream`. `make(handle)` makes what it lacks.
  template <class Make>
  Handle& on(int device, int stream, Error& error, Make make) {
    const auto [at, fresh] = held_.try_emplace(device, Held{stream, {}});
    Handle& handle = at->second.handle;
    if (fresh) take(device, stream, handle);
    error = make(handle);
    return handle;
  }

 private:
  struct Held {
    int stream;
    Handle handle;
  };
  struct Left {
    std::mutex mutex;
    std::map<std::pair<int, int>, std::vector<Handle>> of;
  };
  static Left& left() {
    static auto* all = new Left;
    return *all;
  }
  static void take(int device, int stream, Handle& handle) {
    const std::lock_guard lock(left().mutex);
    auto& handles = left().of[{device, stream}];
    if (handles.empty()) return;
    handle = handles.back();
    handles.pop_back();
  }

  std::map<int, Held> held_;
};

}  // namespace strata::gpu
