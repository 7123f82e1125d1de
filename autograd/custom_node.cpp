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

}  // namespace

const Op pullback_op = {"custom function",
                        "general",
                        -1,
                        -1,
                        true,
                        Keep::nothing,
                        sizeof(PullbackParams),
                        [](void* to, const void* from) { new (to) PullbackParams(params_of(from)); },
                        [](void* p) { static_cast<PullbackParams*>(p)->~PullbackParams(); },
                        nullptr,
                        nullptr,
                        &pullback_jvp,
                        &pullback_vjp,
                        nullptr,
                        nullptr};

}  // namespace strata
