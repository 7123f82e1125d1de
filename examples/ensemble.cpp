// Sixteen models trained at once: vmap of the constructor, of the loss's gradient and of the optimiser.
// Run it: build/examples/ensemble
#include <fmt/format.h>

#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

constexpr std::int64_t models = 16, steps = 300;

Tensor loss(const st::nn::MLP& model, const Tensor& x, const Tensor& y) {
  return st::mean(st::square(st::squeeze(model(x), {.axes = {-1}}) - y));
}

}  // namespace

int main() {
  const Tensor keys = st::random::split(st::random::key(0), 3);
  const Tensor x = st::random::uniform(keys[0], {128, 1}, {.low = -3, .high = 3});
  const Tensor y = st::squeeze(st::sin(2 * x), {.axes = {-1}}) + 0.1 * st::random::normal(keys[1], {128});

  const auto optimizer = st::optim::adam({.lr = 1e-2});
  auto ensemble = st::vmap([](const Tensor& key) {
    return st::nn::MLP::init(key, {1, 32, 32, 1}, &st::tanh);
  })(st::random::split(keys[2], models));
  auto state = st::vmap([&](const st::nn::MLP& m) { return optimizer.init(m); })(ensemble);

  const auto step = st::vmap([&](const st::nn::MLP& model, const auto& s) {
    auto [value, grads] = st::value_and_grad(loss)(model, x, y);
    auto [updates, next] = optimizer.update(grads, s, model);
    return std::tuple{st::optim::apply_updates(model, updates), next, value};
  });
  Tensor losses;
  for (std::int64_t i = 0; i < steps; ++i) {
    std::tie(ensemble, state, losses) = step(ensemble, state);
    if (i % 100 == 0) fmt::print("step {:3}: mean loss {:.4f}\n", i, st::mean(losses).item<float>());
  }
  fmt::print("step {}: mean loss {:.4f}, best {:.4f}, worst {:.4f}\n", steps, st::mean(losses).item<float>(),
             st::min(losses).item<float>(), st::max(losses).item<float>());

  // Where the models agree they know something: their spread grows outside of the data.
  const Tensor at = st::array({{0.0}, {1.5}, {3.0}, {5.0}});
  const Tensor predictions =
      st::vmap([&](const st::nn::MLP& m) { return st::squeeze(m(at), {.axes = {-1}}); })(ensemble);
  fmt::print("at x = 0, 1.5, 3, 5\n  mean   {}\n  spread {}\n", st::mean(predictions, {.axes = {0}}),
             st::std(predictions, {.axes = {0}}));
  return losses.shape() == st::Shape{models} && st::mean(losses).item<float>() < 0.1f ? 0 : 1;
}
