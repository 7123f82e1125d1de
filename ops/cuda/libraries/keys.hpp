// What a product, a convolution or a pooling is like, apart from where its memory lies: under these keys the wrappers
// of NVIDIA's libraries remember which algorithm to use. Plain numbers, so that tests check them without a GPU.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "strata/ops/cuda/products.hpp"
#include "strata/ops/cuda/windows.hpp"

namespace strata::gpu {

/// So many numbers; equal keys have equal hashes.
template <std::size_t n>
struct ShapeKey {
  std::array<std::int64_t, n> numbers;
  bool operator==(const ShapeKey&) const = default;
  struct Hash {
    std::size_t operator()(const ShapeKey& key) const {
      std::uint64_t h = 0xcbf29ce484222325u;
      for (const std::int64_t x : key.numbers) {
        h = (h ^ static_cast<std::uint64_t>(x)) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
      }
      return static_cast<std::size_t>(h);
    }
  };
};
using GemmKey = ShapeKey<17>;
using ConvKey = ShapeKey<27>;
using PoolKey = ShapeKey<21>;

/// Bytes that divide an address, at most 256: kernels differ by what they may assume.
inline std::int64_t alignment_of(const void* p) {
  const auto at = reinterpret_cast<std::uintptr_t>(p) | 256;
  return static_cast<std::int64_t>(at & (~at + 1));
}

inline GemmKey key_of(int device, const GemmCall& g) {
  const auto flag = [](bool b) { return std::int64_t{b}; };
  return {{device, static_cast<std::int64_t>(g.dtype), flag(g.accumulate), flag(g.tf32), g.m, g.n, g.k, g.batch,
           g.a_row, g.a_col, g.b_row, g.b_col, g.c_row, g.a_batch, g.b_batch, g.c_batch,
           alignment_of(g.a) * 1'000'000 + alignment_of(g.b) * 1000 + alignment_of(g.c)}};
}

/// The strides follow from the sizes and from where the channels lie.
inline ConvKey key_of(int device, const ConvCall& c) {
  ConvKey key{{device, static_cast<std::int64_t>(c.wanted), static_cast<std::int64_t>(c.dtype), std::int64_t{c.tf32},
               std::int64_t{c.channels_last}, c.n, c.groups, c.c, c.o}};
  std::size_t at = 9;
  for (const auto* sizes : {&c.x_size, &c.w_size, &c.y_size, &c.stride, &c.low, &c.w_dilation}) {
    for (const std::int64_t x : *sizes) key.numbers[at++] = x;
  }
  return key;
}

inline PoolKey key_of(int device, const PoolCall& c) {
  PoolKey key{{device, static_cast<std::int64_t>(c.work), static_cast<std::int64_t>(c.dtype),
               std::int64_t{c.channels_last}, c.n, c.c}};
  std::size_t at = 6;
  for (const auto* sizes : {&c.x_size, &c.window, &c.y_size, &c.stride, &c.low}) {
    for (const std::int64_t x : *sizes) key.numbers[at++] = x;
  }
  return key;
}

/// What has been found for each key. Any thread.
template <class Key, class Found>
class ShapeCache {
 public:
  bool find(const Key& key, Found& found) {
    const std::lock_guard lock(mutex_);
    const auto at = map_.find(key);
    if (at == map_.end()) return false;
    found = at->second;
    return true;
  }
  void keep(const Key& key, const Found& found) {
    const std::lock_guard lock(mutex_);
    map_.insert_or_assign(key, found);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Key, Found, typename Key::Hash> map_;
};

}  // namespace strata::gpu
