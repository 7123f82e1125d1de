// The menu's trigonometric and hyperbolic functions.
#include "strata/ops/trigonometric.hpp"

#include "strata/ops/registry.hpp"

namespace strata {

Tensor sin(Tensor x) { return pointwise<Sin>(std::move(x)); }
Tensor cos(Tensor x) { return pointwise<Cos>(std::move(x)); }
Tensor tan(Tensor x) { return pointwise<Tan>(std::move(x)); }
Tensor asin(Tensor x) { return pointwise<Asin>(std::move(x)); }
Tensor acos(Tensor x) { return pointwise<Acos>(std::move(x)); }
Tensor atan(Tensor x) { return pointwise<Atan>(std::move(x)); }
Tensor sinh(Tensor x) { return pointwise<Sinh>(std::move(x)); }
Tensor cosh(Tensor x) { return pointwise<Cosh>(std::move(x)); }
Tensor tanh(Tensor x) { return pointwise<Tanh>(std::move(x)); }
Tensor asinh(Tensor x) { return pointwise<Asinh>(std::move(x)); }
Tensor acosh(Tensor x) { return pointwise<Acosh>(std::move(x)); }
Tensor atanh(Tensor x) { return pointwise<Atanh>(std::move(x)); }
Tensor sinc(Tensor x) { return pointwise<Sinc>(std::move(x)); }
Tensor atan2(Tensor a, Tensor b) { return pointwise<Atan2>(std::move(a), std::move(b)); }

std::vector<Entry> trigonometric_entries() {
  return {entry<row<Sin>>(),   entry<row<Cos>>(),   entry<row<Tan>>(),  entry<row<Asin>>(), entry<row<Acos>>(),
          entry<row<Atan>>(),  entry<row<Sinh>>(),  entry<row<Cosh>>(), entry<row<Tanh>>(), entry<row<Asinh>>(),
          entry<row<Acosh>>(), entry<row<Atanh>>(), entry<row<Sinc>>(), entry<row<Atan2>>()};
}

}  // namespace strata
