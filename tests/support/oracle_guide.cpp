// The programs of the vmap guide, as the oracle has them. Definitions: tests/oracle/ops.py.
#include "strata/strata.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

struct Params {
  Tensor w, b;
};

Tensor normalize(const Tensor& x) { return (x - mean(x)) / sqrt(var(x)); }

Tensor distance(const Tensor& x, const Tensor& y) { return sqrt(sum(square(x - y))); }

/// optax.sigmoid_binary_cross_entropy.
Tensor cross_entropy(const Tensor& z, const Tensor& y) { return -(y * log_sigmoid(z) + (1 - y) * log_sigmoid(-z)); }

Tensor loss_per_example(const Params& params, const Tensor& x, const Tensor& y) {
  return mean(cross_entropy(matmul(x, params.w) + params.b, y));
}

Tensor keep_mask(double rate, const Tensor& key, const Tensor& x) {
  return random::bernoulli(key, 1.0 - rate, x.shape());
}
Tensor dropout_layer(double rate, const Tensor& key, const Tensor& x) {
  return keep_mask(rate, key, x) * x / (1.0 - rate);
}

struct Cell {
  Tensor w_hh, w_xh, b;
};

Tensor rnn(const Tensor& inputs, const Cell& cell) {
  const auto run_sequence = [](const Tensor& sequence, const Cell& c) {
    const auto step = [&](const Tensor& carry, const Tensor& x) {
      const Tensor h = tanh(matmul(carry, c.w_hh) + matmul(x, c.w_xh) + c.b);
      return std::pair{h, h};
    };
    return scan(step, zeros({c.w_hh.size(0)}), sequence).second;
  };
  return vmap(run_sequence, {.in_axes = {0, none}})(inputs, cell);
}

void add_first_sections(Ops& ops) {
  ops["guide_predict"] = [](const Json&, Xs x) {
    const auto predict = [](const Params& params, const Tensor& features) {
      const Tensor logits = matmul(features, params.w) + params.b;
      return stack({logits, sigmoid(logits)});
    };
    return Tensors{vmap(predict, {.in_axes = {none, 0}})(Params{x[1], x[2]}, x[0])};
  };
  ops["guide_scaled_loss"] = [](const Json&, Xs x) {
    const auto scaled_loss = [](const Tensor& scale, const Tensor& preds, const Tensor& targets) {
      return scale * sum(square(preds - targets));
    };
    return Tensors{vmap(scaled_loss, {.in_axes = {none, 0, 0}})(x[0], x[1], x[2])};
  };
  ops["guide_normalize"] = [](const Json& p, Xs x) {
    return Tensors{
        vmap(&normalize, {.in_axes = p.at("in_axes").get<int>(), .out_axes = p.at("out_axes").get<int>()})(x[0])};
  };
  ops["guide_mean_std"] = [](const Json&, Xs x) {
    const auto [m, s] = vmap([](const Tensor& image) { return std::pair{mean(image), sqrt(var(image))}; })(x[0]);
    return Tensors{m, s};
  };
  ops["guide_pairwise"] = [](const Json&, Xs x) {
    return Tensors{vmap(vmap(&distance, {.in_axes = {none, 0}}), {.in_axes = {0, none}})(x[0], x[1])};
  };
}

void add_later_sections(Ops& ops) {
  ops["guide_losses"] = [](const Json&, Xs x) {
    return Tensors{vmap(&loss_per_example, {.in_axes = {none, 0, 0}})(Params{x[0], x[1]}, x[2], x[3])};
  };
  ops["guide_grads"] = [](const Json&, Xs x) {
    const Params g = vmap(grad(&loss_per_example), {.in_axes = {none, 0, 0}})(Params{x[0], x[1]}, x[2], x[3]);
    return Tensors{g.b, g.w};
  };
  ops["guide_dropout"] = [](const Json& p, Xs x) {
    const double rate = p.value("rate", 0.1);
    const Tensor keys = random::split(x[0], x[1].size(0));
    const auto mask = [rate](const Tensor& key, const Tensor& row) { return keep_mask(rate, key, row); };
    const auto layer = [rate](const Tensor& key, const Tensor& row) { return dropout_layer(rate, key, row); };
    return Tensors{keys, vmap(mask)(keys, x[1]), vmap(layer)(keys, x[1])};
  };
  ops["guide_dropout_shared"] = [](const Json& p, Xs x) {
    const double rate = p.value("rate", 0.1);
    const auto layer = [rate](const Tensor& key, const Tensor& row) { return dropout_layer(rate, key, row); };
    return Tensors{vmap(layer, {.in_axes = {none, 0}})(x[0], x[1])};
  };
  ops["guide_rnn"] = [](const Json&, Xs x) { return Tensors{rnn(x[0], {x[1], x[2], x[3]})}; };
  ops["guide_rnn_grads"] = [](const Json&, Xs x) {
    const auto loss = [](const Tensor& inputs, const Cell& cell) { return mean(square(rnn(inputs, cell))); };
    const auto [inputs, cell] = grad<0, 1>(loss)(x[0], Cell{x[1], x[2], x[3]});
    return Tensors{inputs, cell.w_hh, cell.w_xh, cell.b};
  };
}

void add_trees(Ops& ops) {
  ops["tree_jacobian"] = [](const Json& p, Xs x) {
    const std::map<std::string, Tensor> q = {{"w", x[0]}, {"b", x[1]}};
    const auto f = [at = x[2]](const std::map<std::string, Tensor>& q) {
      return std::map<std::string, Tensor>{{"o", tanh(matmul(at, q.at("w")) + q.at("b"))},
                                           {"r", sum(square(q.at("w"))) * q.at("b")}};
    };
    return tree_leaves(p.at("mode") == "jacfwd" ? jacfwd(f)(q) : jacrev(f)(q));
  };
  ops["tree_hessian"] = [](const Json&, Xs x) {
    const std::map<std::string, Tensor> q = {{"w", x[0]}, {"b", x[1]}};
    const auto f = [at = x[2], y = x[3]](const std::map<std::string, Tensor>& q) {
      return mean(cross_entropy(matmul(at, q.at("w")) + q.at("b"), y));
    };
    return tree_leaves(hessian(f)(q));
  };
}

}  // namespace

void add_guide(Ops& ops) {
  add_first_sections(ops);
  add_later_sections(ops);
  add_trees(ops);
}

}  // namespace strata::oracle
