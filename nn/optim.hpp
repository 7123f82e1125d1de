// Optimisers: pure functions over trees, as in optax. Used by training loops.
// A transformation has init(model) -> state and update(grads, state, model) -> std::pair{updates, state}; chain
// composes them; updates are added to the model by apply_updates. States are trees, so an ensemble's optimiser is the
// vmap of one. Undefined leaves are passed along.
#pragma once
#include <tuple>
#include <utility>

#include "strata/core/tree.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/nn/schedules.hpp"
#include "strata/ops/ops.hpp"

namespace strata::optim {

struct NoState {};

/// sqrt of the sum of squares of all leaves.       Tensor n = st::optim::global_norm(grads);
template <class T>
Tensor global_norm(const T& tree) {
  return sqrt(tree_reduce([](const Tensor& s, const Tensor& x) { return s + sum(square(x)); }, tree, Tensor(0.0)));
}

/// model + updates, leaf by leaf, in the model's dtypes.      model = st::optim::apply_updates(model, updates);
template <class M>
M apply_updates(M model, const M& updates) {
  std::vector<Tensor> u = tree_leaves(updates);
  std::size_t i = 0;
  for_each_leaf(model, [&](Tensor& p) {
    Tensor& step = u[i++];
    if (!p.defined() || !step.defined()) return;
    const Dtype dtype = p.dtype();
    p = astype(std::move(p) + std::move(step), dtype);
  });
  return model;
}

namespace detail {

// One leaf of each rule; formulas stand here once, whatever the tree.
struct Moments {
  double b1, b2, eps, eps_root;
};
Tensor moving_average(const Tensor& mean, const Tensor& x, double decay);
Tensor adam_step(const Tensor& mu, const Tensor& nu, const Tensor& count, const Moments& m);
Tensor clip_leaf(const Tensor& g, const Tensor& norm, double max_norm);
Tensor rms_step(const Tensor& g, const Tensor& nu, const Tensor& mu, double eps);
Tensor rss_step(const Tensor& g, const Tensor& s, double eps);

template <class M>
M zeros_of(const M& model) {
  return tree_map([](const Tensor& x) { return is_float(x.dtype()) ? zeros_like(x) : Tensor(); }, model);
}

}  // namespace detail

template <class M>
struct AdamState {
  Tensor count;
  M mu, nu;
};

/// Adam's direction (Kingma and Ba 2014, arXiv 1412.6980), without the learning rate.
struct ScaleByAdam {
  detail::Moments m;
  template <class M>
  AdamState<M> init(const M& model) const {
    return {zeros({}, {.dtype = int32}), detail::zeros_of(model), detail::zeros_of(model)};
  }
  template <class M>
  std::pair<M, AdamState<M>> update(const M& g, AdamState<M> s, const M&) const {
    s.count = s.count + 1;
    s.mu = tree_map([&](const Tensor& mu, const Tensor& x) { return detail::moving_average(mu, x, m.b1); },
                    std::move(s.mu), g);
    s.nu = tree_map([&](const Tensor& nu, const Tensor& x) { return detail::moving_average(nu, square(x), m.b2); },
                    std::move(s.nu), g);
    M step =
        tree_map([&](const Tensor& mu, const Tensor& nu) { return detail::adam_step(mu, nu, s.count, m); }, s.mu, s.nu);
    return {std::move(step), std::move(s)};
  }
};

template <class M>
struct TraceState {
  M trace;
};

/// Momentum: an accumulated sum of gradients.
struct Trace {
  double decay;
  bool nesterov;
  template <class M>
  TraceState<M> init(const M& model) const {
    return {detail::zeros_of(model)};
  }
  template <class M>
  std::pair<M, TraceState<M>> update(const M& g, TraceState<M> s, const M&) const {
    const auto accumulate = [&](const Tensor& t, const Tensor& x) { return x + decay * t; };
    s.trace = tree_map(accumulate, std::move(s.trace), g);
    return {nesterov ? tree_map(accumulate, s.trace, g) : s.trace, std::move(s)};
  }
};

template <class M>
struct RmsState {
  M nu, mu;
};

/// Division by the root of a moving average of squares; `centered` takes the variance instead.
struct ScaleByRms {
  double decay, eps;
  bool centered;
  template <class M>
  RmsState<M> init(const M& model) const {
    return {detail::zeros_of(model),
            centered ? detail::zeros_of(model) : tree_map([](const Tensor&) { return Tensor(); }, model)};
  }
  template <class M>
  std::pair<M, RmsState<M>> update(const M& g, RmsState<M> s, const M&) const {
    s.nu = tree_map([&](const Tensor& nu, const Tensor& x) { return detail::moving_average(nu, square(x), decay); },
                    std::move(s.nu), g);
    if (!centered) {
      return {
          tree_map([&](const Tensor& x, const Tensor& nu) { return detail::rms_step(x, nu, Tensor(), eps); }, g, s.nu),
          std::move(s)};
    }
    s.mu = tree_map([&](const Tensor& mu, const Tensor& x) { return detail::moving_average(mu, x, decay); },
                    std::move(s.mu), g);
    const auto step = [&](const Tensor& x, const Tensor& nu, const Tensor& mu) {
      return detail::rms_step(x, nu, mu, eps);
    };
    return {tree_map(step, g, s.nu, s.mu), std::move(s)};
  }
};

/// Division by the root of the sum of all squares so far (Adagrad).
struct ScaleByRss {
  double initial, eps;
  template <class M>
  TraceState<M> init(const M& model) const {
    return {tree_map([&](const Tensor& x) { return is_float(x.dtype()) ? full_like(x, initial) : Tensor(); }, model)};
  }
  template <class M>
  std::pair<M, TraceState<M>> update(const M& g, TraceState<M> s, const M&) const {
    s.trace = tree_map([](const Tensor& t, const Tensor& x) { return t + square(x); }, std::move(s.trace), g);
    return {tree_map([&](const Tensor& x, const Tensor& t) { return detail::rss_step(x, t, eps); }, g, s.trace),
            std::move(s)};
  }
};

/// The sign of an interpolated momentum (Chen et al. 2023, arXiv 2302.06675).
struct ScaleByLion {
  double b1, b2;
  template <class M>
  TraceState<M> init(const M& model) const {
    return {detail::zeros_of(model)};
  }
  template <class M>
  std::pair<M, TraceState<M>> update(const M& g, TraceState<M> s, const M&) const {
    M step = tree_map([&](const Tensor& mu, const Tensor& x) { return sign(detail::moving_average(mu, x, b1)); },
                      s.trace, g);
    s.trace = tree_map([&](const Tensor& mu, const Tensor& x) { return detail::moving_average(mu, x, b2); },
                       std::move(s.trace), g);
    return {std::move(step), std::move(s)};
  }
};

/// update + decay * parameter.
struct AddDecayedWeights {
  double decay;
  template <class M>
  NoState init(const M&) const {
    return {};
  }
  template <class M>
  std::pair<M, NoState> update(const M& g, NoState, const M& model) const {
    return {tree_map([&](const Tensor& x, const Tensor& p) { return x + decay * p; }, g, model), NoState{}};
  }
};

struct ScheduleState {
  Tensor count;
};

/// update * -rate(step).
struct ScaleByLearningRate {
  Schedule rate;
  template <class M>
  ScheduleState init(const M&) const {
    return {zeros({}, {.dtype = int32})};
  }
  template <class M>
  std::pair<M, ScheduleState> update(const M& g, ScheduleState s, const M&) const {
    const Tensor step = -rate(s.count);
    s.count = s.count + 1;
    return {tree_map([&](const Tensor& x) { return x * astype_weak(step, x.dtype()); }, g), std::move(s)};
  }
};

/// Scales all gradients so that their global norm is at most max_norm.
struct ClipByGlobalNorm {
  double max_norm;
  template <class M>
  NoState init(const M&) const {
    return {};
  }
  template <class M>
  std::pair<M, NoState> update(const M& g, NoState, const M&) const {
    const Tensor norm = global_norm(g);
    return {tree_map([&](const Tensor& x) { return detail::clip_leaf(x, norm, max_norm); }, g), NoState{}};
  }
};

namespace detail {
/// The number of examples in stacked gradients: axis 0 of every leaf. ShapeError when a leaf has none or they differ.
std::int64_t examples(const char* op, const std::vector<Tensor>& leaves);
}  // namespace detail

/// The mean over examples of one example's gradients, each scaled so that its global norm is at most max_norm. Takes
/// gradients stacked along axis 0. Those of vmap(grad(loss)) stay factored: the cost is about one plain gradient.
template <class M>
M clipped_mean(const M& stacked, double max_norm) {
  detail::examples("clipped_mean", tree_leaves(stacked));
  const auto clip = [&](const M& g) {
    const Tensor norm = global_norm(g);
    return tree_map([&](const Tensor& x) { return detail::clip_leaf(x, norm, max_norm); }, g);
  };
  return vmap(clip, {.out_axes = mean_out})(stacked);
}

/// Stacked per-example gradients to the mean of clipped ones.
struct PerExampleClip {
  double max_norm;
  template <class M>
  NoState init(const M&) const {
    return {};
  }
  template <class M>
  std::pair<M, NoState> update(const M& stacked, NoState, const M&) const {
    return {clipped_mean(stacked, max_norm), NoState{}};
  }
};

struct PrivateState {
  Tensor key;
};

/// The same with normal noise of max_norm * noise / examples on every element of the mean (Abadi et al. 2016, arXiv
/// 1607.00133).
struct PrivateMean {
  double max_norm, noise;
  Tensor key;
  template <class M>
  PrivateState init(const M&) const {
    return {key};
  }
  template <class M>
  std::pair<M, PrivateState> update(const M& stacked, PrivateState s, const M&) const {
    const auto n = detail::examples("dp_sgd", tree_leaves(stacked));
    const double deviation = max_norm * noise / static_cast<double>(n);
    M mean = clipped_mean(stacked, max_norm);
    std::int64_t leaf = 0;
    const Tensor now = random::fold_in(s.key, 0);
    for_each_leaf(mean, [&](Tensor& x) {
      if (!x.defined()) return;
      const Tensor z = random::normal(random::fold_in(now, leaf++), x.shape());
      x = x + astype(z * deviation, x.dtype());
    });
    return {std::move(mean), PrivateState{random::fold_in(s.key, 1)}};
  }
};

/// Several transformations, one after another; the state is a tuple of theirs.
template <class... T>
struct Chain {
  std::tuple<T...> parts;

