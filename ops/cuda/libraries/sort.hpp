// Sorting by NVIDIA's library, as a function on plain memory. Called by ops/cuda/sorting.cu; implemented by
// cub_sort.cu, and for the double of a GPU by tests/cuda_double/sort.cpp.
#pragma once
#include <algorithm>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// Unsigned keys of 4 or 8 bytes, `rows` runs of n each, and what stands beside each key (null: nothing does).
struct KeysToSort {
  int key_bytes;
  void *keys, *sorted_keys;
  std::int32_t *places, *sorted_places;
  std::int64_t rows, n;
};

/// Sorts each run, stably, into the `sorted` memory; what was in the other is lost. At most 2^31 - 1 keys in all, but
/// for one run.
Error sort_keys(int device, const KeysToSort& keys);

/// f(keys) for pieces of whole runs, each of at most `most` keys (or one run), until one fails.
template <class F>
Error each_piece(const KeysToSort& k, std::int64_t most, F f) {
  const std::int64_t rows = std::max<std::int64_t>(1, most / std::max<std::int64_t>(1, k.n));
  Error error = nullptr;
  for (std::int64_t first = 0; first < k.rows && !error; first += rows) {
    const std::int64_t at = first * k.n, bytes = at * k.key_bytes;
    KeysToSort piece = k;
    piece.keys = static_cast<unsigned char*>(k.keys) + bytes;
    piece.sorted_keys = static_cast<unsigned char*>(k.sorted_keys) + bytes;
    if (k.places) piece.places = k.places + at, piece.sorted_places = k.sorted_places + at;
    piece.rows = std::min(rows, k.rows - first);
    error = f(piece);
  }
  return error;
}

}  // namespace strata::gpu
