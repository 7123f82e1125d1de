// elementwise: a function of numbers, written as a generic lambda, applied to every element of its arguments; st::math,
// the functions to write it with. Called by users.
// Always holds: the lambda sees Elements, which know nothing but arithmetic, comparisons and st::math, so what it makes
// has its arguments' broadcast shape and all rules (derivatives of any order, batching). Large arguments are walked
// once, tile by tile, as one pending chain (ops/pending.hpp); nothing between arguments and results is stored.
// On a GPU a lambda's ops run one by one. In a file that nvcc compiles a struct with a call operator for both sides
// becomes kernels (ops/elementwise/): one for its values, one for its tangents, one for its cotangents.
#pragma once
#include <array>
#include <initializer_list>
#include <tuple>
#include <type_traits>
#include <utility>

#include "strata/ops/ops.hpp"

// Tests compile a CUDA file for the host, and say so by this name.
#if defined(__CUDACC__) || defined(STRATA_COMPILES_KERNELS)
#include "strata/ops/elementwise/rows.hpp"
namespace strata::detail {
constexpr bool compiles_kernels = true;
}
#else
namespace strata::detail {
constexpr bool compiles_kernels = false;
}
#endif

namespace strata {

/// One element of a tensor, or the truth of a comparison, inside an elementwise lambda. Numbers convert to it.
class Element {
 public:
  template <Scalar S>
  Element(S number) : x_(number) {}  // NOLINT: implicit on purpose
  explicit Element(Tensor x) : x_(std::move(x)) {}
  const Tensor& tensor() const { return x_; }

  friend Element operator+(const Element& a, const Element& b) { return Element(a.x_ + b.x_); }
  friend Element operator-(const Element& a, const Element& b) { return Element(a.x_ - b.x_); }
  friend Element operator*(const Element& a, const Element& b) { return Element(a.x_ * b.x_); }
  friend Element operator/(const Element& a, const Element& b) { return Element(a.x_ / b.x_); }
  friend Element operator-(const Element& a) { return Element(-a.x_); }
  friend Element operator+(const Element& a) { return a; }
  friend Element operator<(const Element& a, const Element& b) { return Element(a.x_ < b.x_); }
  friend Element operator<=(const Element& a, const Element& b) { return Element(a.x_ <= b.x_); }
  friend Element operator>(const Element& a, const Element& b) { return Element(a.x_ > b.x_); }
  friend Element operator>=(const Element& a, const Element& b) { return Element(a.x_ >= b.x_); }
  friend Element operator==(const Element& a, const Element& b) { return Element(a.x_ == b.x_); }
  friend Element operator!=(const Element& a, const Element& b) { return Element(a.x_ != b.x_); }
  friend Element operator&&(const Element& a, const Element& b) { return Element(logical_and(a.x_, b.x_)); }
  friend Element operator||(const Element& a, const Element& b) { return Element(logical_or(a.x_, b.x_)); }
  friend Element operator!(const Element& a) { return Element(logical_not(a.x_)); }
  Element& operator+=(const Element& b) { return *this = *this + b; }
  Element& operator-=(const Element& b) { return *this = *this - b; }
  Element& operator*=(const Element& b) { return *this = *this * b; }
  Element& operator/=(const Element& b) { return *this = *this / b; }

