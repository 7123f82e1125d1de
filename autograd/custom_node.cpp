// See custom_node.hpp.
#include "strata/autograd/custom_node.hpp"

namespace strata {
namespace {

const PullbackParams& params_of(const void* p) { return *static_cast<const PullbackParams*>(p); }

void pullback_vjp(const void* p, In, In, In g, Need need, Out dx) {
  std::vector<Tensor> x = params_of(p).pullback(std::vector<Tensor>(g.begin(), g.end()));
  for (std::size_t i = 0; i < dx.size(); ++i) {
    if (need[static_cast<int>(i)] && i < x.size()) dx[i] = std::move(x[i]);
  }
}

void pullback_jvp(const void* p, In, In dx, In, Out dy) {
  const PullbackParams& params = params_of(p);
  const std::vector<Tensor> y =
      detail::transpose_pullback(params.pullback, params.results, std::vector<Tensor>(dx.begin(), dx.end()));
  for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = y[i];
}

constexpr Op make_row(bool collective) {
  Op op{};
  op.name = "custom function";
  op.family = "general";
  op.inputs = op.outputs = -1;
  op.differentiable = true;
  op.keep = Keep::nothing;
  op.params_size = sizeof(PullbackParams);
  op.params_copy = [](void* to, const void* from) { new (to) PullbackParams(params_of(from)); };
  op.params_destroy = [](void* p) { static_cast<PullbackParams*>(p)->~PullbackParams(); };
  op.jvp = &pullback_jvp;
  op.vjp = &pullback_vjp;
  op.collective = collective;
  return op;
}

}  // namespace

constinit const Op pullback_op = make_row(false);
constinit const Op collective_pullback_op = make_row(true);

}  // namespace strata
