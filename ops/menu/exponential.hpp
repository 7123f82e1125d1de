// The menu: exponentials and logarithms. Integers become floats first; half types compute in float32.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// e^x, 2^x, e^x - 1 (exact near 0).                              Tensor y = exp(x);
Tensor exp(Tensor x);
Tensor exp2(Tensor x);
Tensor expm1(Tensor x);
/// Logarithms to base e, 2, 10, and log(1 + x) (exact near 0): -inf at 0, NaN below.   Tensor y = log(x);
Tensor log(Tensor x);
Tensor log2(Tensor x);
Tensor log10(Tensor x);
Tensor log1p(Tensor x);
/// 1 / (1 + e^-x).                                                Tensor p = logistic(x);
Tensor logistic(Tensor x);
/// log(p / (1 - p)), the inverse of logistic.                     Tensor x = logit(p);
Tensor logit(Tensor p);
/// log(e^a + e^b), log2(2^a + 2^b), without overflow.             Tensor y = logaddexp(a, b);
Tensor logaddexp(Tensor a, Tensor b);
Tensor logaddexp2(Tensor a, Tensor b);
/// x log(y), x log(1 + y); 0 where x = 0, unless y is NaN.         Tensor h = -xlogy(p, p);
Tensor xlogy(Tensor x, Tensor y);
Tensor xlog1py(Tensor x, Tensor y);

}  // namespace strata