  template <class M>
  auto init(const M& model) const {
    return std::apply([&](const auto&... p) { return std::make_tuple(p.init(model)...); }, parts);
  }
  template <class M, class... S>
  std::pair<M, std::tuple<S...>> update(M g, std::tuple<S...> state, const M& model) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (
          [&] {
            auto [u, s] = std::get<I>(parts).update(g, std::move(std::get<I>(state)), model);
            g = std::move(u);
            std::get<I>(state) = std::move(s);
          }(),
          ...);
    }
    (std::index_sequence_for<S...>{});
    return {std::move(g), std::move(state)};
  }
};

/// auto opt = chain(clip_by_global_norm(1.0), adam({.lr = 1e-3}));
template <class... T>
Chain<T...> chain(T... parts) {
  return {std::tuple<T...>(std::move(parts)...)};
}

struct SgdOptions {
  Schedule lr = 1e-2;
  double momentum = 0;
  bool nesterov = false;
};
/// Stochastic gradient descent.    auto opt = st::optim::sgd({.lr = 0.1, .momentum = 0.9});
inline auto sgd(SgdOptions o = {}) {
  return chain(Trace{o.momentum, o.nesterov}, ScaleByLearningRate{std::move(o.lr)});
}

struct AdamOptions {
  Schedule lr = 1e-3;
  double b1 = 0.9, b2 = 0.999, eps = 1e-8, eps_root = 0;
};
/// Adam.                           auto opt = st::optim::adam({.lr = 1e-3});
inline auto adam(AdamOptions o = {}) {
  return chain(ScaleByAdam{{o.b1, o.b2, o.eps, o.eps_root}}, ScaleByLearningRate{std::move(o.lr)});
}

