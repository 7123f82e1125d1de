// Cross-entropies, made of log_softmax, logsumexp and a gather.
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"

namespace strata {

Tensor softmax_cross_entropy(Tensor logits, Tensor labels, LogitsAxis p) {
  broadcast_shapes("softmax_cross_entropy: logits and labels", logits.shape(), labels.shape());
  return neg(sum(std::move(labels) * log_softmax(std::move(logits), {.axis = p.axis}), {.axes = AxisList{p.axis}}));
}

Tensor softmax_cross_entropy_with_integer_labels(Tensor logits, Tensor labels, LogitsAxis p) {
  if (!is_integer(labels.dtype())) {
    throw DtypeError("softmax_cross_entropy_with_integer_labels: labels are " + std::string(name(labels.dtype())) +
                     ", not integers; for probabilities call st::softmax_cross_entropy" + level_context());
  }
  const int axis = normalize_axis("softmax_cross_entropy_with_integer_labels", p.axis, logits.ndim());
  Shape left = logits.shape();
  left.erase(axis);
  if (!(left == labels.shape())) {
    throw ShapeError("softmax_cross_entropy_with_integer_labels: logits " + to_string(logits.shape()) + " leave " +
                     to_string(left) + " for the labels, which have shape " + to_string(labels.shape()) +
                     level_context());
  }
  const Tensor chosen =
      squeeze(take_along_axis(logits, expand_dims(std::move(labels), axis), {.axis = axis}), {.axes = AxisList{axis}});
  return logsumexp(std::move(logits), {.axes = AxisList{axis}}) - chosen;
}

}  // namespace strata
