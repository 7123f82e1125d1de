// The launchers of ops/cuda/launch.hpp as CUDA kernels.
#pragma once
#include <cub/block/block_scan.cuh>

#include "strata/ops/cuda/runtime.hpp"

namespace strata::gpu {

namespace detail {

template <class F>
__global__ void __launch_bounds__(block_threads) each(std::int64_t n, F f) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block_threads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * block_threads + threadIdx.x; i < n; i += step) f(i);
}

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

template <By by, class F>
__device__ typename F::State state_of(const F& f, std::int64_t row, std::int64_t begin, std::int64_t end,
                                      typename F::State* shared) {
  typename F::State s = f.start();
  for (std::int64_t i = begin + Unit<by>::member(); i < end; i += Unit<by>::team) f.take(s, row, i);
  return join_team<by>(f, s, shared);
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
    const auto s = state_of<by>(f, row, begin, end, shared);
    if (Unit<by>::member() != 0) continue;
    if (parts)
      parts[u] = s;
    else
      f.finish(row, s);
  }
}

template <class F>
__global__ void __launch_bounds__(block_threads)
    join_parts(std::int64_t rows, std::int64_t count, F f, const typename F::State* parts) {
  for (std::int64_t row = Unit<By::thread>::first(); row < rows; row += Unit<By::thread>::step()) {
    auto s = parts[row];
    for (std::int64_t p = 1; p < count; ++p) f.join(s, parts[p * rows + row]);
    f.finish(row, s);
  }
}

template <By by, class F>
__global__ void __launch_bounds__(block_threads) map(std::int64_t rows, std::int64_t n, F f) {
  auto* shared = shared_states<typename F::State>();
  for (std::int64_t row = Unit<by>::first(); row < rows; row += Unit<by>::step()) {
    const auto s = state_of<by>(f, row, 0, n, shared);
    for (std::int64_t i = Unit<by>::member(); i < n; i += Unit<by>::team) f.write(row, i, s);
  }
}

template <class F>
__global__ void __launch_bounds__(block_threads) scan_by_thread(std::int64_t rows, std::int64_t n, F f) {
  for (std::int64_t row = Unit<By::thread>::first(); row < rows; row += Unit<By::thread>::step()) {
    auto s = f.start();
    for (std::int64_t i = 0; i < n; ++i) {
      const auto before = s;
      f.take(s, row, i);
      f.store(row, i, before, s);
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

template <class F>
__global__ void __launch_bounds__(block_threads) scan_by_block(std::int64_t rows, std::int64_t n, F f) {
  using State = typename F::State;
  using Block = cub::BlockScan<State, block_threads>;
  __shared__ typename Block::TempStorage room;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    State carry = f.start();
    for (std::int64_t base = 0; base < n; base += block_threads) {
      const std::int64_t i = base + threadIdx.x;
      State mine = f.start(), before, total;
      if (i < n) f.take(mine, row, i);
      Block(room).ExclusiveScan(mine, before, f.start(), Join<F>{f}, total);
      State s = carry;
      f.join(s, before);
      const State first = s;
      f.join(s, mine);
      if (i < n) f.store(row, i, first, s);
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
  detail::join_parts<<<detail::blocks_of<By::thread>(rows), block_threads, 0, stream>>>(rows, cut.parts, f, states);
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
  if (n <= block_threads || rows >= 16 * 1024)
    detail::scan_by_thread<<<detail::blocks_of<By::thread>(rows), block_threads, 0, s>>>(rows, n, f);
  else
    detail::scan_by_block<<<static_cast<unsigned>(std::min(rows, max_blocks)), block_threads, 0, s>>>(rows, n, f);
  return detail::launched();
}

}  // namespace strata::gpu