struct AdamWOptions {
  Schedule lr = 1e-3;
  double b1 = 0.9, b2 = 0.999, eps = 1e-8, eps_root = 0, weight_decay = 1e-4;
};
/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv 1711.05101).
inline auto adamw(AdamWOptions o = {}) {
  return chain(ScaleByAdam{{o.b1, o.b2, o.eps, o.eps_root}}, AddDecayedWeights{o.weight_decay},
               ScaleByLearningRate{std::move(o.lr)});
}

struct RmspropOptions {
  Schedule lr = 1e-3;
  double decay = 0.9, eps = 1e-8;
  bool centered = false;
  double momentum = 0;
  bool nesterov = false;
};
/// RMSprop (Hinton's lecture 6e).
inline auto rmsprop(RmspropOptions o = {}) {
  return chain(ScaleByRms{o.decay, o.eps, o.centered}, ScaleByLearningRate{std::move(o.lr)},
               Trace{o.momentum, o.nesterov});
}

struct AdagradOptions {
  Schedule lr = 1e-2;
  double initial_accumulator = 0.1, eps = 1e-7;
};
/// Adagrad (Duchi, Hazan and Singer 2011).
inline auto adagrad(AdagradOptions o = {}) {
  return chain(ScaleByRss{o.initial_accumulator, o.eps}, ScaleByLearningRate{std::move(o.lr)});
}

