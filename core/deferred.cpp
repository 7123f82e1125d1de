// See deferred.hpp and debug.hpp.
#include "strata/core/deferred.hpp"

#include "strata/core/debug.hpp"
#include "strata/core/op.hpp"

namespace strata {

const Tensor& Deferred::dense_form() const {
  if (!made.load(std::memory_order_acquire)) {
    const std::lock_guard lock(mutex);
    if (!value.defined()) value = what->make(*this);
    made.store(true, std::memory_order_release);
  }
  return value;
}

Tensor materialize(const Tensor& x) { return is_deferred(x) ? deferred(x).dense_form() : x; }

namespace debug {
namespace {

std::atomic<Factoring> mode{Factoring::when_smaller};
std::atomic<std::int64_t> count{0}, bytes{0};
std::atomic<std::int64_t> written{0}, syncs{0};
std::atomic<bool> chains_on{true};
std::atomic<std::int64_t> chains_grain{Chains{}.grain}, chains_row{Chains{}.row};

}  // namespace

Factoring factoring() { return mode.load(std::memory_order_relaxed); }
void set_factoring(Factoring m) { mode.store(m, std::memory_order_relaxed); }
Materialised materialised() { return {count.load(), bytes.load()}; }
void reset_materialised() { count = 0, bytes = 0; }
void note_materialised(std::int64_t n) {
  count.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(n, std::memory_order_relaxed);
}

Chains chains() { return {chains_on.load(std::memory_order_relaxed), chains_grain.load(), chains_row.load()}; }
void set_chains(Chains s) { chains_on = s.on, chains_grain = s.grain, chains_row = s.row; }
std::int64_t bytes_written() { return written.load(std::memory_order_relaxed); }
std::int64_t host_syncs() { return syncs.load(std::memory_order_relaxed); }
void note_host_sync() { syncs.fetch_add(1, std::memory_order_relaxed); }
void note_written(std::int64_t n) { written.fetch_add(n, std::memory_order_relaxed); }

}  // namespace debug
}  // namespace strata
