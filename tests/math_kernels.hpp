// The functions of ops/math.hpp as loops over arrays, one table for each instruction set: what tests/math_test.cpp
// examines. The tables are made by math_kernels.isa.cpp, which is compiled as the library's kernels are; all hold the
// same names.
#pragma once
#include "strata/ops/math.hpp"

namespace strata::math_kernels {

template <class T>
using Unary = void (*)(const T* x, T* y, int n);
template <class T>
using Binary = void (*)(const T* a, const T* b, T* y, int n);

struct UnaryKernel {
  const char* name;
  Unary<float> single;
  Unary<double> wide;
};
struct BinaryKernel {
  const char* name;
  Binary<float> single;
  Binary<double> wide;
};
struct Kernels {
  const UnaryKernel* unary;
  int unary_count;
  const BinaryKernel* binary;
  int binary_count;
  int registers;  ///< the line of the first check of simd.hpp's registers that failed, 0 if none
};

namespace baseline {
Kernels kernels();
}
namespace avx2 {
Kernels kernels();
}
namespace avx512 {
Kernels kernels();
}

namespace {  // each instruction set has its own copy

template <class Visit>
void each_unary(Visit visit) {
  visit("abs", [](auto x) { return math::abs(x); });
  visit("sign", [](auto x) { return math::sign(x); });
  visit("square", [](auto x) { return math::square(x); });
  visit("sqrt", [](auto x) { return math::sqrt(x); });
  visit("rsqrt", [](auto x) { return math::rsqrt(x); });
  visit("reciprocal", [](auto x) { return math::reciprocal(x); });
  visit("floor", [](auto x) { return math::floor(x); });
  visit("ceil", [](auto x) { return math::ceil(x); });
  visit("trunc", [](auto x) { return math::trunc(x); });
  visit("round", [](auto x) { return math::round(x); });
  visit("round_away", [](auto x) { return math::round_away(x); });
  visit("exp", [](auto x) { return math::exp(x); });
  visit("exp2", [](auto x) { return math::exp2(x); });
  visit("expm1", [](auto x) { return math::expm1(x); });
  visit("sinh", [](auto x) { return math::sinh(x); });
  visit("cosh", [](auto x) { return math::cosh(x); });
  visit("tanh", [](auto x) { return math::tanh(x); });
  visit("logistic", [](auto x) { return math::logistic(x); });
  visit("gated", [](auto x) { return math::gated(x, math::max(decltype(x)(-100), x)); });
  visit("log", [](auto x) { return math::log(x); });
  visit("log2", [](auto x) { return math::log2(x); });
  visit("log10", [](auto x) { return math::log10(x); });
  visit("log1p", [](auto x) { return math::log1p(x); });
  visit("softplus", [](auto x) { return math::softplus(x); });
  visit("asinh", [](auto x) { return math::asinh(x); });
  visit("acosh", [](auto x) { return math::acosh(x); });
  visit("atanh", [](auto x) { return math::atanh(x); });
  visit("sin", [](auto x) { return math::sin(x); });
  visit("cos", [](auto x) { return math::cos(x); });
  visit("tan", [](auto x) { return math::tan(x); });
  visit("asin", [](auto x) { return math::asin(x); });
  visit("acos", [](auto x) { return math::acos(x); });
  visit("atan", [](auto x) { return math::atan(x); });
  visit("cbrt", [](auto x) { return math::cbrt(x); });
  visit("erf", [](auto x) { return math::erf(x); });
  visit("erfc", [](auto x) { return math::erfc(x); });
  visit("erf_inv", [](auto x) { return math::erf_inv(x); });
  visit("lgamma", [](auto x) { return math::lgamma(x); });
  visit("digamma", [](auto x) { return math::digamma(x); });
  visit("trigamma", [](auto x) { return math::trigamma(x); });
  visit("i0e", [](auto x) { return math::i0e(x); });
  visit("i1e", [](auto x) { return math::i1e(x); });
}

template <class Visit>
void each_binary(Visit visit) {
  visit("maximum", [](auto x, auto y) { return math::maximum(x, y); });
  visit("minimum", [](auto x, auto y) { return math::minimum(x, y); });
  visit("fmax", [](auto x, auto y) { return math::fmax(x, y); });
  visit("fmin", [](auto x, auto y) { return math::fmin(x, y); });
  visit("copysign", [](auto x, auto y) { return math::copysign(x, y); });
  visit("nextafter", [](auto x, auto y) { return math::nextafter(x, y); });
  visit("logaddexp", [](auto x, auto y) { return math::logaddexp(x, y); });
  visit("logaddexp2", [](auto x, auto y) { return math::logaddexp2(x, y); });
  visit("xlogy", [](auto x, auto y) { return math::xlogy(x, y); });
  visit("xlog1py", [](auto x, auto y) { return math::xlog1py(x, y); });
  visit("pow", [](auto x, auto y) { return math::pow(x, y); });
  visit("hypot", [](auto x, auto y) { return math::hypot(x, y); });
  visit("atan2", [](auto x, auto y) { return math::atan2(x, y); });
  visit("fmod", [](auto x, auto y) { return math::fmod(x, y); });
  visit("remainder", [](auto x, auto y) { return math::remainder(x, y); });
  visit("floor_div", [](auto x, auto y) { return math::floor_div(x, y); });
  visit("zeta", [](auto x, auto y) { return math::zeta(x, y); });
  visit("polygamma", [](auto x, auto y) { return math::polygamma(x, y); });
}

}  // namespace
}  // namespace strata::math_kernels
