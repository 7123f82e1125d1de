// The menu: comparisons, questions and logic. Results are bool and have no derivative. ==, <, && and the like are the
// operators (both sides of && are always computed).
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// Element by element; NaN equals nothing, not even itself.       Tensor mask = less(x, 0);
Tensor equal(Tensor a, Tensor b);
Tensor not_equal(Tensor a, Tensor b);
Tensor less(Tensor a, Tensor b);
Tensor less_equal(Tensor a, Tensor b);
Tensor greater(Tensor a, Tensor b);
Tensor greater_equal(Tensor a, Tensor b);
/// Is it NaN, infinite, neither, has it a minus sign (-0 has)?    Tensor bad = isnan(x);
Tensor isnan(Tensor x);
Tensor isinf(Tensor x);
Tensor isfinite(Tensor x);
Tensor signbit(Tensor x);
Tensor isposinf(Tensor x);
Tensor isneginf(Tensor x);
/// Every argument counts as "is not zero".                        Tensor both = logical_and(a, b);
Tensor logical_and(Tensor a, Tensor b);
Tensor logical_or(Tensor a, Tensor b);
Tensor logical_xor(Tensor a, Tensor b);
Tensor logical_not(Tensor x);

struct Closeness {
  double rtol = 1e-5, atol = 1e-8;
  bool equal_nan = false;
};
/// |a - b| <= atol + rtol |b|; infinities of one sign are close.  Tensor same = isclose(x, y, {.rtol = 1e-3});
Tensor isclose(Tensor a, Tensor b, Closeness p = {});

}  // namespace strata
