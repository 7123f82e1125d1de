// The menu: arithmetic on elements. Arguments broadcast as in NumPy and promote by JAX's lattice.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// a + b. bool + bool is logical or.      Tensor y = add(x, 2);
Tensor add(Tensor a, Tensor b);
/// a - b.                                 Tensor y = sub(1, x);
Tensor sub(Tensor a, Tensor b);
/// a * b. bool * bool is logical and.     Tensor y = mul(mask, x);
Tensor mul(Tensor a, Tensor b);
/// a / b; integers become floats first (int32 / int32 is float32, int64 / int64 float64).   Tensor y = div(x, 3);
Tensor div(Tensor a, Tensor b);
/// -x; unsigned integers wrap.            Tensor y = neg(x);
Tensor neg(Tensor x);
/// x * x.                                 Tensor y = square(x);
Tensor square(Tensor x);
/// 1 / x; integers become floats first.   Tensor y = reciprocal(x);
Tensor reciprocal(Tensor x);

}  // namespace strata