 private:
  Tensor x_;
};

/// The functions of elements, named as the ops on tensors whose formulas they are.
namespace math {

inline Element abs(const Element& x) { return Element(strata::abs(x.tensor())); }
inline Element sign(const Element& x) { return Element(strata::sign(x.tensor())); }
inline Element square(const Element& x) { return Element(strata::square(x.tensor())); }
inline Element sqrt(const Element& x) { return Element(strata::sqrt(x.tensor())); }
inline Element rsqrt(const Element& x) { return Element(strata::rsqrt(x.tensor())); }
inline Element cbrt(const Element& x) { return Element(strata::cbrt(x.tensor())); }
inline Element reciprocal(const Element& x) { return Element(strata::reciprocal(x.tensor())); }
inline Element exp(const Element& x) { return Element(strata::exp(x.tensor())); }
inline Element exp2(const Element& x) { return Element(strata::exp2(x.tensor())); }
inline Element expm1(const Element& x) { return Element(strata::expm1(x.tensor())); }
inline Element log(const Element& x) { return Element(strata::log(x.tensor())); }
inline Element log2(const Element& x) { return Element(strata::log2(x.tensor())); }
inline Element log10(const Element& x) { return Element(strata::log10(x.tensor())); }
inline Element log1p(const Element& x) { return Element(strata::log1p(x.tensor())); }
inline Element sin(const Element& x) { return Element(strata::sin(x.tensor())); }
inline Element cos(const Element& x) { return Element(strata::cos(x.tensor())); }
inline Element tan(const Element& x) { return Element(strata::tan(x.tensor())); }
inline Element asin(const Element& x) { return Element(strata::asin(x.tensor())); }
inline Element acos(const Element& x) { return Element(strata::acos(x.tensor())); }
inline Element atan(const Element& x) { return Element(strata::atan(x.tensor())); }
inline Element sinh(const Element& x) { return Element(strata::sinh(x.tensor())); }
inline Element cosh(const Element& x) { return Element(strata::cosh(x.tensor())); }
inline Element tanh(const Element& x) { return Element(strata::tanh(x.tensor())); }
inline Element erf(const Element& x) { return Element(strata::erf(x.tensor())); }
inline Element erfc(const Element& x) { return Element(strata::erfc(x.tensor())); }
inline Element lgamma(const Element& x) { return Element(strata::lgamma(x.tensor())); }
inline Element logistic(const Element& x) { return Element(strata::logistic(x.tensor())); }
inline Element sigmoid(const Element& x) { return Element(strata::logistic(x.tensor())); }
inline Element softplus(const Element& x) { return Element(strata::softplus(x.tensor())); }
inline Element log_sigmoid(const Element& x) { return Element(strata::log_sigmoid(x.tensor())); }
inline Element relu(const Element& x) { return Element(strata::relu(x.tensor())); }
inline Element silu(const Element& x) { return Element(strata::silu(x.tensor())); }
inline Element gelu(const Element& x) { return Element(strata::gelu(x.tensor())); }
inline Element floor(const Element& x) { return Element(strata::floor(x.tensor())); }
inline Element ceil(const Element& x) { return Element(strata::ceil(x.tensor())); }
inline Element trunc(const Element& x) { return Element(strata::trunc(x.tensor())); }
inline Element rint(const Element& x) { return Element(strata::rint(x.tensor())); }
inline Element isnan(const Element& x) { return Element(strata::isnan(x.tensor())); }
inline Element isinf(const Element& x) { return Element(strata::isinf(x.tensor())); }
inline Element isfinite(const Element& x) { return Element(strata::isfinite(x.tensor())); }
inline Element stop_gradient(const Element& x) { return Element(strata::stop_gradient(x.tensor())); }
inline Element pow(const Element& x, const Element& y) { return Element(strata::pow(x.tensor(), y.tensor())); }
inline Element atan2(const Element& y, const Element& x) { return Element(strata::atan2(y.tensor(), x.tensor())); }
inline Element hypot(const Element& a, const Element& b) { return Element(strata::hypot(a.tensor(), b.tensor())); }
inline Element logaddexp(const Element& a, const Element& b) {
  return Element(strata::logaddexp(a.tensor(), b.tensor()));
}
inline Element maximum(const Element& a, const Element& b) { return Element(strata::maximum(a.tensor(), b.tensor())); }
inline Element minimum(const Element& a, const Element& b) { return Element(strata::minimum(a.tensor(), b.tensor())); }
inline Element max(const Element& a, const Element& b) { return maximum(a, b); }
inline Element min(const Element& a, const Element& b) { return minimum(a, b); }
inline Element clip(const Element& x, const Element& low, const Element& high) {
  return Element(strata::clip(x.tensor(), low.tensor(), high.tensor()));
}
/// Instead of `c ? a : b`.
inline Element where(const Element& c, const Element& a, const Element& b) {
  return Element(strata::where(c.tensor(), a.tensor(), b.tensor()));
}

}  // namespace math

namespace detail {

inline Tensor element_result(const Element& y, const Shape& shape) {
  return y.tensor().shape() == shape ? y.tensor() : broadcast_to(y.tensor(), shape);
}
template <class S>
requires std::is_arithmetic_v<S> Tensor element_result(S y, const Shape& shape) {
  return element_result(Element(y), shape);
}
template <class A, class B>
auto element_result(const std::pair<A, B>& y, const Shape& shape) {
  return std::pair{element_result(y.first, shape), element_result(y.second, shape)};
}
template <class... A>
auto element_result(const std::tuple<A...>& y, const Shape& shape) {
  return std::apply([&](const auto&... a) { return std::tuple{element_result(a, shape)...}; }, y);
}
template <class A, std::size_t N>
std::array<Tensor, N> element_result(const std::array<A, N>& y, const Shape& shape) {
  std::array<Tensor, N> results;
  for (std::size_t i = 0; i < N; ++i) results[i] = element_result(y[i], shape);
  return results;
}

/// The shape that the arguments of elementwise broadcast to.
inline Shape element_shape(std::initializer_list<Shape> arguments) {
  Shape shape;
  for (const Shape& s : arguments) shape = s == shape ? shape : broadcast_shapes("elementwise", shape, s);
  return shape;
}

}  // namespace detail

template <class F>
class FusedFunction;

/// f, a generic lambda of numbers, as a function of tensors, which broadcast: each element of the result is f of the
/// arguments' elements. f may return a pair, a tuple or an array of results. No `if` on elements: st::math::where.
///     auto gate = st::elementwise([](auto x, auto y) { return x * st::math::tanh(y); });  st::Tensor z = gate(a, b);
/// On a GPU the ops of a lambda run one by one. In a file that nvcc compiles (-std=c++20 --expt-relaxed-constexpr) f
/// may be a struct whose call operator is for both sides: nvcc allows no generic lambda that. On tensors of a GPU of
/// one float dtype it is one kernel, and so is each derivative; everything else is as for a lambda. A number among the
/// arguments takes the tensors' dtype first. It may hold numbers; up to 8 arguments and 8 results.
///     struct Gate {
///       float slope;
///       __host__ __device__ auto operator()(auto x, auto y) const { return x * st::math::tanh(slope * y); }
///     };
///     auto gate = st::elementwise(Gate{0.5f});
template <class F, bool kernels = detail::compiles_kernels&& std::is_aggregate_v<F>>
auto elementwise(F f) {
#if defined(__CUDACC_EXTENDED_LAMBDA__)
  static_assert(
      !__nv_is_extended_device_lambda_closure_type(F),
      "strata: elementwise also calls its function on the host, where a __device__ lambda is nothing: write a "
      "struct with a __host__ __device__ call operator");
#endif
  if constexpr (kernels) {
    return FusedFunction<F>(std::move(f));
  } else {
    return [f = std::move(f)](const auto&... x) {
      static_assert((std::is_constructible_v<Tensor, decltype(x)> && ...), "strata: elementwise takes tensors");
      const auto y = f(Element(Tensor(x))...);
      return detail::element_result(y, detail::element_shape({Tensor(x).shape()...}));
    };
  }
}

}  // namespace strata
