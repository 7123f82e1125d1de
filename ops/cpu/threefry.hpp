// Random bits on the CPU: threefry2x32 over a range of 64-bit counters, a register of them at a time, and what is drawn
// from the bits of one counter. Called by ops/cpu/random*.cpp. A draw is a function of (key, counter) alone, so ranges
// may be cut anywhere and run on any thread: results depend neither on the number of threads nor on the instruction set
// (normal: to rounding).
#pragma once
#include <cstdint>

#include "strata/core/cpu_isa.hpp"
#include "strata/ops/threefry.hpp"

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

/// The words of the counters [first, first + n): one each, or both (`pairs`).
void threefry_words(const std::uint32_t* key, std::int64_t first, std::int64_t n, bool pairs, std::uint32_t* y);

/// Fills y with `lanes` x `count` draws: those of lane l are from keys[2 l], keys[2 l + 1] and the counters 0, 1, ...
void threefry_fill(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const Draw& draw, void* y);

}  // namespace strata