struct LionOptions {
  Schedule lr = 1e-4;
  double b1 = 0.9, b2 = 0.99, weight_decay = 1e-3;
};
/// Lion.
inline auto lion(LionOptions o = {}) {
  return chain(ScaleByLion{o.b1, o.b2}, AddDecayedWeights{o.weight_decay}, ScaleByLearningRate{std::move(o.lr)});
}

/// The mean of clipped per-example gradients, which the chain is given stacked: the first link.
///     auto opt = chain(per_example_clip(1.0), adam({.lr = 1e-3}));
///     auto stacked = st::vmap(st::grad(loss), {.in_axes = {st::none, 0, 0}})(model, x, y);
inline PerExampleClip per_example_clip(double max_norm) { return {max_norm}; }

struct DpSgdOptions {
  Schedule lr = 1e-2;
  double max_norm = 1;          ///< of each example's gradient
  double noise_multiplier = 1;  ///< the noise's deviation on the sum of gradients, over max_norm
  Tensor key{};                 ///< random::key(0) when absent
  double momentum = 0;
  bool nesterov = false;
};
/// Differentially private gradient descent: clipped per-example gradients, averaged, with noise. Takes gradients
/// stacked along axis 0.                   auto opt = st::optim::dp_sgd({.lr = 0.1, .max_norm = 1, .noise_multiplier
/// = 1.1});
inline auto dp_sgd(DpSgdOptions o = {}) {
  const Tensor key = o.key.defined() ? o.key : random::key(0);
  return chain(PrivateMean{o.max_norm, o.noise_multiplier, key}, Trace{o.momentum, o.nesterov},
               ScaleByLearningRate{std::move(o.lr)});
}

/// Clips to a global norm; a link of a chain.    chain(clip_by_global_norm(1.0), sgd({.lr = 0.1}))
inline ClipByGlobalNorm clip_by_global_norm(double max_norm) { return {max_norm}; }

}  // namespace strata::optim
