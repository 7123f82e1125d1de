// The CPU thread pool: loops of kernels over chunks, shared between the caller and sleeping workers.
// Called by kernels (and by nobody else: workers run plain loops over raw memory, never ops on tensors). A region never
// waits for a worker that has not started: the caller takes every chunk that nobody else took. Regions inside regions,
// and regions of other threads while one is running, run serially in their caller; so do short regions while the
// workers sleep, because waking one takes longer. What f computes must not depend on how the range was cut; a reduction
// fixes its own chunks and uses parallel_chunks, so that results do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace strata {

/// Sets the number of threads that a parallel loop may use, the caller included; 1 turns the pool off. Waits for a
/// running region. ValueError below 1, and inside a parallel region.
void set_num_threads(int count);

/// The number of threads that a parallel loop may use. At first STRATA_NUM_THREADS, else the cores this process may run
/// on.
int num_threads();

/// True inside f of parallel_for and parallel_chunks, where further loops run serially.
bool in_parallel_region();

namespace detail {

using ChunkFunction = void (*)(void* context, std::int64_t chunk);

/// Calls function(context, i) once for each i in [0, chunks) on the pool and returns true; or returns false at once,
/// nothing called, when the pool has one thread, is busy, or the caller is inside a region, or all workers sleep and
/// `us` of work are not worth waking one. Rethrows the first exception of a chunk; the chunks that had not begun by
/// then are left out.
bool run_on_pool(std::int64_t chunks, ChunkFunction function, void* context, std::int64_t us);

}  // namespace detail

/// More work than waking a sleeping worker costs, in us.
inline constexpr std::int64_t much_work = 100;

/// Calls f(i) once for every i in [0, chunks), in any order and on any thread. `us` says how long all of them take one
/// thread, roughly: below `much_work` only workers that are awake anyway take part.
///     parallel_chunks(blocks, [&](std::int64_t b) { partial[b] = sum_of_block(b); });
template <class F>
void parallel_chunks(std::int64_t chunks, F&& f, std::int64_t us = much_work) {
  if (chunks > 1) {
    // One claim covers several chunks where there are far more chunks than threads: a claim is a contended atomic.
    struct Context {
      std::remove_reference_t<F>* f;
      std::int64_t chunks, group;
    } context{std::addressof(f), chunks, std::max<std::int64_t>(1, chunks / (std::int64_t{32} * num_threads()))};
    const auto run = [](void* pointer, std::int64_t claim) {
      const Context& c = *static_cast<Context*>(pointer);
      const std::int64_t end = std::min(c.chunks, (claim + 1) * c.group);
      for (std::int64_t i = claim * c.group; i < end; ++i) (*c.f)(i);
    };
    if (detail::run_on_pool((chunks + context.group - 1) / context.group, run, &context, us)) return;
  }
  for (std::int64_t i = 0; i < chunks; ++i) f(i);
}

/// Calls f(begin, end) on disjoint ranges that cover [0, n), each at least `grain` long except the last. With n <=
/// grain, and wherever a region runs serially, that is one call f(0, n). A good grain is 5 us of work, and taken for
/// that when sleeping workers are to be woken or not; a grain of 1 may be any amount. From grain 64 on, ranges begin at
/// multiples of 64.
///     parallel_for(n, 32768, [&](std::int64_t begin, std::int64_t end) { for (auto i = begin; i < end; ++i) y[i] =
///     x[i] + 1; });
template <class F>
void parallel_for(std::int64_t n, std::int64_t grain, F&& f) {
  if (n <= 0) return;
  if (n > grain) {
    // At most 8 ranges a thread: small enough to even out, and to make a stalled worker hold back little.
    const std::int64_t wanted = std::int64_t{8} * num_threads();
    std::int64_t length = std::max(std::max<std::int64_t>(grain, 1), (n + wanted - 1) / wanted);
    if (length >= 64) length = (length + 63) / 64 * 64;
    struct Context {
      std::remove_reference_t<F>* f;
      std::int64_t n, length;
    } context{std::addressof(f), n, length};
    const auto run = [](void* pointer, std::int64_t claim) {
      const Context& c = *static_cast<Context*>(pointer);
      (*c.f)(claim * c.length, std::min(c.n, (claim + 1) * c.length));
    };
    const std::int64_t us = grain > 1 ? n / grain * 5 : much_work;
    if (detail::run_on_pool((n + length - 1) / length, run, &context, us)) return;
  }
  f(std::int64_t{0}, n);
}

}  // namespace strata
