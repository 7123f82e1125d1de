// The chunks of an open region, claimed by the pool's threads. Called by core/parallel.cpp alone. Each thread has a
// span of neighbouring chunks of its own, taken from the front, and takes from the back of another's when its own is
// empty: so op after op on the same data finds each part in the cache of the core that had it before.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace strata::detail {

class Spans {
 public:
  /// Shares the chunks out among so many threads. What was written before, a claim's thread sees.
  void open(std::int32_t chunks, int threads) {
    const std::int32_t n = std::min({chunks, threads, most});
    count_.store(n, std::memory_order_relaxed);
    for (std::int64_t s = 0; s < n; ++s) {
      const auto begin = static_cast<std::uint64_t>(chunks * s / n),
                 end = static_cast<std::uint64_t>(chunks * (s + 1) / n);
      spans_[static_cast<std::size_t>(s)].range.store(begin << 32 | end, std::memory_order_release);
    }
  }

  /// A chunk that nobody else gets; -1 when all are claimed.
  std::int32_t claim(int thread) {
    const std::int32_t n = count_.load(std::memory_order_relaxed);
    for (int i = 0; i < n; ++i) {
      const std::int32_t chunk = claim_in(spans_[static_cast<std::size_t>((thread + i) % n)].range, i == 0);
      if (chunk >= 0) return chunk;
    }
    return -1;
  }

  /// Whether a chunk was left a moment ago.
  bool any_left() const {
    const std::int32_t n = count_.load(std::memory_order_relaxed);
    return std::any_of(spans_.begin(), spans_.begin() + n, [](const Span& s) {
      const std::uint64_t r = s.range.load(std::memory_order_relaxed);
      return r >> 32 < (r & UINT32_MAX);
    });
  }

 private:
  static constexpr std::int32_t most = 64;
  struct alignas(64) Span {
    std::atomic<std::uint64_t> range{0};  // the first chunk << 32 | the one after the last
  };

  static std::int32_t claim_in(std::atomic<std::uint64_t>& range, bool front) {
    std::uint64_t r = range.load(std::memory_order_relaxed);
    while (r >> 32 < (r & UINT32_MAX)) {
      const std::uint64_t rest = front ? r + (std::uint64_t{1} << 32) : r - 1;
      if (range.compare_exchange_weak(r, rest, std::memory_order_acq_rel, std::memory_order_relaxed))
        return static_cast<std::int32_t>(front ? r >> 32 : rest & UINT32_MAX);
    }
    return -1;
  }

  std::array<Span, most> spans_;
  std::atomic<std::int32_t> count_{0};
};

}  // namespace strata::detail
