// Training steps as people write them: the loss of one example, vmap, value_and_grad, an optimiser; and an ensemble.
// Steps carry their state on; the losses of the first three are checked against the peers'.
#include "strata/bench/cases/models.hpp"

namespace bench {
namespace {

/// One training step after another, on the same batch; gives the loss.
template <class Model, class Loss, class Optimizer>
auto training(Model model, Loss loss, Batch batch, Optimizer optimizer) {
  auto state = optimizer.init(model);
  return [=, step = strata::value_and_grad(mean_loss(loss))]() mutable {
    auto [value, grads] = step(model, batch.x, batch.y);
    auto [updates, next] = optimizer.update(std::move(grads), std::move(state), model);
    state = std::move(next);
    model = strata::optim::apply_updates(std::move(model), updates);
    strata::for_each_leaf(model, [](const Tensor& leaf) { settle(leaf); });
    return value;
  };
}

/// Loss and gradient.
template <class Model, class Loss>
auto gradient(Model model, Loss loss, Batch batch) {
  return [=, f = strata::value_and_grad(mean_loss(loss))] { return f(model, batch.x, batch.y); };
}

/// Sixteen classifiers on one batch, by gradient descent.
auto ensemble() {
  constexpr std::int64_t models = 16;
  auto stacked = [](std::uint32_t seed, std::int64_t in, std::int64_t out) {
    return strata::nn::Linear{uniform(seed, {models, in, out}, -0.1, 0.1), uniform(seed + 1, {models, out}, -0.1, 0.1)};
  };
  strata::nn::MLP model{{stacked(300, 64, 128), stacked(302, 128, 128), stacked(304, 128, 10)}, &strata::relu};
  const Batch batch{uniform(7, {128, 64}), integers(8, {128}, 10)};
  const auto step = strata::vmap([=](const strata::nn::MLP& m) {
    auto [value, grads] = strata::value_and_grad(mean_loss(&mlp_loss))(m, batch.x, batch.y);
    const auto descend = [](const Tensor& p, const Tensor& g) { return p - 0.1 * g; };
    return std::pair{strata::tree_map(descend, m, grads), value};
  });
  return [=]() mutable {
    auto [next, losses] = step(model);
    model = std::move(next);
    strata::for_each_leaf(model, [](const Tensor& leaf) { settle(leaf); });
    return losses;
  };
}

}  // namespace

void training_cases(Cases& cases) {
  cases.add("train/mlp",
            [] {
              return training(mlp(10, {784, 512, 512, 10}), &mlp_loss, digits(256), strata::optim::adam({.lr = 1e-3}));
            },
            {.checks = 3});
  cases.add("train/cnn",
            [] { return training(cnn(), &cnn_loss, images(64), strata::optim::sgd({.lr = 0.05, .momentum = 0.9})); },
            {.checks = 3});
  cases.add(
      "train/transformer",
      [] { return training(block(), &block_loss, sentences(8), strata::optim::sgd({.lr = 0.05, .momentum = 0.9})); },
      {.checks = 3});
  cases.add("gradient/transformer", [] { return gradient(block(), &block_loss, sentences(8)); });
  cases.add("train/ensemble_16", [] { return ensemble(); }, {.checks = 3});
}

/// How cost grows with the work: examples in a batch; bytes held after many steps.
void growth_cases(Cases& cases) {
  for (const std::int64_t n : {256, 4096}) {
    cases.add("growth/batch_" + std::to_string(n),
              [n] {
                return training(mlp(10, {784, 512, 512, 10}), &mlp_loss, digits(n), strata::optim::adam({.lr = 1e-3}));
              },
              {.per = static_cast<double>(n), .checks = 0});
  }
  cases.measure("growth/bytes_over_10000_steps", [] {
    const Batch batch{uniform(7, {32, 64}), integers(8, {32}, 10)};
    auto step = training(mlp(10, {64, 64, 10}), &mlp_loss, batch, strata::optim::adam({.lr = 1e-3}));
    for (int i = 0; i < 1000; ++i) step();
    const double before = resident_bytes();
    for (int i = 0; i < 9000; ++i) step();
    return resident_bytes() - before;
  });
}

}  // namespace bench
