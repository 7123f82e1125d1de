// What an index means, and how an update is combined with what it meets: the scalar rules of gather and scatter, for
// the kernels of every device.
#pragma once
#include <cstdint>
#include <type_traits>

#include "strata/core/host_device.hpp"
#include "strata/core/index.hpp"

namespace strata {

enum class ScatterKind : std::uint8_t { set, add, mul, max, min };

/// The offset of a position whose index is outside, in modes that read a fill value and drop writes there.
inline constexpr std::int64_t outside = INT64_MIN;

/// The index `i` into an axis of `n` elements, of which `last` is the greatest legal one, after NumPy's counting from
/// the end and the mode's rule; false: outside.
STRATA_HD bool settle_index(std::int64_t n, std::int64_t last, IndexMode mode, bool from_end, std::int64_t& i) {
  if (i < 0 && from_end) i += n;
  if (i >= 0 && i <= last) return true;
  if (mode == IndexMode::fill || n == 0 || last < 0) return false;
  if (mode == IndexMode::wrap) {
    i %= n;
    if (i < 0) i += n;
    i = i < last ? i : last;
  } else {
    i = i < 0 ? 0 : last;
  }
  return true;
}

namespace combine {

struct Set {
  template <class T>
  STRATA_HD static T of(T, T b) {
    return b;
  }
};
/// Integers wrap around, as in NumPy.
struct Add {
  template <class T>
  STRATA_HD static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    else
      return a + b;
  }
};
struct Mul {
  template <class T>
  STRATA_HD static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else
      return a * b;
  }
};
/// NaN wins.
struct Max {
  template <class T>
  STRATA_HD static T of(T a, T b) {
    return b > a || b != b ? b : a;
  }
};
struct Min {
  template <class T>
  STRATA_HD static T of(T a, T b) {
    return b < a || b != b ? b : a;
  }
};

}  // namespace combine

/// The kind that does for bools, 0 and 1, what `kind` means: or is max, and is min.
constexpr ScatterKind of_bools(ScatterKind kind) {
  return kind == ScatterKind::add ? ScatterKind::max : kind == ScatterKind::mul ? ScatterKind::min : kind;
}

}  // namespace strata
