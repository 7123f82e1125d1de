// The menu: second names, NumPy's and JAX's, of functions documented in the other headers.
#pragma once
#include <utility>

#include "strata/ops/menu/arithmetic.hpp"
#include "strata/ops/menu/bitwise.hpp"
#include "strata/ops/menu/compare.hpp"
#include "strata/ops/menu/exponential.hpp"
#include "strata/ops/menu/rounding.hpp"
#include "strata/ops/menu/select.hpp"
#include "strata/ops/menu/special.hpp"
#include "strata/ops/menu/trigonometric.hpp"

namespace strata {

inline Tensor negative(Tensor x) { return neg(std::move(x)); }
inline Tensor absolute(Tensor x) { return abs(std::move(x)); }
inline Tensor subtract(Tensor a, Tensor b) { return sub(std::move(a), std::move(b)); }
inline Tensor multiply(Tensor a, Tensor b) { return mul(std::move(a), std::move(b)); }
inline Tensor divide(Tensor a, Tensor b) { return div(std::move(a), std::move(b)); }
inline Tensor true_divide(Tensor a, Tensor b) { return div(std::move(a), std::move(b)); }
inline Tensor power(Tensor a, Tensor b) { return pow(std::move(a), std::move(b)); }
inline Tensor mod(Tensor a, Tensor b) { return remainder(std::move(a), std::move(b)); }
inline Tensor arcsin(Tensor x) { return asin(std::move(x)); }
inline Tensor arccos(Tensor x) { return acos(std::move(x)); }
inline Tensor arctan(Tensor x) { return atan(std::move(x)); }
inline Tensor arctan2(Tensor a, Tensor b) { return atan2(std::move(a), std::move(b)); }
inline Tensor arcsinh(Tensor x) { return asinh(std::move(x)); }
inline Tensor arccosh(Tensor x) { return acosh(std::move(x)); }
inline Tensor arctanh(Tensor x) { return atanh(std::move(x)); }
inline Tensor fix(Tensor x) { return trunc(std::move(x)); }
inline Tensor radians(Tensor x) { return deg2rad(std::move(x)); }
inline Tensor degrees(Tensor x) { return rad2deg(std::move(x)); }
inline Tensor invert(Tensor x) { return bitwise_not(std::move(x)); }
inline Tensor bitwise_invert(Tensor x) { return bitwise_not(std::move(x)); }
inline Tensor bitwise_left_shift(Tensor a, Tensor b) { return left_shift(std::move(a), std::move(b)); }
inline Tensor bitwise_right_shift(Tensor a, Tensor b) { return right_shift(std::move(a), std::move(b)); }
inline Tensor shift_left(Tensor a, Tensor b) { return left_shift(std::move(a), std::move(b)); }
inline Tensor shift_right_arithmetic(Tensor a, Tensor b) { return right_shift(std::move(a), std::move(b)); }
inline Tensor floor_div(Tensor a, Tensor b) { return floor_divide(std::move(a), std::move(b)); }
inline Tensor eq(Tensor a, Tensor b) { return equal(std::move(a), std::move(b)); }
inline Tensor ne(Tensor a, Tensor b) { return not_equal(std::move(a), std::move(b)); }
inline Tensor lt(Tensor a, Tensor b) { return less(std::move(a), std::move(b)); }
inline Tensor le(Tensor a, Tensor b) { return less_equal(std::move(a), std::move(b)); }
inline Tensor gt(Tensor a, Tensor b) { return greater(std::move(a), std::move(b)); }
inline Tensor ge(Tensor a, Tensor b) { return greater_equal(std::move(a), std::move(b)); }
inline Tensor positive(Tensor x) { return x; }
inline Tensor expit(Tensor x) { return logistic(std::move(x)); }
inline Tensor erfinv(Tensor y) { return erf_inv(std::move(y)); }
inline Tensor gammaln(Tensor x) { return lgamma(std::move(x)); }

}  // namespace strata
