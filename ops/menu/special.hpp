// The menu: special functions. Integers become floats first.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// The error function, 1 - erf(x) (exact in the tail), and the x with erf(x) = y for |y| <= 1.   Tensor y = erf(x);
Tensor erf(Tensor x);
Tensor erfc(Tensor x);
Tensor erf_inv(Tensor y);
/// log |gamma(x)|, its derivative, and the n-th derivative of digamma (n whole, not differentiated).
///     Tensor y = lgamma(x);
Tensor lgamma(Tensor x);
Tensor digamma(Tensor x);
Tensor polygamma(Tensor n, Tensor x);
/// Hurwitz's zeta, sum of (q + k)^-s over k >= 0; differentiable in q.   Tensor y = zeta(2, x);
Tensor zeta(Tensor s, Tensor q);
/// e^-|x| I0(x), e^-|x| I1(x): modified Bessel functions.                Tensor y = i0e(x);
Tensor i0e(Tensor x);
Tensor i1e(Tensor x);
/// I0(x), I1(x) themselves.                                               Tensor y = i0(x);
Tensor i0(Tensor x);
Tensor i1(Tensor x);
/// log of the beta function.                                              Tensor y = betaln(a, b);
Tensor betaln(Tensor a, Tensor b);
/// The normal distribution: P(Z <= x), its logarithm (exact in both tails), its inverse.   Tensor p = ndtr(x);
Tensor ndtr(Tensor x);
Tensor log_ndtr(Tensor x);
Tensor ndtri(Tensor p);
/// -x log(x), 0 at 0, -inf below; x log(x / y), 0 at x = 0 <= y, inf where x or y is negative.   Tensor h = entr(p);
Tensor entr(Tensor x);
Tensor rel_entr(Tensor x, Tensor y);

}  // namespace strata
