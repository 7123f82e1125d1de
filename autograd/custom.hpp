// custom_vjp, custom_jvp, custom_vmap and checkpoint: functions that bring rules of their own, around the user's types.
// Called by users. Every level asks the one Custom object for what it needs, so all transforms compose with them:
// forward mode through a custom_vjp transposes its pullback, reverse mode through a custom_jvp transposes its rule.
// What such a function captures from a running grad or jvp must be passed as an argument, except under checkpoint.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "strata/autograd/grad.hpp"
#include "strata/core/op.hpp"

namespace strata {
namespace detail {

/// What a rule must return for a leaf.
struct LeafSpec {
  Shape shape;
  Dtype dtype = Dtype::float32;
  bool defined = false;
  Device device{};
};
std::vector<LeafSpec> leaf_specs(const std::vector<Tensor>& x);
/// Undefined float leaves become zeros.
std::vector<Tensor> fill_zeros(std::vector<Tensor> g, const std::vector<LeafSpec>& specs);
/// ShapeError when rule `rule` returned leaves that do not fit.
void check_rule(const char* rule, const std::vector<Tensor>& given, const std::vector<LeafSpec>& expected);
/// The linear function whose transpose is `pullback`, at dx.
std::vector<Tensor> transpose_pullback(const Custom::Pullback& pullback, const std::vector<LeafSpec>& y,
                                       const std::vector<Tensor>& dx);

/// A call of a custom function with arguments A, giving Y: turns leaves into arguments and results into leaves.
template <class Y, class... A>
class CustomCall : public Custom, public std::enable_shared_from_this<CustomCall<Y, A...>> {
 public:
  explicit CustomCall(const A&... args) : arguments_(args...) {
    std::apply([](auto&... a) { (for_each_leaf(a, [](Tensor& leaf) { leaf = Tensor(); }), ...); }, arguments_);
  }

  static std::vector<Tensor> leaves(const A&... args) {
    std::vector<Tensor> x;
    (for_each_leaf(args, [&](const Tensor& leaf) { x.push_back(leaf); }), ...);
    return x;
  }
  Y result(std::vector<Tensor> y) const { return tree_unflatten(*result_, std::move(y)); }

 protected:
  std::tuple<A...> rebuild(const std::vector<Tensor>& x) const {
    std::tuple<A...> args = arguments_;
    std::size_t at = 0;
    std::apply([&](auto&... a) { (for_each_leaf(a, [&](Tensor& leaf) { leaf = x[at++]; }), ...); }, args);
    return args;
  }
  /// The leaves of y; remembers its structure.
  std::vector<Tensor> flatten(Y y) {
    std::vector<Tensor> leaves = tree_leaves(y);
    for_each_leaf(y, [](Tensor& leaf) { leaf = Tensor(); });
    result_ = std::move(y);
    return leaves;
  }

 private:
  std::tuple<A...> arguments_;  // leaves undefined
  std::optional<Y> result_;     // leaves undefined
};

template <class C, class... A>
auto run_custom(const std::shared_ptr<C>& call, const A&... args) {
  return call->result(apply_custom(call, C::leaves(args...)));
}

template <class F, class Fwd, class Bwd, class Y, class... A>
class VjpCall final : public CustomCall<Y, A...> {
 public:
  VjpCall(const F& f, const Fwd& fwd, const Bwd& bwd, const A&... args)
      : CustomCall<Y, A...>(args...), f_(f), fwd_(fwd), bwd_(bwd) {}
  std::string_view name() const override { return "custom_vjp"; }
  std::vector<Tensor> eval(const std::vector<Tensor>& x) override {
    return this->flatten(treeify(std::apply(f_, this->rebuild(x))));
  }
  std::pair<std::vector<Tensor>, Custom::Pullback> vjp(const std::vector<Tensor>& x) override {
    auto [y, residual] = std::apply(fwd_, this->rebuild(x));
    std::vector<Tensor> values = this->flatten(treeify(std::move(y)));
    auto pullback = [self = this->shared_from_this(), bwd = bwd_, residual = std::move(residual),
                     out = leaf_specs(values), in = leaf_specs(x)](const std::vector<Tensor>& g) {
      auto dx = bwd(residual, self->result(fill_zeros(g, out)));
      std::vector<Tensor> leaves = tree_leaves(treeify(std::move(dx)));
      check_rule("custom_vjp: the backward rule", leaves, in);
      return leaves;
    };
    return {std::move(values), std::move(pullback)};
  }
  std::pair<std::vector<Tensor>, std::vector<Tensor>> jvp(const std::vector<Tensor>& x,
                                                          const std::vector<Tensor>& dx) override {
    auto [y, pullback] = vjp(x);
    std::vector<Tensor> dy = transpose_pullback(pullback, leaf_specs(y), dx);
    return {std::move(y), std::move(dy)};
  }

