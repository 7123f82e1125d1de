// Conversion of elements between dtypes on the host, by JAX's rules: float to integer saturates and NaN becomes 0; to
// bool is `!= 0`. Called by Tensor's readers and by the CPU kernels of astype. Half types pass through float.
#pragma once
#include <cstdint>
#include <limits>
#include <type_traits>

#include "strata/core/dtype.hpp"
#include "strata/core/host_device.hpp"
#include "strata/core/shape.hpp"

namespace strata {

template <class To, class From>
STRATA_BOTH inline To convert(From x) {
  if constexpr (std::is_same_v<To, From>)
    return x;
  else if constexpr (std::is_same_v<From, BFloat16> || std::is_same_v<From, Float16>)
    return convert<To>(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, bool>)
    return x != From(0);
  else if constexpr (std::is_same_v<To, BFloat16> || std::is_same_v<To, Float16>)
    return To(static_cast<float>(x));
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr To lo = std::numeric_limits<To>::min(), hi = std::numeric_limits<To>::max();
    if (x != x) return 0;
    if (x <= static_cast<From>(lo)) return lo;
    if (x >= static_cast<From>(hi)) return hi;
    return static_cast<To>(x);
  } else
    return static_cast<To>(x);
}

/// One element.
void convert_element(const void* from, Dtype from_dtype, void* to, Dtype to_dtype);
/// n elements, both contiguous.
void convert_run(const void* from, Dtype from_dtype, void* to, Dtype to_dtype, std::int64_t n);
/// A strided source into row-major memory.
void convert_strided(const void* from, Dtype from_dtype, const Shape& shape, const Strides& strides, void* to,
                     Dtype to_dtype);

}  // namespace strata
