// What the tests of control flow share: short tensors, and branches with finite and infinite derivatives.
#pragma once
#include <cmath>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace strata::testing {

using Floats = std::vector<float>;
inline Tensor vec(const Floats& v) { return array(std::span<const float>(v), {v.size()}); }
inline Tensor mask(const std::vector<int>& v) { return astype(array(std::span<const int>(v), {v.size()}), bool_); }
inline Floats floats(const Tensor& x) { return x.to_vector<float>(); }

inline const auto twice = [](const Tensor& x) { return 2 * x; };
inline const auto squared = [](const Tensor& x) { return x * x; };
/// 1 / x: at 0 its derivative is not finite.
inline const auto inverse = [](const Tensor& x) { return 1 / x; };
inline const auto zero = [](const Tensor& x) { return 0 * x; };

}  // namespace strata::testing
