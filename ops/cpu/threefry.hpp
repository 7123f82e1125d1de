// Random bits: threefry2x32 over a range of 64-bit counters, and what is drawn from the bits of one counter.
// Called by ops/random.cpp. A draw is a function of (key, counter) alone, so ranges may be cut anywhere and run on any
// thread: results depend neither on the number of threads nor on the instruction set (normal: to rounding).
#pragma once
#include <cstdint>

#include "strata/core/cpu_isa.hpp"

namespace strata {

/// What one instruction set compiles. Counters are (hi, lo + i), i < n, and lo + n does not pass 2^32.
struct ThreefryKernels {
  /// y[i] = x0 ^ x1 of counter i.
  void (*bits)(const std::uint32_t* key, std::uint32_t hi, std::uint32_t lo, std::int64_t n, std::uint32_t* y);
  /// Both words of counter i, interleaved: y[2 i] = x0, y[2 i + 1] = x1.
  void (*pairs)(const std::uint32_t* key, std::uint32_t hi, std::uint32_t lo, std::int64_t n, std::uint32_t* y);
  /// Element i has the key (k0[i], k1[i]) and the counter (c0[i], c1[i]); the words replace c0 and c1.
  void (*each)(const std::uint32_t* k0, const std::uint32_t* k1, std::uint32_t* c0, std::uint32_t* c1, std::int64_t n);
  /// In place: bits become max(low, u * scale + low) with u in [0, 1) from their upper 23.
  void (*uniform)(std::uint32_t* y, std::int64_t n, float low, float scale);
  /// In place: bits become sqrt(2) * erf_inv(u), u in (-1, 1).
  void (*normal)(std::uint32_t* y, std::int64_t n);
  /// y[i] = u < p.
  void (*below)(const std::uint32_t* bits, std::int64_t n, float p, bool* y);
};

template <Isa I>
struct ThreefrySet {
  static const ThreefryKernels table;
};
extern template struct ThreefrySet<Isa::baseline>;
extern template struct ThreefrySet<Isa::avx2>;
extern template struct ThreefrySet<Isa::avx512>;
const ThreefryKernels& threefry_kernels();

/// One block: (x0, x1) of the counter (c0, c1), in place.
void threefry2x32(const std::uint32_t key[2], std::uint32_t& c0, std::uint32_t& c1);

/// A key by value; `child(i)` is number i of split(key, n).
struct KeyWords {
  std::uint32_t word[2];
  KeyWords child(std::uint32_t i) const {
    KeyWords c{{0, i}};
    threefry2x32(word, c.word[0], c.word[1]);
    return c;
  }
  /// The bits of the counter 0: those of a draw of shape [].
  std::uint32_t bits() const {
    const KeyWords c = child(0);
    return c.word[0] ^ c.word[1];
  }
};

/// The words of the counters [first, first + n): one each, or both (`pairs`).
void threefry_words(const std::uint32_t* key, std::int64_t first, std::int64_t n, bool pairs, std::uint32_t* y);

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

/// Fills y with `lanes` x `count` draws: those of lane l are from keys[2 l], keys[2 l + 1] and the counters 0, 1, ...
void threefry_fill(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const Draw& draw, void* y);

}  // namespace strata
