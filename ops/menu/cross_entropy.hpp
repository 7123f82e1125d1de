// The menu: cross-entropies over an axis of logits.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

struct LogitsAxis {
  int axis = -1;
};
/// -sum(labels * log_softmax(logits)) over `.axis`; labels are probabilities.  [..., n] -> [...].
///     Tensor loss = softmax_cross_entropy(logits, one_hot(y, 10));
Tensor softmax_cross_entropy(Tensor logits, Tensor labels, LogitsAxis p = {});
/// The same for integer labels of the shape that is left: logsumexp(logits) - logits[label].
///     Tensor loss = softmax_cross_entropy_with_integer_labels(logits, y);
Tensor softmax_cross_entropy_with_integer_labels(Tensor logits, Tensor labels, LogitsAxis p = {});

}  // namespace strata
