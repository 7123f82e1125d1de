// The menu: bits of integers; for bool the first four are logic. DtypeError for floats.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// a & b, a | b, a ^ b, ~x.                                       Tensor low = bitwise_and(n, 0xff);
Tensor bitwise_and(Tensor a, Tensor b);
Tensor bitwise_or(Tensor a, Tensor b);
Tensor bitwise_xor(Tensor a, Tensor b);
Tensor bitwise_not(Tensor x);
/// Shifts; right_shift keeps the sign of signed integers, shift_right_logical fills with zeros. A count outside the
/// width shifts all bits out.                                           Tensor y = left_shift(n, 3);
Tensor left_shift(Tensor x, Tensor count);
Tensor right_shift(Tensor x, Tensor count);
Tensor shift_right_logical(Tensor x, Tensor count);
/// How many bits are 1; how many zeros lead.                      Tensor n = population_count(mask);
Tensor population_count(Tensor x);
Tensor clz(Tensor x);
/// Greatest common divisor, least common multiple; never negative.   Tensor d = gcd(12, 18);
Tensor gcd(Tensor a, Tensor b);
Tensor lcm(Tensor a, Tensor b);

}  // namespace strata
