// Counting: the elements of arange and iota. One formula for both devices; made by ops/create.cpp.
#pragma once
#include "strata/core/convert.hpp"
#include "strata/core/host_device.hpp"

namespace strata {

/// y[i] = start + i * step, computed in int64, double or float and then converted.
struct Counting {
  enum class In : std::uint8_t { int64, float64, float32 } in = In::int64;
  std::int64_t whole_start = 0, whole_step = 1;
  double start = 0, step = 1;
};

template <class T>
STRATA_BOTH T counted(const Counting& c, std::int64_t i) {
  switch (c.in) {
    case Counting::In::int64:
      return convert<T>(c.whole_start + i * c.whole_step);
    case Counting::In::float64:
      return convert<T>(c.start + static_cast<double>(i) * c.step);
    default:
      return convert<T>(static_cast<float>(c.start) + static_cast<float>(i) * static_cast<float>(c.step));
  }
}

}  // namespace strata
