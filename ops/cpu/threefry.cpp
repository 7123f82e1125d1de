// Drawing from counters, tile by tile: words first, then what the draw makes of them, while the tile is in L1.
// See threefry.hpp.
#include "strata/ops/cpu/threefry.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "strata/core/dtype.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/random_formulas.hpp"

namespace strata {

const ThreefryKernels& threefry_kernels() {
  switch (cpu_isa()) {
#if STRATA_X86_ISAS
    case Isa::avx512:
      return ThreefrySet<Isa::avx512>::table;
    case Isa::avx2:
      return ThreefrySet<Isa::avx2>::table;
#endif
    default:
      return ThreefrySet<Isa::baseline>::table;
  }
}

void threefry_words(const std::uint32_t* key, std::int64_t first, std::int64_t n, bool pairs, std::uint32_t* y) {
  const ThreefryKernels& kernels = threefry_kernels();
  while (n > 0) {
    const auto hi = static_cast<std::uint32_t>(first >> 32), lo = static_cast<std::uint32_t>(first);
    const std::int64_t run = std::min(n, (std::int64_t{1} << 32) - lo);
    (pairs ? kernels.pairs : kernels.bits)(key, hi, lo, run, y);
    y += pairs ? 2 * run : run;
    first += run;
    n -= run;
  }
}

namespace {

constexpr std::int64_t tile = 1024;
// Below this many draws a key, a register holds several keys' counters.
constexpr std::int64_t few = 16;

struct Source {
  const std::uint32_t* keys;
  std::int64_t count;  // draws a key
  const ThreefryKernels& kernels;

  /// The words of draws [at, at + n), n <= tile: one each, or both (`pairs`).
  void words(std::int64_t at, std::int64_t n, bool pairs, std::uint32_t* y) const {
    if (count < few) return mixed_words(at, n, pairs, y);
    while (n > 0) {
      const std::int64_t lane = at / count, run = std::min(n, count - at % count);
      threefry_words(keys + 2 * lane, at % count, run, pairs, y);
      y += pairs ? 2 * run : run;
      at += run;
      n -= run;
    }
  }

 private:
  void mixed_words(std::int64_t at, std::int64_t n, bool pairs, std::uint32_t* y) const {
    std::uint32_t k0[tile] = {}, k1[tile] = {}, c0[tile] = {}, c1[tile] = {};
    std::int64_t lane = at / count, counter = at % count;
    for (std::int64_t i = 0; i < n; ++i) {
      k0[i] = keys[2 * lane];
      k1[i] = keys[2 * lane + 1];
      c0[i] = 0;
      c1[i] = static_cast<std::uint32_t>(counter);
      if (++counter == count) counter = 0, ++lane;
    }
    kernels.each(k0, k1, c0, c1, n);
    for (std::int64_t i = 0; i < n; ++i) {
      if (pairs)
        y[2 * i] = c0[i], y[2 * i + 1] = c1[i];
      else
        y[i] = c0[i] ^ c1[i];
    }
  }
};

template <class T>
void narrow(std::uint32_t* words, std::int64_t n, T* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<T>(words[i]);
}

std::uint64_t joined(const std::uint32_t* pair) { return std::uint64_t{pair[0]} << 32 | pair[1]; }

/// The first word of each pair is the upper half.
void join(std::uint32_t* pairs, std::int64_t n, std::uint64_t* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = joined(pairs + 2 * i);
}

void uniform64(std::uint32_t* pairs, std::int64_t n, double low, double scale, double* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = draws::uniform64(joined(pairs + 2 * i), low, scale);
}

template <class Half>
void half_uniform(const Source& source, std::uint32_t* words, std::int64_t n, double low, double high, Half* y) {
  for (std::int64_t i = 0; i < n; ++i) words[i] = draws::half_bits<Half>(words[i]);
  const draws::HalfRange range = draws::half_range<Half>(low, high);
  source.kernels.uniform(words, n, range.low, range.scale);
  for (std::int64_t i = 0; i < n; ++i) y[i] = Half(std::bit_cast<float>(words[i]));
}

void normal64(std::uint32_t* pairs, std::int64_t n, double* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = draws::normal64(joined(pairs + 2 * i));
}

template <class Half>
void half_normal(const Source& source, std::uint32_t* words, std::int64_t n, Half* y) {
  half_uniform(source, words, n, draws::half_normal_low<Half>, 1, y);
  for (std::int64_t i = 0; i < n; ++i) y[i] = draws::half_normal(y[i]);
}

/// Draws [at, at + n), n <= tile, to where the whole result begins.
void draw_tile(const Source& source, const Draw& draw, std::int64_t at, std::int64_t n, void* result) {
  std::uint32_t buffer[2 * tile];
  const auto in = [&]<class T>(T*) { return static_cast<T*>(result) + at; };
  const auto single = [&] { return source.words(at, n, false, buffer), buffer; };
  const auto both = [&] { return source.words(at, n, true, buffer), buffer; };
  std::uint32_t* words = static_cast<std::uint32_t*>(result) + at;
  const auto low = static_cast<float>(draw.low), high = static_cast<float>(draw.high);
  switch (draw.kind) {
    case DrawKind::pairs:
      return source.words(at, n, true, words + at);
    case DrawKind::bits8:
      return narrow(single(), n, in(static_cast<std::uint8_t*>(nullptr)));
    case DrawKind::bits16:
      return narrow(single(), n, in(static_cast<std::uint16_t*>(nullptr)));
    case DrawKind::bits32:
      return source.words(at, n, false, words);
    case DrawKind::bits64:
      return join(both(), n, in(static_cast<std::uint64_t*>(nullptr)));
    case DrawKind::half_uniform:
      if (draw.bits == 16)
        return half_uniform(source, single(), n, draw.low, draw.high, in(static_cast<Float16*>(nullptr)));
      return half_uniform(source, single(), n, draw.low, draw.high, in(static_cast<BFloat16*>(nullptr)));
    case DrawKind::uniform:
      if (draw.bits == 64)
        return uniform64(both(), n, draw.low, draw.high - draw.low, in(static_cast<double*>(nullptr)));
      source.words(at, n, false, words);
      return source.kernels.uniform(words, n, low, high - low);
    case DrawKind::half_normal:
      if (draw.bits == 16) return half_normal(source, single(), n, in(static_cast<Float16*>(nullptr)));
      return half_normal(source, single(), n, in(static_cast<BFloat16*>(nullptr)));
    case DrawKind::normal:
      if (draw.bits == 64) return normal64(both(), n, in(static_cast<double*>(nullptr)));
      source.words(at, n, false, words);
      return source.kernels.normal(words, n);
    case DrawKind::below:
      return source.kernels.below(single(), n, high, in(static_cast<bool*>(nullptr)));
  }
}

}  // namespace

void threefry_fill(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const Draw& draw, void* y) {
  const Source source{keys, count, threefry_kernels()};
  parallel_for(lanes * count, 4 * tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; at += tile) draw_tile(source, draw, at, std::min(tile, end - at), y);
  });
}

}  // namespace strata
