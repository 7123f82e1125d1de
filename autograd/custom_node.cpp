// See custom_node.hpp.
#include "strata/autograd/custom_node.hpp"

#include "strata/autograd/tape.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"

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
  Tape tape;
  std::vector<Tensor> g(dy.size());
  std::vector<Edge> leaves(dy.size());
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (!is_float(params.dtypes[i])) continue;
    g[i] = tape.watch(zeros(params.shapes[i], {.dtype = params.dtypes[i]}));
    leaves[i] = tape.unwatch(g[i]).second;
  }
  std::vector<Edge> roots;
  {
    const LevelScope scope(tape.level());
    for (const Tensor& t : params.pullback(g)) roots.push_back(tape.unwatch(t).second);
  }
  std::vector<Tensor> cotangents(dx.begin(), dx.end());
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (!cotangents[i].defined()) roots[i] = {};
  }
  const std::vector<Tensor> y = tape.backward(roots, cotangents, leaves, false);
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