 private:
  F f_;
  Fwd fwd_;
  Bwd bwd_;
};

template <class F, class Rule, class Y, class... A>
class JvpCall final : public CustomCall<Y, A...> {
 public:
  JvpCall(const F& f, const Rule& rule, const A&... args) : CustomCall<Y, A...>(args...), f_(f), rule_(rule) {}
  std::string_view name() const override { return "custom_jvp"; }
  std::vector<Tensor> eval(const std::vector<Tensor>& x) override {
    return this->flatten(treeify(std::apply(f_, this->rebuild(x))));
  }
  std::pair<std::vector<Tensor>, std::vector<Tensor>> jvp(const std::vector<Tensor>& x,
                                                          const std::vector<Tensor>& dx) override {
    const auto primals = this->rebuild(x);
    const auto tangents = this->rebuild(fill_zeros(dx, leaf_specs(x)));
    auto [y, dy] = call_rule(primals, tangents);
    std::vector<Tensor> values = this->flatten(treeify(std::move(y)));
    std::vector<Tensor> out = tree_leaves(treeify(std::move(dy)));
    check_rule("custom_jvp: the rule's tangent", out, leaf_specs(values));
    return {std::move(values), std::move(out)};
  }
  std::pair<std::vector<Tensor>, Custom::Pullback> vjp(const std::vector<Tensor>& x) override {
    std::vector<Tensor> y = eval(x);
    auto pullback = [self = std::static_pointer_cast<JvpCall>(this->shared_from_this()),
                     x](const std::vector<Tensor>& g) {
      // The rule is linear in its tangents: its transpose at g, taken by recording it on a tape at zero.
      ReverseRun run("custom_jvp");
      std::vector<Tensor> dx = fill_zeros(std::vector<Tensor>(x.size()), leaf_specs(x)), dy;
      {
        const LevelScope scope(run.level());
        for (Tensor& t : dx) run.watch(t);
        dy = self->jvp(x, dx).second;
        for (Tensor& t : dy) run.root(t);
      }
      return run.pull(g, false);
    };
    return {std::move(y), std::move(pullback)};
  }

 private:
  template <class T>
  auto call_rule(const T& x, const T& dx) const {
    const auto both = std::tuple_cat(x, dx);
    if constexpr (takes_elements<Rule, std::remove_const_t<decltype(both)>>)
      return std::apply(rule_, both);
    else
      return rule_(x, dx);
  }
  F f_;
  Rule rule_;
};

template <class F, class Rule, class Y, class... A>
class VmapCallRule final : public CustomCall<Y, A...> {
 public:
  VmapCallRule(const F& f, const Rule& rule, const A&... args) : CustomCall<Y, A...>(args...), f_(f), rule_(rule) {}
  std::string_view name() const override { return "custom_vmap"; }
  bool transparent() const override { return true; }
  std::vector<Tensor> eval(const std::vector<Tensor>& x) override {
    return this->flatten(treeify(std::apply(f_, this->rebuild(x))));
  }
  bool batch(const std::vector<Lane>& x, const Batch& batch, std::vector<Lane>& y) override {
    std::vector<Tensor> front;
    const auto mapped = bring_to_front(x, batch, front);
    auto result = std::apply([&](const auto&... a) { return rule_(batch.size, mapped, a...); }, this->rebuild(front));
    for (Tensor& leaf : this->flatten(treeify(std::move(result)))) y.push_back({std::move(leaf), 0});
    return true;
  }

 private:
  /// An argument of which any leaf is mapped has all its leaves with the lanes along axis 0.
  std::array<bool, sizeof...(A)> bring_to_front(const std::vector<Lane>& x, const Batch& batch,
                                                std::vector<Tensor>& front) const;
  F f_;
  Rule rule_;
};

/// `x` with the lanes in front, broadcast to `size` lanes if it is shared.
Tensor to_front(const Lane& x, std::int64_t size);

template <class F, class Rule, class Y, class... A>
std::array<bool, sizeof...(A)> VmapCallRule<F, Rule, Y, A...>::bring_to_front(const std::vector<Lane>& x,
                                                                              const Batch& batch,
                                                                              std::vector<Tensor>& front) const {
  std::array<bool, sizeof...(A)> mapped{};
  std::vector<Tensor> undefined(x.size());
  const auto shape = this->rebuild(undefined);
  std::size_t at = 0, k = 0;
  std::apply(
      [&](const auto&... a) {
        (
            [&] {
              const std::size_t n = leaf_count(a);
              for (std::size_t i = at; i < at + n; ++i) mapped[k] = mapped[k] || x[i].mapped();
              for (std::size_t i = at; i < at + n; ++i)
                front.push_back(mapped[k] && x[i].value.defined() ? to_front(x[i], batch.size) : x[i].value);
              at += n;
              ++k;
            }(),
            ...);
      },
      shape);
  return mapped;
}

template <class F, class Y, class... A>
class CheckpointCall final : public CustomCall<Y, A...> {
 public:
  explicit CheckpointCall(const F& f, const A&... args) : CustomCall<Y, A...>(args...), f_(f) {}
  std::string_view name() const override { return "checkpoint"; }
  bool transparent() const override { return true; }
  bool rematerialize() const override { return true; }
  std::vector<Tensor> eval(const std::vector<Tensor>& x) override {
    return this->flatten(treeify(std::apply(f_, this->rebuild(x))));
  }

