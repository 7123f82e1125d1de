// sin cos tan. Called by op formulas and users' lambdas. Up to a limit (10^5 for float on machines with fused
// multiply-add) the multiple of pi is taken off in parts; the rare larger arguments go one by one through an exact
// product with the bits of 1 / pi. Both paths end in the same polynomials on [-pi/4, pi/4], so cos(0) is 1 and nothing
// exceeds 1.
#pragma once
#include "strata/ops/math/basic.hpp"

namespace strata::math {

namespace detail {

/// pi in parts. With fused multiply-add a part may be a full number; without, n * part must be exact.
template <class Lane>
struct PiParts;
template <>
struct PiParts<float> {
  static constexpr float fused_limit = 1e5f, split_limit = 1e4f;
  static constexpr float fused[3] = {0x1.921fb4p+1f, 0x1.4442dp-23f, 0x1.846988p-47f};
  static constexpr float split[5] = {0x1.92p+1f, 0x1.fb4p-11f, 0x1.444p-23f, 0x1.68cp-38f, 0x1.1a6262p-53f};
};
template <>
struct PiParts<double> {
  static constexpr double fused_limit = 1e8, split_limit = 1e6;
  static constexpr double fused[3] = {0x1.921fb54442d18p+1, 0x1.1a62633145c06p-53, 0x1.c1cd129024e08p-106};
  static constexpr double split[5] = {0x1.921fb54400000p+1, 0x1.0b4611a600000p-33, 0x1.3198a2e000000p-68,
                                      0x1.b839a25200000p-103, 0x1.27044533e63a0p-141};
};

/// x - n pi / 2, in working precision even close to a multiple.
template <class T>
STRATA_HD T minus_quarter_turns(T x, T n) {
  using P = PiParts<lane_t<T>>;
  if constexpr (fused<T>) {
    constexpr auto p0 = -P::fused[0] / 2, p1 = -P::fused[1] / 2, p2 = -P::fused[2] / 2;
    return fma(n, T(p2), fma(n, T(p1), fma(n, T(p0), x)));
  } else {
    constexpr auto p0 = P::split[0] / 2, p1 = P::split[1] / 2, p2 = P::split[2] / 2, p3 = P::split[3] / 2,
                   p4 = P::split[4] / 2;
    const T r = (x - n * T(p0)) - n * T(p1);
    return ((r - n * T(p2)) - n * T(p3)) - n * T(p4);
  }
}
template <class T>
struct SinCos {
  T sin, cos;
};
/// For |r| <= pi / 4.
template <class T>
STRATA_HD SinCos<T> sin_cos_small(T r) {
  const T z = r * r;
  T s, c;
  if constexpr (is_single<T>) {
    s = poly(z, -0.1666665454f, 8.332156048e-3f, -1.951463135e-4f);
    c = poly(z, 0.04166664557f, -1.388731045e-3f, 2.44324728e-5f);
  } else {
    s = poly(z, -0.166666666666666303, 8.33333333332200608e-3, -1.98412698294958036e-4, 2.75573135877084189e-6,
             -2.5050742320765374e-8, 1.58959054578377602e-10);
    c = poly(z, 0.041666666666666592, -1.38888888888728963e-3, 2.48015872887488511e-5, -2.75573141488044916e-7,
             2.08756965959388323e-9, -1.13583116415184927e-11);
  }
  return {fma(r * z, s, r), fma(z * z, c, fma(z, T(-0.5), T(1)))};
}

/// x in quarter turns: their number modulo 4 in the low bits of `count`, and the angle that is left.
template <class T>
struct QuarterTurns {
  bits_t<T> count;
  T rest;
};
template <class T>
STRATA_HD QuarterTurns<T> quarter_turns(T x) {
  constexpr auto shift = format<T>::to_int;
  const T shifted = fma(x, T(0.636619772367581343076), T(shift));
  return {as_bits(shifted), minus_quarter_turns(x, shifted - T(shift))};
}

/// The same for one number x >= 2^9, however large: the product with the bits of 1 / pi (Payne and Hanek) is
/// exact modulo 2 to 2^-138.
STRATA_HD QuarterTurns<double> quarter_turns_exactly(double x) {
  __extension__ typedef unsigned __int128 Wide;
  constexpr uint64_t inverse_pi[] = {0x0000000000000000u, 0x517cc1b727220a94u, 0xfe13abe8fa9a6ee0u, 0x6db14acc9e21c820u,
                                     0xff28b1d5ef5de2b0u, 0xdb92371d2126e970u, 0x0324977504e8c90eu, 0x7f0ef58e5894d39fu,
                                     0x74411afa975da242u, 0x74ce38135a2fbf20u, 0x9cc8eb1cc1a99cfau, 0x4e422fc5defc941du,
                                     0x8ffc4bffef02cc07u, 0xf79788c5ad05368fu, 0xb69b3f6793e584dbu, 0xa7a31fb34f2ff516u,
                                     0xba93dd63f5f2f8bdu, 0x9e839cfbc5294975u, 0x35fdafd88fc6ae84u, 0x2b0198237e3db5d5u,
                                     0xf867de104d7a1b0eu};
  const uint64_t bits = as_bits(x);
  const uint64_t m = (bits & Format<double>::mantissa_mask) | Format<double>::min_bits;
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1075;  // x = m 2^exponent
  const int offset = 64 + exponent - 1, word = offset >> 6, shift = offset & 63;
  uint64_t w[3];
  for (int i = 0; i < 3; ++i) {
    w[i] = inverse_pi[word + i] << shift;
    if (shift != 0) w[i] |= inverse_pi[word + i + 1] >> (64 - shift);
  }
  const Wide low = Wide(m) * w[2], middle = Wide(m) * w[1] + (low >> 64);
  const uint64_t high = m * w[0] + static_cast<uint64_t>(middle >> 64);  // two bits of quarter turns, then the fraction
  uint64_t f0 = (high << 2) | (static_cast<uint64_t>(middle) >> 62);
  uint64_t f1 = (static_cast<uint64_t>(middle) << 2) | (static_cast<uint64_t>(low) >> 62);
  uint64_t count = high >> 62;
  const bool above = (f0 >> 63) != 0;  // the fraction is beyond one half: count from the next quarter turn
  if (above) {
    f0 = ~f0 + (f1 == 0 ? 1 : 0);
    f1 = ~f1 + 1;
    ++count;
  }
  const double head = static_cast<double>(f0),
               tail = static_cast<double>(static_cast<int64_t>(f0 - static_cast<uint64_t>(head)));
  const double hi = head * 0x1p-64, lo = tail * 0x1p-64 + static_cast<double>(f1) * 0x1p-128;
  const Two<double> product = two_product(hi, 0x1.921fb54442d18p+0);
  const double rest = product.hi + (product.lo + (hi * 0x1.1a62633145c07p-54 + lo * 0x1.921fb54442d18p+0));
  return {count, above ? -rest : rest};
}

template <class T>
inline constexpr int top_bit = 8 * sizeof(lane_t<T>) - 1;

/// sin, or cos as sin one quarter turn on, for x >= 0 (or -0).
template <bool quarter>
struct SinOf {
  template <class T>
  static STRATA_HD T of(QuarterTurns<T> turns) {
    using B = bits_t<T>;
    const SinCos<T> both = sin_cos_small(turns.rest);
    const B count = quarter ? turns.count + B(1u) : turns.count;
    const T y = select_top_bit(count << top_bit<T>, both.cos, both.sin);
    return as_float(as_bits(y) ^ ((count << (top_bit<T> - 1)) & B(format<T>::sign)));
  }
};
struct TanOf {
  template <class T>
  static STRATA_HD T of(QuarterTurns<T> turns) {
    const SinCos<T> both = sin_cos_small(turns.rest);
    const bits_t<T> odd = turns.count << top_bit<T>;
    return select_top_bit(odd, -both.cos, both.sin) / select_top_bit(odd, both.sin, both.cos);
  }
};

/// One lane by the exact reduction; left alone where the fast one serves.
template <class Of>
struct OfLarge {
  template <class L>
  STRATA_HD L operator()(L x) const {
    if (!(x < Format<L>::inf)) return Format<L>::nan;
    return x < L(512) ? x : static_cast<L>(Of::of(quarter_turns_exactly(x)));
  }
};

/// Of(x) for x >= 0 by the fast reduction, and lane by lane by the exact one where x is too large for that.
template <class Of, class T>
STRATA_HD T trigonometric(T x) {
  using P = PiParts<lane_t<T>>;
  const T y = Of::of(quarter_turns(x));
  const auto fast = x <= T(fused<T> ? P::fused_limit : P::split_limit);
  if (all(fast)) [[likely]] {
    return y;
  }
  return select(fast, y, map_lanes(OfLarge<Of>{}, x));
}
/// The same for an odd function.
template <class Of, class T>
STRATA_HD T odd_trigonometric(T x) {
  const bits_t<T> sign = as_bits(x) & bits_t<T>(format<T>::sign);
  return as_float(as_bits(trigonometric<Of>(abs(x))) ^ sign);
}

}  // namespace detail

template <class T>
STRATA_HD T sin(T x) {
  return detail::odd_trigonometric<detail::SinOf<false>>(x);
}
template <class T>
STRATA_HD T cos(T x) {
  return detail::trigonometric<detail::SinOf<true>>(abs(x));
}
template <class T>
STRATA_HD T tan(T x) {
  return detail::odd_trigonometric<detail::TanOf>(x);
}

}  // namespace strata::math
