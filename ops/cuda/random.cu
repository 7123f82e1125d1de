// Random draws on a GPU: what becomes of each counter's bits (ops/random_formulas.hpp), one thread for each element;
// orders by stable sorts of random bits. Asked for by ops/cuda/random.cpp.
// Always holds: bits, integers, uniforms on [0, 1) and orders are those of the CPU, bit for bit; normals to rounding.
#include "strata/ops/cuda/random.hpp"

#include <utility>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/sort.hpp"
#include "strata/ops/cuda/samplers.hpp"
#include "strata/ops/random_formulas.hpp"

namespace strata::gpu {
namespace {

/// Both words of the counter of element i.
STRATA_HD KeyWords words_of(const KeyedCall& c, std::int64_t i) {
  const std::int64_t lane = i < c.count ? 0 : i / c.count;
  const KeyWords key{{c.keys[2 * lane], c.keys[2 * lane + 1]}};
  return key.block(static_cast<std::uint64_t>(i - lane * c.count));
}
STRATA_HD std::uint32_t bits_of(KeyWords w) { return w.word[0] ^ w.word[1]; }
STRATA_HD std::uint64_t bits64_of(KeyWords w) { return std::uint64_t{w.word[0]} << 32 | w.word[1]; }

// ---- what becomes of the words

struct Both {
  using Out = KeyWords;
  STRATA_HD Out operator()(KeyWords w) const { return w; }
};
template <class T>
struct Bits {
  using Out = T;
  STRATA_HD Out operator()(KeyWords w) const {
    if constexpr (sizeof(T) == 8)
      return bits64_of(w);
    else
      return static_cast<T>(bits_of(w));
  }
};
struct Uniform {
  using Out = float;
  float low, scale;
  STRATA_HD Out operator()(KeyWords w) const { return draws::uniform<float>(bits_of(w), low, scale); }
};
struct Uniform64 {
  using Out = double;
  double low, scale;
  STRATA_HD Out operator()(KeyWords w) const { return draws::uniform64(bits64_of(w), low, scale); }
};
struct Normal {
  using Out = float;
  STRATA_HD Out operator()(KeyWords w) const { return draws::normal<float>(bits_of(w)); }
};
struct Normal64 {
  using Out = double;
  STRATA_HD Out operator()(KeyWords w) const { return draws::normal64(bits64_of(w)); }
};
template <class Half>
struct HalfUniform {
  using Out = Half;
  draws::HalfRange range;
  STRATA_HD Out operator()(KeyWords w) const {
    return Half(draws::uniform<float>(draws::half_bits<Half>(bits_of(w)), range.low, range.scale));
  }
};
template <class Half>
struct HalfNormal {
  using Out = Half;
  draws::HalfRange range;
  STRATA_HD Out operator()(KeyWords w) const { return draws::half_normal(HalfUniform<Half>{range}(w)); }
};
struct Below {
  using Out = bool;
  float p;
  STRATA_HD Out operator()(KeyWords w) const { return draws::unit<float>(bits_of(w)) < p; }
};

template <class F>
struct FillDraws {
  KeyedCall c;
  F f;
  STRATA_BOTH void operator()(std::int64_t i) const { static_cast<typename F::Out*>(c.y)[i] = f(words_of(c, i)); }
};
template <class F>
Error fill_with(int device, const KeyedCall& c, F f) {
  return for_each(device, c.n, FillDraws<F>{c, f});
}

template <class Half>
Error fill_half(int device, const FillDrawsCall& c) {
  if (c.draw.kind == DrawKind::half_uniform)
    return fill_with(device, c.keyed, HalfUniform<Half>{draws::half_range<Half>(c.draw.low, c.draw.high)});
  return fill_with(device, c.keyed, HalfNormal<Half>{draws::half_range<Half>(draws::half_normal_low<Half>, 1)});
}

Error fill_uniform(int device, const FillDrawsCall& c) {
  if (c.draw.bits == 64) return fill_with(device, c.keyed, Uniform64{c.draw.low, c.draw.high - c.draw.low});
  const auto low = static_cast<float>(c.draw.low), high = static_cast<float>(c.draw.high);
  return fill_with(device, c.keyed, Uniform{low, high - low});
}

Error fill(int device, const FillDrawsCall& c) {
  switch (c.draw.kind) {
    case DrawKind::pairs:
      return fill_with(device, c.keyed, Both{});
    case DrawKind::bits8:
      return fill_with(device, c.keyed, Bits<std::uint8_t>{});
    case DrawKind::bits16:
      return fill_with(device, c.keyed, Bits<std::uint16_t>{});
    case DrawKind::bits32:
      return fill_with(device, c.keyed, Bits<std::uint32_t>{});
    case DrawKind::bits64:
      return fill_with(device, c.keyed, Bits<std::uint64_t>{});
    case DrawKind::half_uniform:
    case DrawKind::half_normal:
      return c.draw.bits == 16 ? fill_half<Float16>(device, c) : fill_half<BFloat16>(device, c);
    case DrawKind::uniform:
      return fill_uniform(device, c);
    case DrawKind::normal:
      return c.draw.bits == 64 ? fill_with(device, c.keyed, Normal64{}) : fill_with(device, c.keyed, Normal{});
    default:
      return fill_with(device, c.keyed, Below{static_cast<float>(c.draw.high)});
  }
}

struct Fold {
  FoldCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const KeyWords y = KeyWords{{c.keys[2 * i], c.keys[2 * i + 1]}}.child(c.data[i]);
    c.y[2 * i] = y.word[0];
    c.y[2 * i + 1] = y.word[1];
  }
};
Error fold_in(int device, const FoldCall& c) { return for_each(device, c.n, Fold{c}); }

// ---- integers

template <class T>
struct Integers {
  IntegersCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    using Rule = draws::Integers<T>;
    const std::int64_t lane = i < c.keyed.count ? 0 : i / c.keyed.count;
    const KeyWords key{{c.keyed.keys[2 * lane], c.keyed.keys[2 * lane + 1]}};
    const auto number = static_cast<std::uint64_t>(i - lane * c.keyed.count);
    const Bits<std::make_unsigned_t<typename Rule::Wide>> bits;
    const auto span = Rule::span(c.low[c.one_low ? 0 : i], c.high[c.one_high ? 0 : i]);
    static_cast<T*>(c.keyed.y)[i] =
        static_cast<T>(span(bits(key.child(0).block(number)), bits(key.child(1).block(number))));
  }
};
struct LaunchIntegers {
  int device;
  const IntegersCall& c;
  template <class T>
  Error operator()(T) const {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
      return for_each(device, c.keyed.n, Integers<T>{c});
    else
      return "integers are drawn of integer dtypes";
  }
};
Error integers(int device, const IntegersCall& c) { return visit(c.keyed.dtype, LaunchIntegers{device, c}); }

