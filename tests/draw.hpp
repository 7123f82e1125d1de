// Random operands for tests that compare sums exactly. Included by tests of products and convolutions.
#pragma once
#include <random>

#include "strata/core/op.hpp"
#include "strata/ops/ops.hpp"

namespace strata::testing {

inline std::mt19937 generator(7);

inline std::int64_t random_int(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(generator);
}

/// Small integers, so that every dtype holds them and every order of summation agrees; on the default device.
inline Tensor draw(const Shape& shape, Dtype dtype = float32) {
  Tensor t = empty_dense(shape, float64);
  for (std::int64_t i = 0; i < t.size(); ++i)
    reinterpret_cast<double*>(dense(t).data)[i] = static_cast<double>(random_int(-3, 3));
  return astype(t.to(default_device()), dtype);
}

}  // namespace strata::testing
