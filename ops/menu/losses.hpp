// The menu: losses, optax's. Element by element unless an `.axis` is named, along which examples are reduced;
// predictions come first, as there. Take the mean of what they return.
#pragma once
#include <optional>

#include "strata/core/tensor.hpp"

namespace strata {

struct LossAxis {
  int axis = -1;
};

/// (prediction - target)^2, and half of it.                      Tensor loss = mean(l2_loss(y, t));
Tensor squared_error(Tensor prediction, Tensor target);
Tensor l2_loss(Tensor prediction, Tensor target);
/// error^2 / 2 up to |error| = delta, delta (|error| - delta / 2) beyond.    Tensor loss = huber_loss(y, t, 0.5);
Tensor huber_loss(Tensor prediction, Tensor target, Tensor delta = 1.0);
/// log(cosh(prediction - target)), without overflow.             Tensor loss = log_cosh(y, t);
Tensor log_cosh(Tensor prediction, Tensor target);
/// maximum(0, 1 - prediction target), maximum(0, -prediction target), for targets -1 and 1.
///     Tensor loss = hinge_loss(scores, signs);
Tensor hinge_loss(Tensor prediction, Tensor target);
Tensor perceptron_loss(Tensor prediction, Tensor target);

/// -label log p - (1 - label) log(1 - p) with p = logistic(logit), without overflow; labels in [0, 1].
///     Tensor loss = sigmoid_binary_cross_entropy(logits, labels);
Tensor sigmoid_binary_cross_entropy(Tensor logits, Tensor labels);
struct Focal {
  std::optional<double> alpha{};  ///< weight of the label 1; 1 - alpha that of 0
  double gamma = 2;
};
/// The same times (1 - p)^gamma, p the probability of the right answer.   Tensor loss = sigmoid_focal_loss(logits,
/// labels);
Tensor sigmoid_focal_loss(Tensor logits, Tensor labels, Focal p = {});

/// Sum of target (log target - log_prediction) along `.axis`; a target of 0 adds nothing.
///     Tensor loss = kl_divergence(log_softmax(logits), probabilities);
Tensor kl_divergence(Tensor log_prediction, Tensor target, LossAxis p = {});
/// The same for logarithms of targets.                          Tensor loss = kl_divergence_with_log_targets(a, b);
Tensor kl_divergence_with_log_targets(Tensor log_prediction, Tensor log_target, LossAxis p = {});
/// kl_divergence that stays convex where predictions do not sum to 1.     Tensor loss = convex_kl_divergence(a, t);
Tensor convex_kl_divergence(Tensor log_prediction, Tensor target, LossAxis p = {});

struct Cosine {
  int axis = -1;
  double epsilon = 0;  ///< least norm
};
/// Cosine of the angle between two vectors along `.axis`, and 1 - that.   Tensor s = cosine_similarity(x, y);
Tensor cosine_similarity(Tensor prediction, Tensor target, Cosine p = {});
Tensor cosine_distance(Tensor prediction, Tensor target, Cosine p = {});
struct Triplet {
  int axis = -1;
  double norm_degree = 2, margin = 1, epsilon = 1e-6;
};
/// maximum(0, |anchor - positive| - |anchor - negative| + margin).        Tensor loss = triplet_margin_loss(a, p, n);
Tensor triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, Triplet p = {});
/// (1 - alpha) labels + alpha / classes; classes along the last axis.     Tensor t = smooth_labels(one_hot(i, 10),
/// 0.1);
Tensor smooth_labels(Tensor labels, Tensor alpha);

}  // namespace strata
