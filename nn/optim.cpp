// The optimisers' formulas for one leaf.
#include "strata/nn/optim.hpp"

namespace strata::optim::detail {

Tensor moving_average(const Tensor& mean, const Tensor& x, double decay) { return (1 - decay) * x + decay * mean; }

Tensor adam_step(const Tensor& mu, const Tensor& nu, const Tensor& count, const Moments& m) {
  const Tensor t = astype(count, mu.dtype());
  const Tensor mean = mu / (1 - pow(m.b1, t)), square_mean = nu / (1 - pow(m.b2, t));
  return mean / (sqrt(square_mean + m.eps_root) + m.eps);
}

Tensor clip_leaf(const Tensor& g, const Tensor& norm, double max_norm) {
  return where(norm < max_norm, g, g / astype_weak(norm, g.dtype()) * max_norm);
}

Tensor rms_step(const Tensor& g, const Tensor& nu, const Tensor& mu, double eps) {
  return g * rsqrt((mu.defined() ? nu - square(mu) : nu) + eps);
}

Tensor rss_step(const Tensor& g, const Tensor& s, double eps) { return where(s > 0, rsqrt(s + eps), 0) * g; }

}  // namespace strata::optim::detail