 private:
  F f_;
};

}  // namespace detail

/// f with its own reverse rule: fwd(x...) gives std::pair{y, residual}, bwd(residual, g) the arguments' cotangents (one
/// value for one argument, std::tuple for several). Any tree may be the residual. Forward mode works too: it transposes
/// bwd.
///     auto clip_gradient = st::custom_vjp(identity, [](auto x) { return std::pair{x, st::none}; },
///                                         [](auto, auto g) { return st::clip(g, -1, 1); });
template <class F, class Fwd, class Bwd>
auto custom_vjp(F&& f, Fwd&& fwd, Bwd&& bwd) {
  return [f = callable(std::forward<F>(f)), fwd = callable(std::forward<Fwd>(fwd)),
          bwd = callable(std::forward<Bwd>(bwd))](const auto&... x) {
    using Y = detail::result_t<decltype(f), treeified_t<decltype(x)>...>;
    using Call = detail::VjpCall<std::decay_t<decltype(f)>, std::decay_t<decltype(fwd)>, std::decay_t<decltype(bwd)>, Y,
                                 treeified_t<decltype(x)>...>;
    return detail::run_custom(std::make_shared<Call>(f, fwd, bwd, treeify(x)...), treeify(x)...);
  };
}

/// f with its own forward rule: rule(x, dx) (rule(x0, x1, dx0, dx1) or rule(tuple, tuple) for several) gives
/// std::pair{y, dy}, linear in the tangents. Reverse mode transposes the rule.
///     auto log1pexp = st::custom_jvp(softplus, [](auto x, auto dx) { return std::pair{softplus(x), dx * sigmoid(x)};
///     });
template <class F, class Rule>
auto custom_jvp(F&& f, Rule&& rule) {
  return [f = callable(std::forward<F>(f)), rule = callable(std::forward<Rule>(rule))](const auto&... x) {
    using Y = detail::result_t<decltype(f), treeified_t<decltype(x)>...>;
    using Call =
        detail::JvpCall<std::decay_t<decltype(f)>, std::decay_t<decltype(rule)>, Y, treeified_t<decltype(x)>...>;
    return detail::run_custom(std::make_shared<Call>(f, rule, treeify(x)...), treeify(x)...);
  };
}

/// f with its own batching rule: rule(size, mapped, x...) sees the mapped arguments with the lanes along axis 0
/// (`mapped` is a std::array<bool, n> that says which they are) and returns a result with the lanes along axis 0.
/// Derivatives are f's own.
template <class F, class Rule>
auto custom_vmap(F&& f, Rule&& rule) {
  return [f = callable(std::forward<F>(f)), rule = callable(std::forward<Rule>(rule))](const auto&... x) {
    using Y = detail::result_t<decltype(f), treeified_t<decltype(x)>...>;
    using Call =
        detail::VmapCallRule<std::decay_t<decltype(f)>, std::decay_t<decltype(rule)>, Y, treeified_t<decltype(x)>...>;
    return detail::run_custom(std::make_shared<Call>(f, rule, treeify(x)...), treeify(x)...);
  };
}

/// f, of which reverse mode keeps only the arguments: the backward pass runs it again. Trades time for memory; values
/// are the same. Also under vmap(grad) and jvp(grad), and f may capture tensors that are being differentiated.
///     auto block = st::checkpoint(attention_block);  y = block(params, x);
template <class F>
auto checkpoint(F&& f) {
  return [f = callable(std::forward<F>(f))](const auto&... x) {
    using Y = detail::result_t<decltype(f), treeified_t<decltype(x)>...>;
    using Call = detail::CheckpointCall<std::decay_t<decltype(f)>, Y, treeified_t<decltype(x)>...>;
    return detail::run_custom(std::make_shared<Call>(f, treeify(x)...), treeify(x)...);
  };
}

}  // namespace strata
