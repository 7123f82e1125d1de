// The optimisers' formulas for one leaf.
#include "strata/nn/optim.hpp"

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"

namespace strata::optim::detail {

Tensor moving_average(const Tensor& mean, const Tensor& x, double decay) { return (1 - decay) * x + decay * mean; }

namespace {

/// x / c for a number c: by its reciprocal, which a vector is multiplied by in a fraction of a division's time; half
/// types have no digits to spare for that.
Tensor over(const Tensor& x, const Tensor& c) { return is_half(x.dtype()) ? x / c : x * (1 / c); }

}  // namespace

Tensor adam_step(const Tensor& mu, const Tensor& nu, const Tensor& count, const Moments& m) {
  const Tensor t = astype(count, mu.dtype());
  const Tensor mean = over(mu, 1 - pow(m.b1, t)), square_mean = over(nu, 1 - pow(m.b2, t));
  return mean / (sqrt(m.eps_root == 0 ? square_mean : square_mean + m.eps_root) + m.eps);
}

Tensor clip_leaf(const Tensor& g, const Tensor& norm, double max_norm) {
  return where(norm < max_norm, g, g / astype_weak(norm, g.dtype()) * max_norm);
}

std::int64_t examples(const char* op, const std::vector<Tensor>& leaves) {
  std::int64_t n = -1;
  for (const Tensor& x : leaves) {
    if (!x.defined()) continue;
    if (x.ndim() == 0 || (n >= 0 && x.shape()[0] != n)) {
      throw ShapeError(std::string(op) + ": gradients are stacked along axis 0, but one has shape " +
                       to_string(x.shape()) + (n >= 0 ? ", another " + std::to_string(n) + " examples" : "") +
                       level_context() + "\n  take them by st::vmap(st::grad(loss), ...)");
    }
    n = x.shape()[0];
  }
  return n;
}

Tensor rms_step(const Tensor& g, const Tensor& nu, const Tensor& mu, double eps) {
  return g * rsqrt((mu.defined() ? nu - square(mu) : nu) + eps);
}

Tensor rss_step(const Tensor& g, const Tensor& s, double eps) { return where(s > 0, rsqrt(s + eps), 0) * g; }

}  // namespace strata::optim::detail
