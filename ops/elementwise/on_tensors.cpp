// Ops on tensors for functions of elements, once for each op.
#include "strata/ops/elementwise/on_tensors.hpp"

#include "strata/ops/elementwise/math.hpp"

namespace strata::fused {
namespace {

/// D states its derivative as `scaled`.
template <class D>
concept Scales = D::inputs == 1 && D::differentiable && !std::is_same_v<D, Neg>;
template <class D>
concept HasSlopes = requires(Tensor t) {
  D::slopes(t, t, t, Wanted{});
};

}  // namespace

template <class D>
Tensor OnTensors<D>::apply(std::initializer_list<Tensor> x) {
  Tensor in[D::inputs];
  std::copy_n(x.begin(), D::inputs, in);
  constexpr typename D::Params p{};
  return apply_pointwise(row<D>, pointwise_info<D>, &p, in);
}
template <class D>
Tensor OnTensors<D>::scaled(const Tensor& g, const Tensor& x, const Tensor& y) {
  if constexpr (Scales<D>)
    return scaled_product<D>(g, x, y);
  else
    return {};
}
template <class D>
Slopes<Tensor> OnTensors<D>::slopes(const Tensor& a, const Tensor& b, const Tensor& y, Wanted want) {
  if constexpr (HasSlopes<D>)
    return D::slopes(a, b, y, want);
  else
    return {};
}

template struct OnTensors<Abs>;
template struct OnTensors<Sign>;
template struct OnTensors<Square>;
template struct OnTensors<Sqrt>;
template struct OnTensors<Rsqrt>;
template struct OnTensors<Cbrt>;
template struct OnTensors<Reciprocal>;
template struct OnTensors<Exp>;
template struct OnTensors<Exp2>;
template struct OnTensors<Expm1>;
template struct OnTensors<Log>;
template struct OnTensors<Log2>;
template struct OnTensors<Log10>;
template struct OnTensors<Log1p>;
template struct OnTensors<Sin>;
template struct OnTensors<Cos>;
template struct OnTensors<Tan>;
template struct OnTensors<Asin>;
template struct OnTensors<Acos>;
template struct OnTensors<Atan>;
template struct OnTensors<Sinh>;
template struct OnTensors<Cosh>;
template struct OnTensors<Tanh>;
template struct OnTensors<Erf>;
template struct OnTensors<Erfc>;
template struct OnTensors<Lgamma>;
template struct OnTensors<Logistic>;
template struct OnTensors<Softplus>;
template struct OnTensors<LogSigmoid>;
template struct OnTensors<Relu>;
template struct OnTensors<Silu>;
template struct OnTensors<GeluTanh>;
template struct OnTensors<Floor>;
template struct OnTensors<Ceil>;
template struct OnTensors<Trunc>;
template struct OnTensors<Rint>;
template struct OnTensors<IsNan>;
template struct OnTensors<IsInf>;
template struct OnTensors<IsFinite>;
template struct OnTensors<Pow>;
template struct OnTensors<Atan2>;
template struct OnTensors<Hypot>;
template struct OnTensors<LogAddExp>;
template struct OnTensors<Maximum>;
template struct OnTensors<Minimum>;
template struct OnTensors<Add>;
template struct OnTensors<Sub>;
template struct OnTensors<Mul>;
template struct OnTensors<Div>;
template struct OnTensors<Neg>;
template struct OnTensors<Less>;
template struct OnTensors<LessEqual>;
template struct OnTensors<Greater>;
template struct OnTensors<GreaterEqual>;
template struct OnTensors<Equal>;
template struct OnTensors<NotEqual>;
template struct OnTensors<Wins>;

}  // namespace strata::fused