// ---- orders

/// The bits of one round, a row for each vector; a vector's elements are `inner` apart in y. The first one writes the
/// places too.
struct OrderBits {
  OrdersCall c;
  int round;
  std::uint32_t* bits;
  std::int32_t* places;
  STRATA_BOTH void operator()(std::int64_t at) const {
    const std::int64_t row = at / c.n, k = at - row * c.n, vectors = c.outer * c.inner, lane = row / vectors;
    const std::int64_t v = row - lane * vectors, o = v / c.inner, i = v - o * c.inner;
    KeyWords key{{c.keys[2 * lane], c.keys[2 * lane + 1]}};
    for (int r = 0; r < round; ++r) key = key.child(0);
    bits[at] = key.child(1).bits(static_cast<std::uint64_t>((o * c.n + k) * c.inner + i));
    if (round == 0) places[at] = static_cast<std::int32_t>(k);
  }
};
/// Rows of places to where they belong in y.
struct OrderPlaces {
  OrdersCall c;
  const std::int32_t* places;  // null: as they are
  STRATA_BOTH void operator()(std::int64_t at) const {
    const std::int64_t row = at / c.n, k = at - row * c.n, o = row / c.inner, i = row - o * c.inner;
    c.y[(o * c.n + k) * c.inner + i] = places ? places[at] : static_cast<std::int32_t>(k);
  }
};

Error orders(int device, const OrdersCall& c) {
  const std::int64_t rows = c.lanes * c.outer * c.inner, size = rows * c.n;
  if (c.rounds == 0) return for_each(device, size, OrderPlaces{c, nullptr});
  const auto bytes = static_cast<std::size_t>(size) * 4;
  const Scratch bits(device, bytes), sorted(device, bytes), first(device, bytes), second(device, bytes);
  for (const Scratch* s : {&bits, &sorted, &first, &second}) {
    if (s->error()) return s->error();
  }
  auto *from = static_cast<std::int32_t*>(first.get()), *to = static_cast<std::int32_t*>(second.get());
  for (int round = 0; round < c.rounds; ++round) {
    auto* keys = static_cast<std::uint32_t*>(bits.get());
    if (const Error e = for_each(device, size, OrderBits{c, round, keys, from})) return e;
    if (const Error e = sort_keys(device, {4, keys, sorted.get(), from, to, rows, c.n})) return e;
    std::swap(from, to);
  }
  return for_each(device, size, OrderPlaces{c, from});
}

}  // namespace

const RandomLibrary random_library{&fill,           &fold_in,         &integers,     &orders,
                                   &sample_poisson, &sample_binomial, &sample_gamma, &gamma_sensitivities};

}  // namespace strata::gpu
