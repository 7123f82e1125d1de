// Draws that are more than bits: bounded integers, orders, and the samplers that try until they accept. Called by
// ops/random_samplers.cpp. Each of `lanes` keys draws `count` elements, row-major; parameters lie beside the result.
// Always holds: an element depends on its key, its number and its parameters alone, as in JAX, so that results depend
// neither on the number of threads nor on other lanes.
#pragma once
#include <cstdint>

#include "strata/core/dtype.hpp"
#include "strata/core/shape.hpp"

namespace strata {

/// Integers in [low, high), both clipped to the dtype; low where high <= low. `one`: a single value for all.
struct Bounds {
  const std::int64_t* low;
  const std::int64_t* high;
  bool one_low, one_high;
};
void random_integers(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, Bounds bounds, Dtype dtype,
                     void* y);

/// Orders along the middle axis of [lanes, outer, n, inner]: y[.., i, ..] is the place that element i comes from after
/// `rounds` stable sorts by random bits.
void random_orders(const std::uint32_t* keys, std::int64_t lanes, std::int64_t outer, std::int64_t n,
                   std::int64_t inner, int rounds, std::int32_t* y);

/// Poisson counts: Knuth's products of uniforms for rates below 10, Hoermann's rejection above.
void random_poisson(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const float* rate,
                    std::int32_t* y);

/// Successes in so many trials (rounded down), each with probability p. NaN where they make no sense.
void random_binomial(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const float* trials,
                     const float* p, float* y);

/// Gamma(alpha, 1), or its logarithm: Marsaglia and Tsang, one key for each element. T is float or double.
template <class T>
void random_gamma(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const T* alpha, bool logarithm,
                  T* y);

}  // namespace strata
