// The menu's rounding and division with a whole quotient.
#include "strata/ops/rounding.hpp"

#include <cmath>

#include "strata/ops/registry.hpp"

namespace strata {
namespace {

/// Whole numbers need no rounding.
template <class Op>
Tensor rounded(Tensor x) {
  return is_float(x.dtype()) ? pointwise<Op>(std::move(x)) : x;
}

}  // namespace

Tensor floor(Tensor x) { return rounded<Floor>(std::move(x)); }
Tensor ceil(Tensor x) { return rounded<Ceil>(std::move(x)); }
Tensor trunc(Tensor x) { return rounded<Trunc>(std::move(x)); }
Tensor round_away(Tensor x) { return rounded<RoundAway>(std::move(x)); }
Tensor rint(Tensor x) {
  const Dtype d = inexact(x.dtype());
  return rounded<Rint>(astype_weak(std::move(x), d));
}

Tensor round(Tensor x, Rounding p) {
  if (p.decimals == 0) return rounded<Rint>(std::move(x));
  if (!is_float(x.dtype())) {
    if (p.decimals > 0) return x;
    const Dtype d = x.dtype();
    return astype_weak(round(astype_weak(std::move(x), inexact(d)), p), d);
  }
  return pointwise_with<RoundDecimals>({std::pow(10.0, p.decimals)}, std::move(x));
}

Samples RoundDecimals::samples() {
  return unary_samples([](Tensor x) { return round(std::move(x), {.decimals = 2}); });
}

Tensor floor_divide(Tensor a, Tensor b) { return pointwise<FloorDivide>(std::move(a), std::move(b)); }
Tensor trunc_divide(Tensor a, Tensor b) { return pointwise<TruncDivide>(std::move(a), std::move(b)); }
Tensor remainder(Tensor a, Tensor b) { return pointwise<Remainder>(std::move(a), std::move(b)); }
Tensor rem(Tensor a, Tensor b) { return pointwise<Fmod>(std::move(a), std::move(b)); }

Tensor fmod(Tensor a, Tensor b) {
  if (!is_float(promote(a.type(), b.type()).dtype)) b = where(b == 0, 1, b);
  return rem(std::move(a), std::move(b));
}

std::pair<Tensor, Tensor> divmod(Tensor a, Tensor b) {
  Tensor q = floor_divide(a, b);
  return {std::move(q), remainder(std::move(a), std::move(b))};
}

std::pair<Tensor, Tensor> modf(Tensor x) {
  x = astype_weak(x, inexact(x.dtype()));
  Tensor whole = trunc(x);
  return {x - whole, whole};
}

Tensor operator%(Tensor a, Tensor b) { return remainder(std::move(a), std::move(b)); }

namespace {

Samples pair_samples(std::pair<Tensor, Tensor> (*f)(Tensor)) {
  const auto call = [f](std::span<const Tensor> x) {
    auto [a, b] = f(x[0]);
    return std::vector<Tensor>{a, b};
  };
  return {{"[5]", {{{5}, Dtype::float32, 1.1, 1.9}}, call}, {"[0]", {{{0}}}, call}};
}

Samples divmod_samples() {
  return pair_samples([](Tensor x) { return divmod(std::move(x), 0.6); });
}

}  // namespace

std::vector<Entry> rounding_entries() {
  return {entry<row<Floor>>(),
          entry<row<Ceil>>(),
          entry<row<Trunc>>(),
          entry<row<Rint>>(),
          entry<row<RoundAway>>(),
          entry<row<RoundDecimals>>(),
          entry<row<FloorDivide>>(),
          entry<row<TruncDivide>>(),
          entry<row<Remainder>>(),
          entry<row<Fmod>>(),
          composite("fmod", [] { return binary_samples(&fmod, 1.1, 1.9); }),
          composite("divmod", &divmod_samples),
          composite("modf", [] { return pair_samples(&modf); })};
}

}  // namespace strata
