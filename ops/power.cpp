// The menu's powers and roots.
#include "strata/ops/power.hpp"

#include "strata/core/error.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

Tensor sqrt(Tensor x) { return pointwise<Sqrt>(std::move(x)); }
Tensor rsqrt(Tensor x) { return pointwise<Rsqrt>(std::move(x)); }
Tensor cbrt(Tensor x) { return pointwise<Cbrt>(std::move(x)); }
Tensor hypot(Tensor a, Tensor b) { return pointwise<Hypot>(std::move(a), std::move(b)); }

Tensor integer_pow(Tensor x, int exponent) {
  if (exponent < 0 && !is_float(x.dtype())) {
    throw ValueError("integer_pow: " + std::string(name(x.dtype())) + " to the power " + std::to_string(exponent) +
                     " is no integer; use float_power" + level_context());
  }
  if (exponent == 0) return ones_like(x);
  if (exponent == 1) return x;
  if (exponent == 2) return square(std::move(x));
  return pointwise_with<IntegerPow>({exponent}, std::move(x));
}

Tensor pow(Tensor x, Tensor y) {
  if (y.is_dense() && dense(y).number && !dense(y).is_real && std::abs(dense(y).whole) <= 1024) {
    if (x.dtype() == Dtype::bool_) x = astype(std::move(x), Dtype::int32);
    return integer_pow(std::move(x), static_cast<int>(dense(y).whole));
  }
  return pointwise<Pow>(std::move(x), std::move(y));
}

Tensor float_power(Tensor x, Tensor y) {
  const Type t = promote(x.type(), y.type());
  if (!is_float(t.dtype)) x = astype(std::move(x), inexact(t.dtype));
  return pointwise<Pow>(std::move(x), std::move(y));
}

Tensor ldexp(Tensor a, Tensor n) {
  if (is_float(n.dtype())) {
    throw DtypeError("ldexp: the exponent is " + std::string(name(n.dtype())) + ", only integers are exponents" +
                     level_context());
  }
  a = astype_weak(a, inexact(a.dtype()));
  const Dtype d = a.dtype();
  const auto power = [d](Tensor e) { return exp2(astype(std::move(e), d)); };
  const Tensor half =
      right_shift(astype_weak(n, Dtype::int32), 1);  // 2^n itself may overflow where the result does not
  return a * power(half) * power(n - half);
}

std::pair<Tensor, Tensor> frexp(Tensor x) {
  x = astype_weak(x, inexact(x.dtype()));
  Tensor e = astype(BinaryExponent::of(x), Dtype::int32);
  return {ldexp(std::move(x), -e), e};
}

namespace {

Samples frexp_samples() {
  const auto call = [](std::span<const Tensor> x) {
    auto [m, e] = frexp(x[0]);
    return std::vector<Tensor>{m, e};
  };
  return {{"[5]", {{{5}, Dtype::float32, 1.1, 1.9}}, call}, {"[0]", {{{0}}}, call}};
}
Samples ldexp_samples() {
  return unary_samples([](Tensor x) { return ldexp(std::move(x), 3); });
}

}  // namespace

Samples IntegerPow::samples() {
  Samples all = unary_samples([](Tensor x) { return integer_pow(std::move(x), 3); });
  for (Sample& s : unary_samples([](Tensor x) { return integer_pow(std::move(x), -2); }, 0.5, 2.0)) {
    s.label += " to the -2";
    all.push_back(std::move(s));
  }
  return all;
}

std::vector<Entry> power_entries() {
  return {entry<row<Sqrt>>(),
          entry<row<Rsqrt>>(),
          entry<row<Cbrt>>(),
          entry<row<IntegerPow>>(),
          entry<row<Pow>>(),
          entry<row<Hypot>>(),
          entry<row<BinaryExponent>>(),
          composite("ldexp", &ldexp_samples),
          composite("frexp", &frexp_samples),
          composite("float_power", [] { return binary_samples(&float_power, 0.3, 2.0); })};
}

}  // namespace strata
