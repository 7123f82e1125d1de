// Sorting by NVIDIA's library, as a function on plain memory. Called by ops/cuda/sorting.cu; implemented by
// cub_sort.cu, and for the double of a GPU by tests/cuda_double/sort.cpp.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// Unsigned keys of 4 or 8 bytes, `rows` runs of n each, and what stands beside each key (null: nothing does).
struct KeysToSort {
  int key_bytes;
  void *keys, *sorted_keys;
  std::int32_t *places, *sorted_places;
  std::int64_t rows, n;
};

/// Sorts each run, stably, into the `sorted` memory; what was in the other is lost.
Error sort_keys(int device, const KeysToSort& keys);

}  // namespace strata::gpu
