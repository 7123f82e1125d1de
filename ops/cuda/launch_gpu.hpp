// The launchers of ops/cuda/launch.hpp as CUDA kernels.
#pragma once
#include <cub/block/block_scan.cuh>

#include "strata/ops/cuda/each.hpp"
#include "strata/ops/cuda/runtime.hpp"

namespace strata::gpu {

namespace detail {

/// Which unit (row and part) this thread works on, and as which of how many threads.
template <By by>
struct Unit {
  static constexpr int team = by == By::thread ? 1 : by == By::warp ? warp_threads : block_threads;
  static constexpr int teams = block_threads / team;
  static __device__ std::int64_t first() {
    return static_cast<std::int64_t>(blockIdx.x) * teams + static_cast<int>(threadIdx.x) / team;
  }
  static __device__ std::int64_t step() { return static_cast<std::int64_t>(gridDim.x) * teams; }
  static __device__ int member() { return static_cast<int>(threadIdx.x) % team; }
  static __device__ void sync() {
    if constexpr (by == By::warp) __syncwarp();
    if constexpr (by == By::block) __syncthreads();
  }
};

/// The joined state of a team, for all its members. Halves are joined in a fixed order.
template <By by, class F, class State>
__device__ State join_team(const F& f, State mine, State* shared) {
  using U = Unit<by>;
  if constexpr (by == By::thread) return mine;
  State* team = shared + (threadIdx.x / U::team) * U::team;
  const int m = U::member();
  U::sync();
  team[m] = mine;
  U::sync();
  for (int half = U::team / 2; half > 0; half /= 2) {
    if (m < half) f.join(team[m], team[m + half]);
    U::sync();
  }
  return team[0];
}

/// A team's state of part of a line. Each member takes F::ways elements at a time, into as many states, so that it
/// waits for that many loads at once.
template <By by, class F, class Line>
__device__ typename F::State state_of(const F& f, const Line& line, std::int64_t begin, std::int64_t end,
                                      typename F::State* shared) {
  constexpr int ways = F::ways, team = Unit<by>::team;
  typename F::State s[ways];
#pragma unroll
  for (int w = 0; w < ways; ++w) s[w] = f.start();
  std::int64_t i = begin + Unit<by>::member();
  for (; i + (ways - 1) * team < end; i += ways * team) {
#pragma unroll
    for (int w = 0; w < ways; ++w) f.take(s[w], line, i + w * team);
  }
  if constexpr (ways > 1) {
    for (; i < end; i += team) f.take(s[0], line, i);
  }
#pragma unroll
  for (int w = 1; w < ways; ++w) f.join(s[0], s[w]);
  return join_team<by>(f, s[0], shared);
}

template <class State>
__device__ State* shared_states() {
  __shared__ alignas(16) unsigned char bytes[block_threads * sizeof(State)];
  return reinterpret_cast<State*>(bytes);
}

template <By by, class F>
__global__ void __launch_bounds__(block_threads)
    reduce(std::int64_t rows, std::int64_t n, RowCut cut, F f, typename F::State* parts) {
  auto* shared = shared_states<typename F::State>();
  const std::int64_t units = rows * cut.parts;
  for (std::int64_t u = Unit<by>::first(); u < units; u += Unit<by>::step()) {
    const std::int64_t part = u / rows, row = u - part * rows, begin = part * cut.length;
    const std::int64_t end = begin + cut.length < n ? begin + cut.length : n;
    const auto s = state_of<by>(f, f.line(row), begin, end, shared);
    if (Unit<by>::member() != 0) continue;
    if (parts)
      parts[u] = s;
    else
      f.finish(row, s);
  }
}

template <By by, class F>
__global__ void __launch_bounds__(block_threads)
    join_parts(std::int64_t rows, std::int64_t count, F f, const typename F::State* parts) {
  auto* shared = shared_states<typename F::State>();
  for (std::int64_t row = Unit<by>::first(); row < rows; row += Unit<by>::step()) {
    auto s = f.start();
    for (std::int64_t p = Unit<by>::member(); p < count; p += Unit<by>::team) f.join(s, parts[p * rows + row]);
    s = join_team<by>(f, s, shared);
    if (Unit<by>::member() == 0) f.finish(row, s);
  }
}

template <By by, class F>
__global__ void __launch_bounds__(block_threads) map(std::int64_t rows, std::int64_t n, F f) {
  auto* shared = shared_states<typename F::State>();
  for (std::int64_t row = Unit<by>::first(); row < rows; row += Unit<by>::step()) {
    const auto line = f.line(row);
    const auto settled = f.settle(state_of<by>(f, line, 0, n, shared));
#pragma unroll F::ways
    for (std::int64_t i = Unit<by>::member(); i < n; i += Unit<by>::team) f.write(line, i, settled);
  }
}

template <class F>
__global__ void __launch_bounds__(block_threads) scan_by_thread(std::int64_t rows, std::int64_t n, F f) {
  for (std::int64_t row = Unit<By::thread>::first(); row < rows; row += Unit<By::thread>::step()) {
    const auto line = f.line(row);
    auto s = f.start();
    for (std::int64_t i = 0; i < n; ++i) {
      const auto before = s;
      f.take(s, line, i);
      f.store(line, i, before, s);
    }
  }
}

template <class F>
struct Join {
  F f;
  __device__ typename F::State operator()(typename F::State a, const typename F::State& b) const {
    f.join(a, b);
    return a;
  }
};

/// The states of all stretches of rows but the last ones, to states[row * parts + part].
template <class F>
__global__ void __launch_bounds__(block_threads)
    scan_totals(std::int64_t rows, RowCut cut, F f, typename F::State* states) {
  using State = typename F::State;
  using Block = cub::BlockScan<State, block_threads>;
  __shared__ typename Block::TempStorage room;
  const std::int64_t units = rows * cut.parts;
  for (std::int64_t u = blockIdx.x; u < units; u += gridDim.x) {
    const std::int64_t row = u / cut.parts, begin = (u - row * cut.parts) * cut.length;
    if (u + 1 == (row + 1) * cut.parts) continue;
    const auto line = f.line(row);
    State all = f.start();
    for (std::int64_t base = 0; base < cut.length; base += block_threads) {
      State mine = f.start(), before, total;
      if (base + threadIdx.x < cut.length) f.take(mine, line, begin + base + threadIdx.x);
      Block(room).ExclusiveScan(mine, before, f.start(), Join<F>{f}, total);
      f.join(all, total);
      __syncthreads();
    }
    if (threadIdx.x == 0) states[u] = all;
  }
}

/// Running states of stretches of rows. Each begins with the states of those before it, if there are any.
template <class F>
__global__ void __launch_bounds__(block_threads)
    scan_by_block(std::int64_t rows, std::int64_t n, RowCut cut, F f, const typename F::State* states) {
  using State = typename F::State;
  using Block = cub::BlockScan<State, block_threads>;
  __shared__ typename Block::TempStorage room;
  const std::int64_t units = rows * cut.parts;
  for (std::int64_t u = blockIdx.x; u < units; u += gridDim.x) {
    const std::int64_t row = u / cut.parts, part = u - row * cut.parts, begin = part * cut.length;
    const std::int64_t end = begin + cut.length < n ? begin + cut.length : n;
    const auto line = f.line(row);
    State before, carry = f.start();
    if (states) {
      const State mine = threadIdx.x < part ? states[row * cut.parts + threadIdx.x] : f.start();
      Block(room).ExclusiveScan(mine, before, f.start(), Join<F>{f}, carry);
      __syncthreads();
    }
    for (std::int64_t base = begin; base < end; base += block_threads) {
      const std::int64_t i = base + threadIdx.x;
      State mine = f.start(), total;
      if (i < end) f.take(mine, line, i);
      Block(room).ExclusiveScan(mine, before, f.start(), Join<F>{f}, total);
      State s = carry;
      f.join(s, before);
      const State first = s;
      f.join(s, mine);
      if (i < end) f.store(line, i, first, s);
      f.join(carry, total);
      __syncthreads();
    }
  }
}

inline Error launched() { return said(cudaGetLastError()); }

}  // namespace detail

template <class F>
Error for_each(int device, std::int64_t n, F f) {
  if (n <= 0) return nullptr;
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  detail::each<<<static_cast<unsigned>(blocks_for(n)), block_threads, 0, stream>>>(n, f);
  return detail::launched();
}

namespace detail {

template <By by>
unsigned blocks_of(std::int64_t units) {
  return static_cast<unsigned>(blocks_for(units * Unit<by>::team));
}

template <class F>
void launch_reduce(cudaStream_t s, std::int64_t rows, std::int64_t n, RowCut cut, const F& f,
                   typename F::State* parts) {
  const std::int64_t units = rows * cut.parts;
  if (cut.by == By::thread)
    reduce<By::thread><<<blocks_of<By::thread>(units), block_threads, 0, s>>>(rows, n, cut, f, parts);
  else if (cut.by == By::warp)
    reduce<By::warp><<<blocks_of<By::warp>(units), block_threads, 0, s>>>(rows, n, cut, f, parts);
  else
    reduce<By::block><<<blocks_of<By::block>(units), block_threads, 0, s>>>(rows, n, cut, f, parts);
}

template <class F>
void launch_join(cudaStream_t s, std::int64_t rows, std::int64_t parts, const F& f, const typename F::State* states) {
  const By by = joiner(rows, parts);
  if (by == By::thread)
    join_parts<By::thread><<<blocks_of<By::thread>(rows), block_threads, 0, s>>>(rows, parts, f, states);
  else if (by == By::warp)
    join_parts<By::warp><<<blocks_of<By::warp>(rows), block_threads, 0, s>>>(rows, parts, f, states);
  else
    join_parts<By::block><<<blocks_of<By::block>(rows), block_threads, 0, s>>>(rows, parts, f, states);
}

}  // namespace detail

template <class F>
Error reduce_rows(int device, std::int64_t rows, std::int64_t n, F f) {
  using State = typename F::State;
  if (rows <= 0) return nullptr;
  const RowCut cut = cut_rows(rows, n, f.adjacent, true);
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  if (cut.parts == 1) {
    detail::launch_reduce(stream, rows, n, cut, f, static_cast<State*>(nullptr));
    return detail::launched();
  }
  const Scratch parts(device, static_cast<std::size_t>(rows * cut.parts) * sizeof(State));
  if (parts.error()) return parts.error();
  auto* states = static_cast<State*>(parts.get());
  detail::launch_reduce(stream, rows, n, cut, f, states);
  detail::launch_join(stream, rows, cut.parts, static_cast<const typename F::Joined&>(f), states);
  return detail::launched();
}

template <class F>
Error map_rows(int device, std::int64_t rows, std::int64_t n, F f) {
  if (rows <= 0 || n <= 0) return nullptr;
  Error error = nullptr;
  const cudaStream_t s = stream_on(device, error);
  if (error) return error;
  const By by = cut_rows(rows, n, f.adjacent, false).by;
  if (by == By::thread)
    detail::map<By::thread><<<detail::blocks_of<By::thread>(rows), block_threads, 0, s>>>(rows, n, f);
  else if (by == By::warp)
    detail::map<By::warp><<<detail::blocks_of<By::warp>(rows), block_threads, 0, s>>>(rows, n, f);
  else
    detail::map<By::block><<<detail::blocks_of<By::block>(rows), block_threads, 0, s>>>(rows, n, f);
  return detail::launched();
}

template <class F>
Error scan_rows(int device, std::int64_t rows, std::int64_t n, F f) {
  if (rows <= 0 || n <= 0) return nullptr;
  Error error = nullptr;
  const cudaStream_t s = stream_on(device, error);
  if (error) return error;
  const RowCut cut = cut_scan(rows, n);
  if (cut.by == By::thread) {
    detail::scan_by_thread<<<detail::blocks_of<By::thread>(rows), block_threads, 0, s>>>(rows, n, f);
    return detail::launched();
  }
  using State = typename F::State;
  const auto blocks = static_cast<unsigned>(std::min(rows * cut.parts, max_blocks));
  if (cut.parts == 1) {
    detail::scan_by_block<<<blocks, block_threads, 0, s>>>(rows, n, cut, f, static_cast<const State*>(nullptr));
    return detail::launched();
  }
  const Scratch totals(device, static_cast<std::size_t>(rows * cut.parts) * sizeof(State));
  if (totals.error()) return totals.error();
  auto* states = static_cast<State*>(totals.get());
  detail::scan_totals<<<blocks, block_threads, 0, s>>>(rows, cut, f, states);
  detail::scan_by_block<<<blocks, block_threads, 0, s>>>(rows, n, cut, f, static_cast<const State*>(states));
  return detail::launched();
}

}  // namespace strata::gpu
