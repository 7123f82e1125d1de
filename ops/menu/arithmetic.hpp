// The menu: arithmetic, powers and division of elements. Arguments broadcast as in NumPy and promote by JAX's lattice;
// results of numbers alone stay weak. Integers wrap around; dividing an integer by zero never traps.
#pragma once
#include <utility>

#include "strata/core/tensor.hpp"

namespace strata {

/// a + b. bool + bool is logical or.      Tensor y = add(x, 2);
Tensor add(Tensor a, Tensor b);
/// a - b; bool is refused (use logical_xor).   Tensor y = sub(1, x);
Tensor sub(Tensor a, Tensor b);
/// a * b. bool * bool is logical and.     Tensor y = mul(mask, x);
Tensor mul(Tensor a, Tensor b);
/// a / b; integers become floats first (int32 / int32 is float32, int64 / int64 float64).   Tensor y = div(x, 3);
Tensor div(Tensor a, Tensor b);
/// -x; unsigned integers wrap; bool is refused (use logical_not).            Tensor y = neg(x);
Tensor neg(Tensor x);
/// x * x.                                 Tensor y = square(x);
Tensor square(Tensor x);
/// 1 / x; integers become floats first.   Tensor y = reciprocal(x);
Tensor reciprocal(Tensor x);

/// x^y. A whole C++ number as exponent multiplies (pow(x, 3) is x * x * x, also for negative x), and integers stay
/// integers. d / dx is 0 where y = 0, d / dy 0 where x = 0. ValueError for an integer x and a negative number y.
///     Tensor y = pow(x, 2.5);
Tensor pow(Tensor x, Tensor y);
/// x multiplied with itself; a negative exponent gives the reciprocal.   Tensor y = integer_pow(x, 3);
Tensor integer_pow(Tensor x, int exponent);
/// x^y in floats, also for integers.      Tensor y = float_power(2, n);
Tensor float_power(Tensor x, Tensor y);
/// Square root, 1 / square root, real cube root; integers become floats. The derivatives at 0 are infinite.
///     Tensor y = sqrt(x);
Tensor sqrt(Tensor x);
Tensor rsqrt(Tensor x);
Tensor cbrt(Tensor x);
/// sqrt(a * a + b * b) without overflow; at the origin both derivatives are 1/2, as in JAX.   Tensor r = hypot(x, y);
Tensor hypot(Tensor a, Tensor b);

/// floor(a / b) and what is left, with the sign of b, as // and % in Python. Integers: over zero the quotient is -1 and
/// the remainder a.                       Tensor q = floor_divide(7, -2);   // -4
Tensor floor_divide(Tensor a, Tensor b);
Tensor remainder(Tensor a, Tensor b);
/// Both at once.                          auto [q, r] = divmod(x, 3);
std::pair<Tensor, Tensor> divmod(Tensor a, Tensor b);
/// a / b towards zero for integers, and what is left for all numbers, with the sign of a: lax.div and lax.rem, C's /
/// and
/// %.                                     Tensor r = rem(-7, 2);   // -1
Tensor trunc_divide(Tensor a, Tensor b);
Tensor rem(Tensor a, Tensor b);
/// rem, but an integer modulo 0 is 0.     Tensor r = fmod(x, 1.5);
Tensor fmod(Tensor a, Tensor b);
/// a * 2^n for integers n.                Tensor y = ldexp(x, 3);
Tensor ldexp(Tensor a, Tensor n);
/// Mantissa in [0.5, 1) and int32 exponent: x = mantissa * 2^exponent.   auto [m, e] = frexp(x);
std::pair<Tensor, Tensor> frexp(Tensor x);
/// Fraction and whole part, both with x's sign.                          auto [fraction, whole] = modf(x);
std::pair<Tensor, Tensor> modf(Tensor x);
/// Degrees to radians and back.           Tensor r = deg2rad(180);
Tensor deg2rad(Tensor x);
Tensor rad2deg(Tensor x);
/// Of real numbers, the only ones so far: x itself, zeros, x itself, and 0 or pi by the sign.   Tensor a = angle(x);
Tensor real(Tensor x);
Tensor imag(Tensor x);
Tensor conj(Tensor x);
Tensor angle(Tensor x);

}  // namespace strata
