// See dual.hpp.
#include "strata/autograd/dual.hpp"

#include <tuple>

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
    Tensor& t = call.x[i];
    if (!t.defined() || !belongs_to(t, id())) {
      x[i] = std::move(t);
    } else {
      auto& d = static_cast<Dual&>(wrapper(t));
      const bool last = t.impl()->refs.alone();  // then the wrapper hands on what it has
      x[i] = last ? std::move(d.value) : d.value;
      dx[i] = last ? std::move(d.tangent) : d.tangent;
      t = Tensor();
    }
    taken[i] = x[i];  // the rule below still reads x: the op gets handles of its own
  }
  apply(call.op, call.params, Out(taken.data(), n), call.y);
  if (!call.op.differentiable) return;
  SmallArray<Tensor> dy(m);
  call.op.jvp(call.params, In(x.data(), n), In(dx.data(), n), In(call.y.data(), m), Out(dy.data(), m));
  for (std::size_t i = 0; i < m; ++i) {
    Tensor& y = call.y[i];
    if (y.defined() && dy[i].defined() && is_float(y.dtype())) y = make_dual(std::move(y), std::move(dy[i]), id());
  }
}

namespace {

/// A checkpointed function as levels below the duals see it: primals and tangents to primals and tangents.
class DualCustom final : public Custom {
 public:
  DualCustom(std::shared_ptr<Custom> inner, std::shared_ptr<Duals> duals)
      : inner_(std::move(inner)), duals_(std::move(duals)) {}
  std::string_view name() const override { return inner_->name(); }
  bool transparent() const override { return true; }
  bool rematerialize() const override { return true; }

  /// x: all primals, then all tangents; so the results.
  std::vector<Tensor> eval(const std::vector<Tensor>& x) override {
    const LevelScope scope(duals_->level());
    const std::size_t n = x.size() / 2;
    std::vector<Tensor> packed;
    for (std::size_t i = 0; i < n; ++i) packed.push_back(x[i].defined() ? duals_->pack(x[i], x[n + i]) : x[i]);
    std::vector<Tensor> y = inner_->eval(packed);
    const std::size_t m = y.size();
    y.resize(2 * m);
    for (std::size_t i = 0; i < m; ++i) std::tie(y[i], y[m + i]) = duals_->unpack(y[i]);
    return y;
  }

 private:
  std::shared_ptr<Custom> inner_;
  std::shared_ptr<Duals> duals_;
};

bool tape_below(const Level& level) {
  for (int i = 1; i < level.depth; ++i) {
    if (level_stack.levels[i]->kind == LevelKind::grad) return true;
  }
  return false;
}

}  // namespace

std::vector<Tensor> Duals::run_segment(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) {
  const std::size_t n = x.size();
  x.resize(2 * n);
  for (std::size_t i = 0; i < n; ++i) std::tie(x[i], x[n + i]) = unpack(x[i]);
  std::vector<Tensor> y = apply_custom(std::make_shared<DualCustom>(custom, shared_from_this()), std::move(x));
  const std::size_t m = y.size() / 2;
  for (std::size_t i = 0; i < m; ++i) y[i] = y[i].defined() ? pack(y[i], y[m + i]) : y[i];
  y.resize(m);
  return y;
}

std::vector<Tensor> Duals::run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) {
  if (custom->rematerialize() && tape_below(level()) && weak_from_this().lock())
    return run_segment(custom, std::move(x));
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
