// See dual.hpp.
#include "strata/autograd/dual.hpp"

#include "strata/core/small.hpp"

namespace strata {

Tensor Duals::pack(const Tensor& x, const Tensor& dx) const {
  if (!dx.defined() || !is_float(x.dtype())) return x;
  return make_dual(x, dx, id());
}

std::pair<Tensor, Tensor> Duals::unpack(const Tensor& x) const {
  if (!x.defined() || !belongs_to(x, id())) return {x, Tensor()};
  const auto& d = static_cast<const Dual&>(wrapper(x));
  return {d.value, d.tangent};
}

void Duals::run(Call& call) {
  const auto n = call.x.size(), m = call.y.size();
  SmallArray<Tensor> x(n), dx(n), taken(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::tie(x[i], dx[i]) = unpack(call.x[i]);
    call.x[i] = Tensor();
    taken[i] = x[i];  // the rule below still reads x: the op gets handles of its own
  }
  apply(call.op, call.params, Out(taken.data(), n), call.y);
  if (!call.op.differentiable) return;
  SmallArray<Tensor> dy(m);
  call.op.jvp(call.params, In(x.data(), n), In(dx.data(), n), In(call.y.data(), m), Out(dy.data(), m));
  for (std::size_t i = 0; i < m; ++i) {
    if (call.y[i].defined()) call.y[i] = pack(call.y[i], dy[i]);
  }
}

std::vector<Tensor> Duals::run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) {
  if (custom->transparent()) return custom->eval(x);
  std::vector<Tensor> dx(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto [primal, tangent] = unpack(x[i]);
    x[i] = std::move(primal);
    dx[i] = std::move(tangent);
  }
  auto [y, dy] = custom->jvp(x, dx);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = pack(y[i], dy[i]);
  return y;
}

}  // namespace strata
