// st::math for the numbers of ops/elementwise/number.hpp: each function is the op of its name. The same list as for
// Elements in ops/elementwise.hpp. Called by users' functions.
#pragma once
#include "strata/ops/activation.hpp"
#include "strata/ops/elementwise/number.hpp"
#include "strata/ops/exponential.hpp"
#include "strata/ops/power.hpp"
#include "strata/ops/rounding.hpp"
#include "strata/ops/select.hpp"
#include "strata/ops/special.hpp"
#include "strata/ops/trigonometric.hpp"

namespace strata::math {

using fused::Number;
using fused::Truth;

template <class V>
STRATA_HD Number<V> abs(const Number<V>& x) {
  return Number<V>::template apply<Abs>(x);
}
template <class V>
STRATA_HD Number<V> sign(const Number<V>& x) {
  return Number<V>::template apply<Sign>(x);
}
template <class V>
STRATA_HD Number<V> square(const Number<V>& x) {
  return Number<V>::template apply<Square>(x);
}
template <class V>
STRATA_HD Number<V> sqrt(const Number<V>& x) {
  return Number<V>::template apply<Sqrt>(x);
}
template <class V>
STRATA_HD Number<V> rsqrt(const Number<V>& x) {
  return Number<V>::template apply<Rsqrt>(x);
}
template <class V>
STRATA_HD Number<V> cbrt(const Number<V>& x) {
  return Number<V>::template apply<Cbrt>(x);
}
template <class V>
STRATA_HD Number<V> reciprocal(const Number<V>& x) {
  return Number<V>::template apply<Reciprocal>(x);
}
template <class V>
STRATA_HD Number<V> exp(const Number<V>& x) {
  return Number<V>::template apply<Exp>(x);
}
template <class V>
STRATA_HD Number<V> exp2(const Number<V>& x) {
  return Number<V>::template apply<Exp2>(x);
}
template <class V>
STRATA_HD Number<V> expm1(const Number<V>& x) {
  return Number<V>::template apply<Expm1>(x);
}
template <class V>
STRATA_HD Number<V> log(const Number<V>& x) {
  return Number<V>::template apply<Log>(x);
}
template <class V>
STRATA_HD Number<V> log2(const Number<V>& x) {
  return Number<V>::template apply<Log2>(x);
}
template <class V>
STRATA_HD Number<V> log10(const Number<V>& x) {
  return Number<V>::template apply<Log10>(x);
}
template <class V>
STRATA_HD Number<V> log1p(const Number<V>& x) {
  return Number<V>::template apply<Log1p>(x);
}
template <class V>
STRATA_HD Number<V> sin(const Number<V>& x) {
  return Number<V>::template apply<Sin>(x);
}
template <class V>
STRATA_HD Number<V> cos(const Number<V>& x) {
  return Number<V>::template apply<Cos>(x);
}
template <class V>
STRATA_HD Number<V> tan(const Number<V>& x) {
  return Number<V>::template apply<Tan>(x);
}
template <class V>
STRATA_HD Number<V> asin(const Number<V>& x) {
  return Number<V>::template apply<Asin>(x);
}
template <class V>
STRATA_HD Number<V> acos(const Number<V>& x) {
  return Number<V>::template apply<Acos>(x);
}
template <class V>
STRATA_HD Number<V> atan(const Number<V>& x) {
  return Number<V>::template apply<Atan>(x);
}
template <class V>
STRATA_HD Number<V> sinh(const Number<V>& x) {
  return Number<V>::template apply<Sinh>(x);
}
template <class V>
STRATA_HD Number<V> cosh(const Number<V>& x) {
  return Number<V>::template apply<Cosh>(x);
}
template <class V>
STRATA_HD Number<V> tanh(const Number<V>& x) {
  return Number<V>::template apply<Tanh>(x);
}
template <class V>
STRATA_HD Number<V> erf(const Number<V>& x) {
  return Number<V>::template apply<Erf>(x);
}
template <class V>
STRATA_HD Number<V> erfc(const Number<V>& x) {
  return Number<V>::template apply<Erfc>(x);
}
template <class V>
STRATA_HD Number<V> lgamma(const Number<V>& x) {
  return Number<V>::template apply<Lgamma>(x);
}
template <class V>
STRATA_HD Number<V> logistic(const Number<V>& x) {
  return Number<V>::template apply<Logistic>(x);
}
template <class V>
STRATA_HD Number<V> sigmoid(const Number<V>& x) {
  return Number<V>::template apply<Logistic>(x);
}
template <class V>
STRATA_HD Number<V> softplus(const Number<V>& x) {
  return Number<V>::template apply<Softplus>(x);
}
template <class V>
STRATA_HD Number<V> log_sigmoid(const Number<V>& x) {
  return Number<V>::template apply<LogSigmoid>(x);
}
template <class V>
STRATA_HD Number<V> relu(const Number<V>& x) {
  return Number<V>::template apply<Relu>(x);
}
template <class V>
STRATA_HD Number<V> silu(const Number<V>& x) {
  return Number<V>::template apply<Silu>(x);
}
template <class V>
STRATA_HD Number<V> gelu(const Number<V>& x) {
  return Number<V>::template apply<GeluTanh>(x);
}
template <class V>
STRATA_HD Number<V> floor(const Number<V>& x) {
  return Number<V>::template apply<Floor>(x);
}
template <class V>
STRATA_HD Number<V> ceil(const Number<V>& x) {
  return Number<V>::template apply<Ceil>(x);
}
template <class V>
STRATA_HD Number<V> trunc(const Number<V>& x) {
  return Number<V>::template apply<Trunc>(x);
}
template <class V>
STRATA_HD Number<V> rint(const Number<V>& x) {
  return Number<V>::template apply<Rint>(x);
}
template <class V>
STRATA_HD Truth<V> isnan(const Number<V>& x) {
  return {V::template ask<IsNan>(x.v)};
}
template <class V>
STRATA_HD Truth<V> isinf(const Number<V>& x) {
  return {V::template ask<IsInf>(x.v)};
}
template <class V>
STRATA_HD Truth<V> isfinite(const Number<V>& x) {
  return {V::template ask<IsFinite>(x.v)};
}
template <class V>
STRATA_HD Number<V> stop_gradient(const Number<V>& x) {
  return Number<V>(V::stopped(x.v));
}

// Of two numbers, one of which may be a C++ number.
template <class V>
STRATA_HD Number<V> pow(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Pow>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> pow(S a, const Number<V>& b) {
  return Number<V>::template apply<Pow>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> atan2(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Atan2>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> atan2(S a, const Number<V>& b) {
  return Number<V>::template apply<Atan2>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> hypot(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Hypot>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> hypot(S a, const Number<V>& b) {
  return Number<V>::template apply<Hypot>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> logaddexp(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<LogAddExp>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> logaddexp(S a, const Number<V>& b) {
  return Number<V>::template apply<LogAddExp>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> maximum(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Maximum>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> maximum(S a, const Number<V>& b) {
  return Number<V>::template apply<Maximum>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> minimum(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Minimum>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> minimum(S a, const Number<V>& b) {
  return Number<V>::template apply<Minimum>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> max(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Maximum>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> max(S a, const Number<V>& b) {
  return Number<V>::template apply<Maximum>(Number<V>(a), b);
}
template <class V>
STRATA_HD Number<V> min(const Number<V>& a, const std::type_identity_t<Number<V>>& b) {
  return Number<V>::template apply<Minimum>(a, b);
}
template <Scalar S, class V>
STRATA_HD Number<V> min(S a, const Number<V>& b) {
  return Number<V>::template apply<Minimum>(Number<V>(a), b);
}
/// A whole exponent is a product.
template <class V, std::integral I>
STRATA_HD Number<V> pow(const Number<V>& x, I n) {
  return Number<V>(V::whole_power(x.v, static_cast<int>(n)));
}

/// min(max(x, low), high); the bounds may be C++ numbers.
template <class V>
STRATA_HD Number<V> clip(const Number<V>& x, const std::type_identity_t<Number<V>>& low,
                         const std::type_identity_t<Number<V>>& high) {
  return minimum(maximum(x, low), high);
}
/// Instead of `c ? a : b`; one of a and b may be a C++ number.
template <class V>
STRATA_HD Number<V> where(const Truth<V>& c, const std::type_identity_t<Number<V>>& a,
                          const std::type_identity_t<Number<V>>& b) {
  return Number<V>(V::select(c.v, a.v, b.v));
}

}  // namespace strata::math
