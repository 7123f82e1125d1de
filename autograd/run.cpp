// See run.hpp.
#include "strata/autograd/run.hpp"

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

namespace {
thread_local const LeafHook* next_hook = nullptr;
}

LeafHookScope::LeafHookScope(const LeafHook& hook) : before_(std::exchange(next_hook, &hook)) {}
LeafHookScope::~LeafHookScope() { next_hook = before_; }

ReverseRun::ReverseRun(const char* transform, bool linearize)
    : transform_(transform), tape_(linearize), hook_(std::exchange(next_hook, nullptr)) {}

ReverseRun::Leaf ReverseRun::describe(const Tensor& x, Edge edge) {
  if (!x.defined()) return {edge, {}, Dtype::bool_, false, cpu};
  return {edge, x.shape(), x.dtype(), x.weak(), x.device()};
}

void ReverseRun::watch(Tensor& leaf) {
  if (level_stack.narrowed) narrow_arguments({&leaf, 1});
  Edge edge;
  const Leaf described = describe(leaf, {});
  if (leaf.defined() && is_float(leaf.dtype())) {
    leaf = tape_.watch(leaf);
    edge = tape_.unwatch(leaf).second;
  }
  leaves_.push_back(described);
  leaves_.back().edge = edge;
}

void ReverseRun::require_float() const {
  for (const Leaf& l : leaves_) {
    if (l.edge.node) return;
  }
  if (leaves_.empty())
    throw DtypeError(std::string(transform_) + ": the differentiated arguments hold no tensor" + level_context());
  throw DtypeError(std::string(transform_) + ": the differentiated arguments hold no float tensor (the first is " +
                   std::string(name(leaves_.front().dtype)) + "); convert them with st::astype" + level_context());
}

void ReverseRun::root(Tensor& leaf) {
  auto [value, edge] = tape_.unwatch(leaf);
  leaf = value;
  roots_.push_back(describe(value, edge));
}

void ReverseRun::aux(Tensor& leaf) const { leaf = tape_.unwatch(leaf).first; }

Tensor ReverseRun::zeros_of(const Leaf& leaf) const { return zeros(leaf.shape, {leaf.dtype, leaf.device}); }

std::vector<Tensor> ReverseRun::gradients() {
  return pull({ones(roots_[0].shape, {roots_[0].dtype, roots_[0].device})}, false);
}

void ReverseRun::check(const char* what, const std::vector<Tensor>& given, const std::vector<Leaf>& expected,
                       const LeafName& name_of) const {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!given[i].defined()) continue;
    const auto where = [&] { return name_of ? name_of(i) : std::string(); };
    if (!(given[i].shape() == expected[i].shape)) {
      throw ShapeError(std::string(transform_) + ": the " + what + where() + " has shape " +
                       to_string(given[i].shape()) + ", but its value has shape " + to_string(expected[i].shape) +
                       level_context());
    }
    if (given[i].dtype() != expected[i].dtype && !given[i].weak()) {
      throw DtypeError(std::string(transform_) + ": the " + what + where() + " is " +
                       std::string(name(given[i].dtype())) + ", but its value is " +
                       std::string(name(expected[i].dtype)) + "; convert it with st::astype" + level_context());
    }
  }
}

std::vector<Tensor> ReverseRun::pull(const std::vector<Tensor>& g, bool retain, const LeafName& name) {
  check("cotangent", g, roots_, name);
  std::vector<Edge> roots, leaves;
  std::vector<Tensor> seeds = g;
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    roots.push_back(seeds[i].defined() ? roots_[i].edge : Edge{});
    if (seeds[i].defined() && seeds[i].dtype() != roots_[i].dtype)
      seeds[i] = astype(std::move(seeds[i]), roots_[i].dtype);
  }
  for (const Leaf& l : leaves_) leaves.push_back(l.edge);
  const LevelScope scope(tape_.level());
  std::vector<Tensor> dx = tape_.backward(roots, seeds, leaves, retain, hook_);
  for (std::size_t i = 0; i < dx.size(); ++i) {
    if (leaves_[i].edge.node && !dx[i].defined()) dx[i] = zeros_of(leaves_[i]);
  }
  return dx;
}

std::vector<Tensor> ReverseRun::push(const std::vector<Tensor>& dx, const LeafName& name) {
  check("tangent", dx, leaves_, name);
  std::vector<Edge> roots, leaves;
  for (const Leaf& l : roots_) roots.push_back(l.edge);
  for (const Leaf& l : leaves_) leaves.push_back(l.edge);
  const LevelScope scope(tape_.level());
  std::vector<Tensor> dy = tape_.forward(leaves, dx, roots);
  for (std::size_t i = 0; i < dy.size(); ++i) {
    if (!dy[i].defined() && is_float(roots_[i].dtype)) dy[i] = zeros_of(roots_[i]);
  }
  return dy;
}

Tensor ForwardRun::dual(const Tensor& x, const Tensor& dx, const std::function<std::string()>& name_of) const {
  if (!x.defined() || !dx.defined() || !is_float(x.dtype())) return x;
  if (!(x.shape() == dx.shape())) {
    throw ShapeError("jvp: the tangent" + name_of() + " has shape " + to_string(dx.shape()) +
                     ", but its primal has shape " + to_string(x.shape()) + level_context());
  }
  if (x.dtype() != dx.dtype() && !dx.weak()) {
    throw DtypeError("jvp: the tangent" + name_of() + " is " + std::string(name(dx.dtype())) + ", but its primal is " +
                     std::string(name(x.dtype())) + "; convert it with st::astype" + level_context());
  }
  Tensor packed[] = {x, dx.dtype() == x.dtype() ? dx : astype(dx, x.dtype())};
  if (level_stack.narrowed) narrow_arguments(packed);
  return duals_->pack(packed[0], packed[1]);
}

Tensor ForwardRun::unpack(Tensor& leaf) const {
  auto [primal, tangent] = duals_->unpack(leaf);
  leaf = primal;
  if (!leaf.defined() || !is_float(leaf.dtype())) return {};
  return tangent.defined() ? tangent : zeros(leaf.shape(), {leaf.dtype(), leaf.device()});
}

void not_scalar(const char* transform, const Tensor& y) {
  if (!y.defined())
    throw TransformError(std::string(transform) + ": the function returned an undefined tensor" + level_context());
  if (y.ndim() != 0) {
    throw ShapeError(std::string(transform) + ": the function returned shape " + to_string(y.shape()) +
                     ", but a gradient needs one number (shape [])" + level_context() +
                     "\n  reduce it with st::sum or st::mean, or take st::jacrev or st::vjp");
  }
  throw DtypeError(std::string(transform) + ": the function returned " + std::string(name(y.dtype())) +
                   ", but only a float has a gradient" + level_context());
}

}  // namespace strata::detail
