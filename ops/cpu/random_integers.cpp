// Bounded integers and orders. See random_kernels.hpp; the arithmetic is JAX's, wrap-around included.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/random_kernels.hpp"
#include "strata/ops/cpu/threefry.hpp"
#include "strata/ops/random_formulas.hpp"

namespace strata {
namespace {

constexpr std::int64_t tile = 1024;

template <class U>
void bits_of(KeyWords key, std::int64_t first, std::int64_t n, U* y) {
  std::uint32_t words[2 * tile];
  threefry_words(key.word, first, n, sizeof(U) == 8, words);
  for (std::int64_t i = 0; i < n; ++i) {
    if constexpr (sizeof(U) == 8)
      y[i] = std::uint64_t{words[2 * i]} << 32 | words[2 * i + 1];
    else
      y[i] = static_cast<U>(words[i]);
  }
}

template <class T>
void integers_run(KeyWords key, std::int64_t first, std::int64_t n, Bounds b, T* y) {
  using Rule = draws::Integers<T>;
  using U = std::make_unsigned_t<typename Rule::Wide>;
  U higher[tile], lower[tile];
  bits_of(key.child(0), first, n, higher);
  bits_of(key.child(1), first, n, lower);
  draws::Span<typename Rule::Wide> span;
  for (std::int64_t i = 0; i < n; ++i) {
    if (i == 0 || !b.one_low || !b.one_high) span = Rule::span(b.low[b.one_low ? 0 : i], b.high[b.one_high ? 0 : i]);
    y[i] = static_cast<T>(span(higher[i], lower[i]));
  }
}

/// Stable sort of `order` by keys[order[i]], 11 bits at a time.
void sort_by_bits(const std::uint32_t* bits, std::int64_t n, std::int32_t* order, std::int32_t* buffer) {
  std::vector<std::int64_t> start(2048);
  for (const int shift : {0, 11, 22}) {
    std::fill(start.begin(), start.end(), 0);
    for (std::int64_t i = 0; i < n; ++i) ++start[bits[i] >> shift & 2047];
    std::int64_t sum = 0;
    for (std::int64_t& s : start) s = std::exchange(sum, sum + s);
    for (std::int64_t i = 0; i < n; ++i) {
      buffer[start[bits[order[i]] >> shift & 2047]++] = order[i];
    }
    std::copy(buffer, buffer + n, order);
  }
}

/// One vector: the places before each round are composed with those of the round.
void order_vector(const std::uint32_t* bits, std::int64_t n, std::vector<std::int32_t>& places) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(n)), buffer(order.size());
  for (std::int64_t i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i);
  sort_by_bits(bits, n, order.data(), buffer.data());
  for (std::int64_t i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    buffer[k] = places[static_cast<std::size_t>(order[k])];
  }
  places.swap(buffer);
}

}  // namespace

void random_integers(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, Bounds b, Dtype dtype,
                     void* y) {
  visit(dtype, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      parallel_for(lanes * count, 2 * tile, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end;) {
          const std::int64_t lane = at / count, first = at % count;
          const std::int64_t n = std::min({end - at, count - first, tile});
          const Bounds here{b.one_low ? b.low : b.low + at, b.one_high ? b.high : b.high + at, b.one_low, b.one_high};
          integers_run(KeyWords{{keys[2 * lane], keys[2 * lane + 1]}}, first, n, here, static_cast<T*>(y) + at);
          at += n;
        }
      });
    }
  });
}

void random_orders(const std::uint32_t* keys, std::int64_t lanes, std::int64_t outer, std::int64_t n,
                   std::int64_t inner, int rounds, std::int32_t* y) {
  const std::int64_t vectors = outer * inner;
  parallel_for(lanes * vectors, std::max<std::int64_t>(1, 512 / std::max<std::int64_t>(n, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 std::vector<std::int32_t> places(static_cast<std::size_t>(n));
                 std::vector<std::uint32_t> bits(static_cast<std::size_t>(n));
                 for (std::int64_t v = begin; v < end; ++v) {
                   const std::int64_t lane = v / vectors, o = v % vectors / inner, i = v % inner;
                   const std::int64_t first = o * n * inner + i;
                   for (std::int64_t k = 0; k < n; ++k)
                     places[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(k);
                   KeyWords key{{keys[2 * lane], keys[2 * lane + 1]}};
                   for (int round = 0; round < rounds; ++round) {
                     const KeyWords sub = key.child(1);
                     key = key.child(0);
                     if (inner == 1) threefry_words(sub.word, first, n, false, bits.data());
                     for (std::int64_t k = 0; inner != 1 && k < n; ++k) {
                       threefry_words(sub.word, first + k * inner, 1, false, &bits[static_cast<std::size_t>(k)]);
                     }
                     order_vector(bits.data(), n, places);
                   }
                   std::int32_t* to = y + lane * vectors * n + first;
                   for (std::int64_t k = 0; k < n; ++k) to[k * inner] = places[static_cast<std::size_t>(k)];
                 }
               });
}

}  // namespace strata
