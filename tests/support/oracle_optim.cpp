// Optimisers and schedules of the oracle. Definitions: tests/oracle/ops.py.
#include <functional>

#include "strata/strata.hpp"
#include "strata/tests/support/oracle_functions.hpp"

namespace strata::oracle {
namespace {

using optim::Schedule;
using Model = std::map<std::string, Tensor>;

Schedule schedule(const Json& s) {
  if (s.is_number()) return s.get<double>();
  const std::string name = s.at("name");
  const auto get = [&](const char* key) { return s.at(key).get<double>(); };
  if (name == "constant_schedule") return optim::constant_schedule(get("value"));
  if (name == "linear_schedule") {
    return optim::linear_schedule(get("init_value"), get("end_value"), get("transition_steps"),
                                  get("transition_begin"));
  }
  if (name == "cosine_decay_schedule")
    return optim::cosine_decay_schedule(get("init_value"), get("decay_steps"), get("alpha"));
  if (name == "warmup_cosine_decay_schedule") {
    return optim::warmup_cosine_decay_schedule(get("init_value"), get("peak_value"), get("warmup_steps"),
                                               get("decay_steps"), get("end_value"));
  }
  if (name == "exponential_decay")
    return optim::exponential_decay(get("init_value"), get("transition_steps"), get("decay_rate"));
  if (name != "piecewise_constant_schedule") throw Missing(name);
  std::map<std::int64_t, double> scales;
  for (const auto& [step, scale] : s.at("boundaries_and_scales").items()) scales[std::stoll(step)] = scale;
  return optim::piecewise_constant_schedule(get("init_value"), scales);
}

/// The updates of a model M from its gradients, step after step: an optimiser with its state, whatever their types.
template <class M>
using Updates = std::function<M(const M& g, const M& model)>;

template <class M, class Opt>
Updates<M> updates_of(const Opt& opt, const M& model) {
  return [opt, state = opt.init(model)](const M& g, const M& at) mutable {
    M updates;
    std::tie(updates, state) = opt.update(g, state, at);
    return updates;
  };
}

/// The optimiser o, after `before`.
template <class M, class... Before>
Updates<M> one_optimizer(const Json& o, const M& model, const Before&... before) {
  const std::string name = o.at("name");
  const Schedule lr = schedule(o.at("learning_rate"));
  const auto get = [&](const char* key, double fallback) { return o.value(key, fallback); };
  const auto make = [&](const auto& opt) { return updates_of(optim::chain(before..., opt), model); };
  if (name == "sgd") return make(optim::sgd({lr, get("momentum", 0), flag(o, "nesterov", false)}));
  if (name == "adam")
    return make(optim::adam({lr, get("b1", 0.9), get("b2", 0.999), get("eps", 1e-8), get("eps_root", 0)}));
  if (name == "adamw") return make(optim::adamw({.lr = lr, .weight_decay = get("weight_decay", 1e-4)}));
  if (name == "rmsprop") {
    return make(optim::rmsprop({.lr = lr,
                                .decay = get("decay", 0.9),
                                .centered = flag(o, "centered", false),
                                .momentum = get("momentum", 0)}));
  }
  if (name == "adagrad") return make(optim::adagrad({.lr = lr}));
  if (name != "lion") throw Missing(name);
  return make(optim::lion({.lr = lr}));
}

template <class M>
Updates<M> optimizer(const Json& o, const M& model) {
  if (!o.is_array()) return one_optimizer(o, model);
  return one_optimizer(o.at(1), model, optim::clip_by_global_norm(o.at(0).at("max_norm").get<double>()));
}

/// `p.steps` steps: see(loss, model) after each one; the loss is that before it.
template <class M, class F, class See>
M train(const Json& p, M model, F f, See see) {
  const Updates<M> updates = optimizer(p.at("opt"), model);
  for (int i = 0; i < p.at("steps").get<int>(); ++i) {
    const auto [loss, g] = value_and_grad(f)(model);
    model = optim::apply_updates(model, updates(g, model));
    see(loss, model);
  }
  return model;
}

Tensors quadratic(const Json& p, Xs x) {
  const auto f = [&](const Tensor& t) { return 0.5 * dot(matmul(t, x[0]), t) - dot(x[1], t); };
  Tensors losses, places;
  train(p, x[2], f, [&](const Tensor& loss, const Tensor& at) {
    losses.push_back(loss);
    places.push_back(at);
  });
  return {stack(losses), stack(places)};
}

Tensors mlp(const Json& p, Xs x) {
  const Inner loss = inner_function("mlp_loss");
  const auto f = [&](const Model& q) { return loss({q.at("w1"), q.at("b1"), q.at("w2"), q.at("b2"), x[4], x[5]})[0]; };
  Tensors losses;
  const Model start{{"w1", x[0]}, {"b1", x[1]}, {"w2", x[2]}, {"b2", x[3]}};
  const Model model = train(p, start, f, [&](const Tensor& l, const Model&) { losses.push_back(l); });
  Tensors all{stack(losses)};
  for (const auto& [name, value] : model) all.push_back(value);
  return all;
}

}  // namespace

void add_optim(Ops& ops) {
  ops["optax_quadratic"] = &quadratic;
  ops["optax_mlp"] = &mlp;
  ops["schedule"] = [](const Json& p, Xs) {
    const Schedule s = schedule(p.at("schedule"));
    Tensors values;
    for (int i = 0; i < p.at("n").get<int>(); ++i) values.push_back(astype(s(i), float32));
    return Tensors{stack(values)};
  };
  ops["global_norm_clip"] = [](const Json& p, Xs x) {
    const auto clip = optim::clip_by_global_norm(number(p.at("max_norm")));
    const std::pair tree{x[0], x[1]};
    const auto clipped = clip.update(tree, clip.init(tree), tree).first;
    return Tensors{clipped.first, clipped.second, optim::global_norm(tree)};
  };
}

}  // namespace strata::oracle
