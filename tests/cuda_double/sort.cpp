// Sorting for the double of a GPU: what ops/cuda/libraries/cub_sort.cu does with NVIDIA's library. Each run of keys is
// sorted on the host, stably.
#include <algorithm>
#include <numeric>
#include <vector>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/sort.hpp"

namespace strata::gpu {
namespace {

template <class K>
void sort_run(const K* keys, K* sorted, const std::int32_t* places, std::int32_t* sorted_places, std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return keys[a] < keys[b]; });
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t from = order[static_cast<std::size_t>(i)];
    sorted[i] = keys[from];
    if (places) sorted_places[i] = places[from];
  }
}

template <class K>
void sort_runs(const KeysToSort& k) {
  for (std::int64_t r = 0; r < k.rows; ++r) {
    const std::int64_t at = r * k.n;
    sort_run(static_cast<const K*>(k.keys) + at, static_cast<K*>(k.sorted_keys) + at,
             k.places ? k.places + at : nullptr, k.places ? k.sorted_places + at : nullptr, k.n);
  }
}

}  // namespace

Error sort_keys(int, const KeysToSort& keys) {
  return give([=] { keys.key_bytes == 8 ? sort_runs<std::uint64_t>(keys) : sort_runs<std::uint32_t>(keys); });
}

}  // namespace strata::gpu
