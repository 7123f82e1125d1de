// Element types by what a kernel sees of them: only the width (moves), or the width and the arithmetic (sums,
// products). Used by kernels in ops/cpu that would otherwise be instantiated for every dtype.
#pragma once
#include <cstdint>

#include "strata/core/dtype.hpp"

namespace strata {

/// Calls f with a zero of the unsigned integer of 1, 2, 4 or 8 bytes: whoever only moves elements need not know them.
template <class F>
void visit_width(std::int64_t bytes, F&& f) {
  if (bytes == 1) return f(std::uint8_t{});
  if (bytes == 2) return f(std::uint16_t{});
  if (bytes == 4) return f(std::uint32_t{});
  f(std::uint64_t{});
}

/// Calls f with a zero of the dtype's size and arithmetic: signed integers count as unsigned, halves do not come.
template <class F>
void visit_storage(Dtype d, F&& f) {
  if (d == Dtype::float32) return f(float{});
  if (d == Dtype::float64) return f(double{});
  if (d == Dtype::bool_) return f(bool{});
  visit_width(itemsize(d), f);
}

}  // namespace strata
