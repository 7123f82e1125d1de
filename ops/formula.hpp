// The functions that derivative formulas (`scaled` of a pointwise op) are written with: for registers and numbers they
// are those of ops/math.hpp, for tensors the ops of the same name. So one formula is a fused kernel where plain values
// are scaled, and a composition of ops where it is differentiated again. Included by the op headers only.
#pragma once
#include <type_traits>
#include <utility>

#include "strata/ops/math.hpp"
#include "strata/ops/ops.hpp"

namespace strata::formula {

template <class T>
inline constexpr bool is_tensor = std::is_same_v<T, Tensor>;

template <class M, class T>
STRATA_HD T select(M m, T a, std::type_identity_t<T> b) {
  if constexpr (is_tensor<T>)
    return strata::where(std::move(m), std::move(a), std::move(b));
  else
    return math::select(m, a, b);
}
template <class T>
STRATA_HD auto isfinite(T x) {
  if constexpr (is_tensor<T>)
    return strata::isfinite(std::move(x));
  else
    return math::isfinite(x);
}
template <class T>
STRATA_HD T pow(T x, T y) {
  if constexpr (is_tensor<T>)
    return strata::pow(std::move(x), std::move(y));
  else
    return math::pow(x, y);
}
template <class T>
STRATA_HD T integer_pow(T x, int n) {
  if constexpr (is_tensor<T>)
    return strata::integer_pow(std::move(x), n);
  else
    return math::integer_pow(x, n);
}

template <class T>
STRATA_HD T abs(T x) {
  if constexpr (is_tensor<T>)
    return strata::abs(std::move(x));
  else
    return math::abs(x);
}
template <class T>
STRATA_HD T sign(T x) {
  if constexpr (is_tensor<T>)
    return strata::sign(std::move(x));
  else
    return math::sign(x);
}
template <class T>
STRATA_HD T square(T x) {
  if constexpr (is_tensor<T>)
    return strata::square(std::move(x));
  else
    return math::square(x);
}
template <class T>
STRATA_HD T sqrt(T x) {
  if constexpr (is_tensor<T>)
    return strata::sqrt(std::move(x));
  else
    return math::sqrt(x);
}
template <class T>
STRATA_HD T rsqrt(T x) {
  if constexpr (is_tensor<T>)
    return strata::rsqrt(std::move(x));
  else
    return math::rsqrt(x);
}
template <class T>
STRATA_HD T exp(T x) {
  if constexpr (is_tensor<T>)
    return strata::exp(std::move(x));
  else
    return math::exp(x);
}
template <class T>
STRATA_HD T exp2(T x) {
  if constexpr (is_tensor<T>)
    return strata::exp2(std::move(x));
  else
    return math::exp2(x);
}
template <class T>
STRATA_HD T expm1(T x) {
  if constexpr (is_tensor<T>)
    return strata::expm1(std::move(x));
  else
    return math::expm1(x);
}
template <class T>
STRATA_HD T log(T x) {
  if constexpr (is_tensor<T>)
    return strata::log(std::move(x));
  else
    return math::log(x);
}
template <class T>
STRATA_HD T cosh(T x) {
  if constexpr (is_tensor<T>)
    return strata::cosh(std::move(x));
  else
    return math::cosh(x);
}
template <class T>
STRATA_HD T sinh(T x) {
  if constexpr (is_tensor<T>)
    return strata::sinh(std::move(x));
  else
    return math::sinh(x);
}
template <class T>
STRATA_HD T tanh(T x) {
  if constexpr (is_tensor<T>)
    return strata::tanh(std::move(x));
  else
    return math::tanh(x);
}
template <class T>
STRATA_HD T sin(T x) {
  if constexpr (is_tensor<T>)
    return strata::sin(std::move(x));
  else
    return math::sin(x);
}
template <class T>
STRATA_HD T cos(T x) {
  if constexpr (is_tensor<T>)
    return strata::cos(std::move(x));
  else
    return math::cos(x);
}
template <class T>
STRATA_HD T logistic(T x) {
  if constexpr (is_tensor<T>)
    return strata::logistic(std::move(x));
  else
    return math::logistic(x);
}
/// y / (1 + 2^-w).
template <class T>
STRATA_HD T gated(T y, T w) {
  if constexpr (is_tensor<T>)
    return std::move(y) * strata::logistic(std::move(w) * 0.693147180559945309);
  else
    return math::gated(y, w);
}
template <class T>
STRATA_HD T erfc(T x) {
  if constexpr (is_tensor<T>)
    return strata::erfc(std::move(x));
  else
    return math::erfc(x);
}
template <class T>
STRATA_HD T digamma(T x) {
  if constexpr (is_tensor<T>)
    return strata::digamma(std::move(x));
  else
    return math::digamma(x);
}
template <class T>
STRATA_HD T trigamma(T x) {
  if constexpr (is_tensor<T>)
    return strata::polygamma(1, std::move(x));
  else
    return math::trigamma(x);
}
template <class T>
STRATA_HD T i0e(T x) {
  if constexpr (is_tensor<T>)
    return strata::i0e(std::move(x));
  else
    return math::i0e(x);
}
template <class T>
STRATA_HD T i1e(T x) {
  if constexpr (is_tensor<T>)
    return strata::i1e(std::move(x));
  else
    return math::i1e(x);
}
template <class T>
STRATA_HD T softplus(T x) {
  if constexpr (is_tensor<T>)
    return strata::softplus(std::move(x));
  else
    return math::softplus(x);
}

}  // namespace strata::formula
