// Neighbouring elements of an operand at once, in one load where memory allows it, and what kernels compute with.
// Included by the pointwise kernels (pointwise.hpp) and by those of users' functions (ops/elementwise/kernel.hpp).
#pragma once
#include <cstdint>
#include <type_traits>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// What a formula computes with: halves in float.
template <class S>
using compute_t = std::conditional_t<std::is_same_v<S, BFloat16> || std::is_same_v<S, Float16>, float, S>;

template <class E, int lanes>
struct alignas(sizeof(E) * lanes) Lanes {
  E of[lanes];
};

/// Whether x is the same element throughout: a number, or memory that does not move.
STRATA_BOTH inline bool one_element(const Axes& axes, const Operand& x) {
  return !x.data || (axes.rank == 1 && x.strides[0] == 0);
}

/// How many elements a kernel's call computes: `lanes` where rows of the innermost axis are made up of as many, else
/// one. So those of a call lie in one row, and there a step leads from one to the next.
inline int elements_each(const Axes& axes, int lanes) {
  return axes.rank < 2 || axes.shape[axes.rank - 1] % lanes == 0 ? lanes : 1;
}

/// Elements first, first + 1, ... of x, all in one row, n of which exist; x without memory is the number at `value`.
/// `vector`: operands lie as the results do, at addresses that all lanes together need, or are one element.
template <class E, int lanes>
STRATA_BOTH Lanes<E, lanes> read_lanes(const Axes& axes, const Operand& x, const unsigned char* value, bool vector,
                                       std::int64_t first, int n) {
  const auto* data = static_cast<const E*>(x.data);
  const bool one = one_element(axes, x);
  if (vector && !one && n == lanes) return *reinterpret_cast<const Lanes<E, lanes>*>(data + first);
  Lanes<E, lanes> y;
  if (one) {
    const E e = data ? *data : *reinterpret_cast<const E*>(value);
    for (int l = 0; l < lanes; ++l) y.of[l] = e;
    return y;
  }
  const std::int64_t at = offset_of(axes, x.strides, first);
  const std::int64_t step = axes.rank > 0 ? x.strides[axes.rank - 1] : 0;
  for (int l = 0; l < lanes; ++l) y.of[l] = data[l < n ? at + l * step : at];
  return y;
}

template <class E, int lanes>
STRATA_BOTH void write_lanes(void* to, const Lanes<E, lanes>& y, bool vector, std::int64_t first, int n) {
  E* data = static_cast<E*>(to) + first;
  if (vector && n == lanes) {
    *reinterpret_cast<Lanes<E, lanes>*>(data) = y;
  } else {
    for (int l = 0; l < lanes; ++l) {
      if (l < n) data[l] = y.of[l];
    }
  }
}

/// Whether `bytes` at once can be read from p.
inline bool aligned_for(const void* p, int bytes) {
  return reinterpret_cast<std::uintptr_t>(p) % static_cast<std::uintptr_t>(bytes) == 0;
}

}  // namespace strata::gpu
