// Sorting by CUB's radix sorts, which are stable: few long runs one after the other, each by the whole GPU; else all at
// once, each by one block. (DeviceSegmentedSort, made for short runs, takes nvcc ten minutes to compile.) Called by
// ops/cuda/sorting.cu.
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_segmented_radix_sort.cuh>

#include "strata/ops/cuda/libraries/sort.hpp"
#include "strata/ops/cuda/runtime.hpp"

namespace strata::gpu {
namespace {

constexpr std::int64_t alone = 32 * 1024;  // elements that keep a whole GPU at work
constexpr std::int64_t few = 64;           // runs that do not, each by one block

struct StartOf {
  std::int64_t n;
  __host__ __device__ std::int64_t operator()(std::int64_t run) const { return run * n; }
};

/// One run, or all of them: CUB first says how much memory it wants, then sorts in it.
template <class K>
cudaError_t sort_one(void* memory, std::size_t& bytes, const KeysToSort& k, std::int64_t run, cudaStream_t stream) {
  const std::int64_t at = run * k.n;
  const K* from = static_cast<const K*>(k.keys) + at;
  K* to = static_cast<K*>(k.sorted_keys) + at;
  constexpr int bits = static_cast<int>(sizeof(K)) * 8;
  if (!k.places) return cub::DeviceRadixSort::SortKeys(memory, bytes, from, to, k.n, 0, bits, stream);
  return cub::DeviceRadixSort::SortPairs(memory, bytes, from, to, k.places + at, k.sorted_places + at, k.n, 0, bits,
                                         stream);
}
template <class K>
cudaError_t sort_all(void* memory, std::size_t& bytes, const KeysToSort& k, cudaStream_t stream) {
  const auto starts = thrust::make_transform_iterator(thrust::make_counting_iterator<std::int64_t>(0), StartOf{k.n});
  const K* from = static_cast<const K*>(k.keys);
  K* to = static_cast<K*>(k.sorted_keys);
  const auto count = static_cast<int>(k.rows * k.n), rows = static_cast<int>(k.rows);
  constexpr int bits = static_cast<int>(sizeof(K)) * 8;
  using Sort = cub::DeviceSegmentedRadixSort;
  if (!k.places) return Sort::SortKeys(memory, bytes, from, to, count, rows, starts, starts + 1, 0, bits, stream);
  return Sort::SortPairs(memory, bytes, from, to, k.places, k.sorted_places, count, rows, starts, starts + 1, 0, bits,
                         stream);
}

template <class K>
Error sort_runs(int device, const KeysToSort& k) {
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  const bool long_runs = (k.n >= alone && k.rows < few) || k.rows == 1;
  std::size_t bytes = 0;
  error = said(long_runs ? sort_one<K>(nullptr, bytes, k, 0, stream) : sort_all<K>(nullptr, bytes, k, stream));
  if (error) return error;
  const Scratch memory(device, bytes);
  if (memory.error()) return memory.error();
  if (!long_runs) return said(sort_all<K>(memory.get(), bytes, k, stream));
  for (std::int64_t run = 0; run < k.rows && !error; ++run)
    error = said(sort_one<K>(memory.get(), bytes, k, run, stream));
  return error;
}

}  // namespace

Error sort_keys(int device, const KeysToSort& keys) {
  return keys.key_bytes == 8 ? sort_runs<std::uint64_t>(device, keys) : sort_runs<std::uint32_t>(device, keys);
}

}  // namespace strata::gpu
