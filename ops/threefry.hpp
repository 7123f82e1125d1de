// Random bits one by one: a threefry2x32 block, keys by value, and what a draw is, for whoever draws (CPU kernels draw
// many at a time, ops/cpu/threefry.hpp). Included by ops/random.cpp and the random kernels of every device.
// Always holds: a draw is a function of (key, counter) alone, so results depend on no device, thread or lane.
#pragma once
#include <cstdint>

#include "strata/core/host_device.hpp"

namespace strata {

/// Threefry's rotation within a group of four rounds.
STRATA_HD void threefry_mix(std::uint32_t& c0, std::uint32_t& c1, int rotation) {
  c0 += c1;
  c1 = (c1 << rotation | c1 >> (32 - rotation)) ^ c0;
}

/// One block: (x0, x1) of the counter (c0, c1), in place.
STRATA_BOTH inline void threefry2x32(const std::uint32_t key[2], std::uint32_t& c0, std::uint32_t& c1) {
  const std::uint32_t k0 = key[0], k1 = key[1], k2 = k0 ^ k1 ^ 0x1bd11bdau;
  const auto four = [&](int a, int b, int c, int d, std::uint32_t add0, std::uint32_t add1) {
    threefry_mix(c0, c1, a), threefry_mix(c0, c1, b), threefry_mix(c0, c1, c), threefry_mix(c0, c1, d);
    c0 += add0, c1 += add1;
  };
  c0 += k0, c1 += k1;
  four(13, 15, 26, 6, k1, k2 + 1);
  four(17, 29, 16, 24, k2, k0 + 2);
  four(13, 15, 26, 6, k0, k1 + 3);
  four(17, 29, 16, 24, k1, k2 + 4);
  four(13, 15, 26, 6, k2, k0 + 5);
}

/// A key by value; `child(i)` is number i of split(key, n).
struct KeyWords {
  std::uint32_t word[2];
  STRATA_BOTH KeyWords child(std::uint32_t i) const { return block(i); }
  /// Both words of a counter.
  STRATA_BOTH KeyWords block(std::uint64_t counter) const {
    KeyWords c{{static_cast<std::uint32_t>(counter >> 32), static_cast<std::uint32_t>(counter)}};
    threefry2x32(word, c.word[0], c.word[1]);
    return c;
  }
  /// The 32 bits of a counter; those of the counter 0 are a draw of shape [].
  STRATA_BOTH std::uint32_t bits(std::uint64_t counter = 0) const {
    const KeyWords c = block(counter);
    return c.word[0] ^ c.word[1];
  }
  /// 64 bits of a counter: the first word is the upper half.
  STRATA_BOTH std::uint64_t bits64(std::uint64_t counter = 0) const {
    const KeyWords c = block(counter);
    return std::uint64_t{c.word[0]} << 32 | c.word[1];
  }
};

/// What becomes of a counter's bits. pairs: two words (keys). bits8 .. bits64: unsigned integers. uniform and normal:
/// by dtype, half types from 8 (bfloat16) or 16 bits. below: bool, u < high.
enum class DrawKind : std::uint8_t {
  pairs,
  bits8,
  bits16,
  bits32,
  bits64,
  half_uniform,
  half_normal,
  uniform,
  normal,
  below
};

struct Draw {
  DrawKind kind = DrawKind::bits32;
  int bits = 32;             // of the float drawn: 64, 32; for half types 16 (float16), 8 (bfloat16)
  double low = 0, high = 1;  // uniform: the range; below: high is the probability
};

}  // namespace strata
