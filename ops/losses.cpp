// The menu's losses.
#include "strata/ops/losses.hpp"

#include "strata/ops/registry.hpp"

namespace strata {

Tensor squared_error(Tensor prediction, Tensor target) {
  return pointwise<SquaredError>(std::move(prediction), std::move(target));
}
Tensor l2_loss(Tensor prediction, Tensor target) { return pointwise<L2Loss>(std::move(prediction), std::move(target)); }
Tensor huber_loss(Tensor prediction, Tensor target, Tensor delta) {
  return Huber::of(sub(std::move(prediction), std::move(target)), std::move(delta));
}
Tensor log_cosh(Tensor prediction, Tensor target) { return LogCosh::of(sub(std::move(prediction), std::move(target))); }
Tensor hinge_loss(Tensor prediction, Tensor target) { return relu(1 - mul(std::move(prediction), std::move(target))); }
Tensor perceptron_loss(Tensor prediction, Tensor target) {
  return relu(-mul(std::move(prediction), std::move(target)));
}

Tensor sigmoid_binary_cross_entropy(Tensor logits, Tensor labels) {
  return pointwise<SigmoidCrossEntropy>(std::move(logits), std::move(labels));
}

Tensor sigmoid_focal_loss(Tensor logits, Tensor labels, Focal p) {
  const Tensor probability = logistic(logits);
  const Tensor wrong = probability + labels - 2 * probability * labels;  // 1 - that of the right answer
  Tensor loss = sigmoid_binary_cross_entropy(logits, labels) * pow(wrong, p.gamma);
  if (!p.alpha) return loss;
  return (*p.alpha * labels + (1 - *p.alpha) * (1 - labels)) * loss;
}

Tensor kl_divergence(Tensor log_prediction, Tensor target, LossAxis p) {
  return sum(xlogy(target, target) - target * log_prediction, {.axes = {p.axis}});
}
Tensor kl_divergence_with_log_targets(Tensor log_prediction, Tensor log_target, LossAxis p) {
  return sum(exp(log_target) * (log_target - log_prediction), {.axes = {p.axis}});
}
Tensor convex_kl_divergence(Tensor log_prediction, Tensor target, LossAxis p) {
  return kl_divergence(log_prediction, target, p) + sum(exp(log_prediction) - target, {.axes = {p.axis}});
}

Tensor cosine_similarity(Tensor prediction, Tensor target, Cosine p) {
  const Reduce along{.axes = {p.axis}};
  const auto norm = [&](const Tensor& x) {
    const Tensor n = sum(square(x), along);
    return p.epsilon > 0 ? maximum(sqrt(n), p.epsilon) : sqrt(n);
  };
  return sum(prediction * target, along) / (norm(prediction) * norm(target));
}
Tensor cosine_distance(Tensor prediction, Tensor target, Cosine p) {
  return 1 - cosine_similarity(std::move(prediction), std::move(target), p);
}

Tensor triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, Triplet p) {
  const auto distance = [&](const Tensor& other) {
    const Tensor powers = pow(abs(anchor - other), p.norm_degree);
    return pow(sum(powers, {.axes = {p.axis}}) + p.epsilon, 1 / p.norm_degree);
  };
  return relu(distance(positive) - distance(negative) + p.margin);
}

Tensor smooth_labels(Tensor labels, Tensor alpha) {
  const std::int64_t classes = labels.size(-1);
  return (1 - alpha) * labels + alpha / classes;
}

namespace {

template <Tensor (*F)(Tensor, Tensor)>
Samples two() {
  return binary_samples(F, 0.2, 0.9);
}
Samples matrices(Tensor (*f)(Tensor, Tensor)) {
  const auto call = [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], x[1])}; };
  const auto of = [](const Shape& shape) { return Argument{shape, Dtype::float32, 0.2, 0.9}; };
  return {{"[2, 3] with [2, 3]", {of({2, 3}), of({2, 3})}, call},
          {"[4, 3] with [3]", {of({4, 3}), of({3})}, call},
          {"[0, 3] with [3]", {of({0, 3}), of({3})}, call}};
}
Samples triplet_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{triplet_margin_loss(x[0], x[1], x[2], {.margin = 10})};
  };
  const auto of = [](const Shape& shape, double low) { return Argument{shape, Dtype::float32, low, low + 1}; };
  return {{"[2, 3]", {of({2, 3}, 0), of({2, 3}, 2), of({2, 3}, 4)}, call},
          {"[0, 3]", {of({0, 3}, 0), of({0, 3}, 2), of({0, 3}, 4)}, call}};
}

}  // namespace

std::vector<Entry> losses_entries() {
  return {
      entry<row<SquaredError>>(),
      entry<row<L2Loss>>(),
      entry<row<Huber>>(),
      entry<row<LogCosh>>(),
      entry<row<SigmoidCrossEntropy>>(),
      composite("hinge_loss", &two<&hinge_loss>),
      composite("perceptron_loss", [] { return binary_samples(&perceptron_loss, -0.9, -0.2); }),
      composite("sigmoid_focal_loss",
                [] { return binary_samples([](Tensor z, Tensor y) { return sigmoid_focal_loss(z, y); }, 0.2, 0.9); }),
      composite("kl_divergence", [] { return matrices([](Tensor a, Tensor b) { return kl_divergence(a, b); }); }),
      composite("kl_divergence_with_log_targets",
                [] { return matrices([](Tensor a, Tensor b) { return kl_divergence_with_log_targets(a, b); }); }),
      composite("convex_kl_divergence",
                [] { return matrices([](Tensor a, Tensor b) { return convex_kl_divergence(a, b); }); }),
      composite("cosine_similarity",
                [] { return matrices([](Tensor a, Tensor b) { return cosine_similarity(a, b); }); }),
      composite("cosine_distance",
                [] { return matrices([](Tensor a, Tensor b) { return cosine_distance(a, b, {.epsilon = 1e-6}); }); }),
      composite("triplet_margin_loss", &triplet_samples),
      composite("smooth_labels",
                [] { return unary_samples([](Tensor x) {
                       return smooth_labels(reshape(x, {-1, 1}), 0.1);
                     }); }),
  };
}

}  // namespace strata
