// The menu's special functions.
#include "strata/ops/special.hpp"

#include <limits>

#include "strata/ops/registry.hpp"

namespace strata {

Tensor erf(Tensor x) { return pointwise<Erf>(std::move(x)); }
Tensor erfc(Tensor x) { return pointwise<Erfc>(std::move(x)); }
Tensor erf_inv(Tensor x) { return pointwise<ErfInv>(std::move(x)); }
Tensor lgamma(Tensor x) { return pointwise<Lgamma>(std::move(x)); }
Tensor digamma(Tensor x) { return pointwise<Digamma>(std::move(x)); }
Tensor i0e(Tensor x) { return pointwise<I0e>(std::move(x)); }
Tensor i1e(Tensor x) { return pointwise<I1e>(std::move(x)); }
Tensor polygamma(Tensor a, Tensor b) { return pointwise<Polygamma>(std::move(a), std::move(b)); }
Tensor zeta(Tensor a, Tensor b) { return pointwise<Zeta>(std::move(a), std::move(b)); }

Tensor log_ndtr(Tensor x) { return pointwise<LogNdtr>(std::move(x)); }
Tensor ndtri(Tensor p) { return pointwise<Ndtri>(std::move(p)); }
Tensor ndtr(Tensor x) { return 0.5 * erfc(x * -0.707106781186547524401); }

Tensor i0(Tensor x) { return exp(abs(x)) * i0e(x); }
Tensor i1(Tensor x) { return exp(abs(x)) * i1e(x); }
Tensor betaln(Tensor a, Tensor b) { return lgamma(a) + lgamma(b) - lgamma(a + b); }

Tensor entr(Tensor x) {
  const Tensor inside = -xlogy(x, x);
  return where(x < 0, -std::numeric_limits<double>::infinity(), inside);
}

Tensor rel_entr(Tensor x, Tensor y) {
  const Tensor both = (x > 0) && (y > 0), none = (x == 0) && (y >= 0);
  const Tensor a = where(both, x, 1), b = where(both, y, 1);
  return where(both, a * log(a) - a * log(b), where(none, 0, std::numeric_limits<double>::infinity()));
}

namespace {

/// Of f(n, x) for whole n, which is not differentiated.
Samples order_samples(Tensor (*f)(Tensor, Tensor), double order) {
  const auto call = [f, order](std::span<const Tensor> x) { return std::vector<Tensor>{f(order, x[0])}; };
  return {{"[4]", {{{4}, Dtype::float32, 0.5, 4.0}}, call}, {"[0]", {{{0}}}, call}};
}

}  // namespace

Samples Polygamma::samples() { return order_samples(&polygamma, 2); }
Samples Zeta::samples() { return order_samples(&zeta, 3); }

std::vector<Entry> special_entries() {
  return {entry<row<Erf>>(),
          entry<row<Erfc>>(),
          entry<row<ErfInv>>(),
          entry<row<Lgamma>>(),
          entry<row<Digamma>>(),
          entry<row<I0e>>(),
          entry<row<I1e>>(),
          entry<row<Polygamma>>(),
          entry<row<Zeta>>(),
          entry<row<LogNdtr>>(),
          entry<row<Ndtri>>(),
          composite("i0", [] { return unary_samples(&i0, 0.3, 2.0); }),
          composite("i1", [] { return unary_samples(&i1, 0.3, 2.0); }),
          composite("betaln", [] { return binary_samples(&betaln, 0.4, 3.0); }),
          composite("ndtr", [] { return unary_samples(&ndtr); }),
          composite("entr", [] { return unary_samples(&entr, 0.2, 2.0); }),
          composite("rel_entr", [] { return binary_samples(&rel_entr, 0.2, 2.0); })};
}

}  // namespace strata
