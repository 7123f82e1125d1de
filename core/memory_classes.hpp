// The size classes of the allocator: 64, 128, ... 512 bytes, then (9 ... 16) * 2^k, and how many blocks of each a
// thread keeps. Used by memory.cpp and by the GPU heap (ops/cuda/heap.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "strata/core/memory.hpp"
#include "strata/core/memory_system.hpp"

namespace strata::memory::detail {

inline constexpr std::size_t largest_class = std::size_t{1} << 47;  // the user half of the address space

constexpr std::size_t class_index(std::size_t bytes) {
  if (bytes <= 512) return bytes == 0 ? 0 : (bytes - 1) / alignment;
  const std::size_t last = bytes - 1;
  const std::size_t power = std::bit_width(last) - 1;
  return 8 + (power - 9) * 8 + ((last >> (power - 3)) & 7);
}

constexpr std::size_t class_bytes(std::size_t index) {
  if (index < 8) return (index + 1) * alignment;
  return ((index & 7) + 9) << (index / 8 + 5);
}

inline constexpr std::size_t class_count = class_index(largest_class) + 1;
inline constexpr std::size_t medium_limit = 64 << 10;  // up to here a thread keeps blocks of its own
inline constexpr std::size_t medium_classes = class_index(medium_limit) + 1;
static_assert(class_bytes(medium_classes - 1) == medium_limit && class_bytes(class_count - 1) == largest_class);
static_assert(class_bytes(class_index(513)) == 576 && class_bytes(class_index(1024)) == 1024);

// A thread keeps at most this many blocks of a class; half of them move at a time.
constexpr std::uint32_t small_room(std::size_t index) {
  return static_cast<std::uint32_t>(
      std::clamp<std::size_t>(medium_limit / (std::max<std::size_t>(index, 1) * small_step), 64, 512));
}
constexpr std::uint32_t medium_room(std::size_t index) {
  return static_cast<std::uint32_t>(std::clamp<std::size_t>((256 << 10) / class_bytes(index), 4, 32));
}

}  // namespace strata::memory::detail
