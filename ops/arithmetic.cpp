// The menu's arithmetic functions.
#include "strata/ops/arithmetic.hpp"

#include "strata/ops/registry.hpp"

namespace strata {

Tensor add(Tensor a, Tensor b) { return pointwise<Add>(std::move(a), std::move(b)); }
Tensor sub(Tensor a, Tensor b) { return pointwise<Sub>(std::move(a), std::move(b)); }
Tensor mul(Tensor a, Tensor b) { return pointwise<Mul>(std::move(a), std::move(b)); }
Tensor div(Tensor a, Tensor b) { return pointwise<Div>(std::move(a), std::move(b)); }
Tensor neg(Tensor x) { return pointwise<Neg>(std::move(x)); }
Tensor square(Tensor x) { return pointwise<Square>(std::move(x)); }
Tensor reciprocal(Tensor x) { return pointwise<Reciprocal>(std::move(x)); }

Tensor operator+(Operand a, Operand b) { return pointwise_operator<Add>(a, b); }
Tensor operator-(Operand a, Operand b) { return pointwise_operator<Sub>(a, b); }
Tensor operator*(Operand a, Operand b) { return pointwise_operator<Mul>(a, b); }
Tensor operator/(Operand a, Operand b) { return pointwise_operator<Div>(a, b); }
Tensor Tensor::operator-() const { return neg(*this); }
Tensor& operator+=(Tensor& a, Tensor b) { return a = add(std::move(a), std::move(b)); }
Tensor& operator-=(Tensor& a, Tensor b) { return a = sub(std::move(a), std::move(b)); }
Tensor& operator*=(Tensor& a, Tensor b) { return a = mul(std::move(a), std::move(b)); }
Tensor& operator/=(Tensor& a, Tensor b) { return a = div(std::move(a), std::move(b)); }

Tensor deg2rad(Tensor x) { return x * 0.0174532925199432957692; }
Tensor rad2deg(Tensor x) { return x * 57.2957795130823208768; }

Tensor real(Tensor x) { return x; }
Tensor imag(Tensor x) { return zeros_like(x); }
Tensor conj(Tensor x) { return x; }
Tensor angle(Tensor x) {
  const Dtype d = inexact(x.dtype());
  x = astype_weak(std::move(x), d);
  return where(isnan(x), x, where(x < 0, astype(3.14159265358979323846, d), 0));
}

std::vector<Entry> arithmetic_entries() {
  return {entry<row<Add>>(), entry<row<Sub>>(),    entry<row<Mul>>(),       entry<row<Div>>(),
          entry<row<Neg>>(), entry<row<Square>>(), entry<row<Reciprocal>>()};
}

}  // namespace strata
