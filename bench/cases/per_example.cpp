// Per-example gradients: stacked, and their mean after each was clipped to a norm, written the plain way,
// vmap(clip(grad(loss))) and mean; beside them the ordinary gradient of the same batch.
#include "strata/bench/cases/models.hpp"

namespace bench {
namespace {

/// g scaled down to a global norm of at most `most`.
template <class G>
G clip(const G& g, double most) {
  const Tensor factor = strata::minimum(1.0, most / (strata::optim::global_norm(g) + 1e-6));
  return strata::tree_map([&](const Tensor& x) { return x * factor; }, g);
}

template <class Model, class Loss>
void model_cases(Cases& cases, const std::string& name, Model (*model)(), Loss loss, Batch (*batch)(), double norm) {
  cases.add("per_example/" + name + "_plain",
            [=] { return [m = model(), b = batch(), f = strata::grad(mean_loss(loss))] { return f(m, b.x, b.y); }; });
  cases.add("per_example/" + name + "_all", [=] {
    return [m = model(), b = batch(), f = strata::vmap(strata::grad(loss), {.in_axes = {strata::none, 0, 0}})] {
      return f(m, b.x, b.y);
    };
  });
  cases.add("per_example/" + name + "_clipped", [=] {
    const auto clipped = [=](const Model& m, const Tensor& x, const Tensor& y) {
      return clip(strata::grad(loss)(m, x, y), norm);
    };
    return [m = model(), b = batch(), f = strata::vmap(clipped, {.in_axes = {strata::none, 0, 0}})] {
      return strata::tree_map([](const Tensor& g) { return strata::mean(g, {.axes = {0}}); }, f(m, b.x, b.y));
    };
  });
}

}  // namespace

void per_example_cases(Cases& cases) {
  model_cases(
      cases, "mlp",
      +[] {
        return mlp(10, {784, 256, 10});
      },
      &mlp_loss, +[] { return digits(256); }, 4);
  model_cases(
      cases, "cnn", +[] { return cnn(); }, &cnn_loss, +[] { return images(64); }, 1);
  model_cases(
      cases, "transformer", +[] { return block(); }, &block_loss, +[] { return sentences(8); }, 0.1);
}

}  // namespace bench
