// Sorting by keys: every dtype maps to unsigned integers of the same order. NaN is the largest value, all NaN one; -0
// and 0 are one where asked for. Used by the sorts and searches of every device.
#pragma once
#include <bit>
#include <limits>
#include <type_traits>

#include "strata/core/dtype.hpp"
#include "strata/core/host_device.hpp"

namespace strata {

template <class T>
using KeyOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class K, class F>
STRATA_HD K float_key(F x, bool zeros_equal) {
  constexpr K sign = K(1) << (sizeof(K) * 8 - 1);
  if (x != x) return std::numeric_limits<K>::max();
  K u = std::bit_cast<K>(x);
  if (zeros_equal && x == 0) u = 0;
  return (u & sign) != 0 ? static_cast<K>(~u) : static_cast<K>(u | sign);
}

template <class T>
STRATA_HD KeyOf<T> sort_key(T x, bool zeros_equal) {
  using K = KeyOf<T>;
  if constexpr (std::is_same_v<T, BFloat16> || std::is_same_v<T, Float16>)
    return float_key<K>(static_cast<float>(x), zeros_equal);
  else if constexpr (std::is_floating_point_v<T>)
    return float_key<K>(x, zeros_equal);
  else if constexpr (std::is_signed_v<T>)
    return static_cast<K>(x) ^ (K(1) << (sizeof(K) * 8 - 1));
  else
    return static_cast<K>(x);
}

/// The value whose key this is (made with zeros_equal false).
template <class T>
STRATA_HD T value_of(KeyOf<T> k) {
  using K = KeyOf<T>;
  constexpr K sign = K(1) << (sizeof(K) * 8 - 1);
  if constexpr (std::is_same_v<T, BFloat16> || std::is_same_v<T, Float16>) {
    return T(value_of<float>(k));
  } else if constexpr (std::is_floating_point_v<T>) {
    if (k == std::numeric_limits<K>::max()) return std::numeric_limits<T>::quiet_NaN();
    return std::bit_cast<T>((k & sign) != 0 ? static_cast<K>(k ^ sign) : static_cast<K>(~k));
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<T>(k ^ sign);
  } else {
    return static_cast<T>(k);
  }
}

}  // namespace strata
