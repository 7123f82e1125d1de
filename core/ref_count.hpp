// How many handles hold a tensor. Counted by core/tensor.hpp, asked where the last handle may give its contents away.
// Always holds: a count never falls below 1 while a handle lives.
#pragma once
#include <atomic>
#include <cstdint>

#if defined(__GLIBC__) && __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace strata {

/// NOTE [one thread]  A locked addition costs about twenty cycles, more than the rest of a handle's life. While the
/// process has a single thread, which glibc knows, counting needs none.
inline bool one_thread() noexcept {
#if defined(__GLIBC__) && __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded;
#else
  return false;
#endif
}

/// A count of handles that starts at 1.
class RefCount {
 public:
  void retain() noexcept {
    if (one_thread())
      n_.store(n_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    else
      n_.fetch_add(1, std::memory_order_relaxed);
  }
  /// True for the last handle.
  bool release() noexcept {
    const std::uint32_t n = n_.load(std::memory_order_acquire);
    if (n == 1) return true;  // the sole owner needs no locked subtraction
    if (!one_thread()) return n_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    n_.store(n - 1, std::memory_order_relaxed);
    return false;
  }
  bool alone() const noexcept { return n_.load(std::memory_order_acquire) == 1; }
  std::uint32_t count() const noexcept { return n_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> n_{1};
};

}  // namespace strata
