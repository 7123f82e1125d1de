// What samplers that try until they accept share: cutting draws into tiles, and drawing uniforms for the elements of a
// tile that still try. Called by ops/cpu/random_rejection.cpp and random_binomial.cpp.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/threefry.hpp"

namespace strata {

inline constexpr std::int64_t active_tile = 512;

/// The elements of one lane that still try: their numbers in the tile, and uniforms under a key for them.
struct Active {
  std::int64_t first;  // the tile's first element in its lane
  std::int64_t n = 0;
  std::int32_t index[active_tile] = {};

  explicit Active(std::int64_t f) : first(f) {}
  void uniforms(KeyWords key, float* u) const {
    std::uint32_t k0[active_tile] = {}, k1[active_tile] = {}, c0[active_tile] = {}, c1[active_tile] = {};
    for (std::int64_t i = 0; i < n; ++i) {
      const auto counter = static_cast<std::uint64_t>(first + index[i]);
      k0[i] = key.word[0];
      k1[i] = key.word[1];
      c0[i] = static_cast<std::uint32_t>(counter >> 32);
      c1[i] = static_cast<std::uint32_t>(counter);
    }
    const ThreefryKernels& kernels = threefry_kernels();
    kernels.each(k0, k1, c0, c1, n);
    for (std::int64_t i = 0; i < n; ++i) c0[i] ^= c1[i];
    kernels.uniform(c0, n, 0, 1);
    for (std::int64_t i = 0; i < n; ++i) u[i] = std::bit_cast<float>(c0[i]);
  }
};

/// f(key, first, n, at): n <= active_tile elements of one lane, from its element `first` and the result's element `at`.
template <class F>
void for_tiles(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, F f) {
  parallel_for(lanes * count, active_tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end;) {
      const std::int64_t lane = at / count, first = at % count;
      const std::int64_t n = std::min({end - at, count - first, active_tile});
      f(KeyWords{{keys[2 * lane], keys[2 * lane + 1]}}, first, n, at);
      at += n;
    }
  });
}

}  // namespace strata
