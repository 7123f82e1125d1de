// See stacked.hpp.
#include "strata/functorch/stacked.hpp"

#include "strata/core/error.hpp"
#include "strata/core/op.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

Tensor StackedLeaf::peel(Tensor y, std::vector<Layer>& layers) {
  while (y.kind() == Kind::batched) {
    level_of(y);  // throws when y has leaked
    const auto& b = static_cast<const Batched&>(wrapper(y));
    layers.push_back({b.id, b.axis, b.rows});
    y = Tensor(b.value);
  }
  return y.is_wrapped() ? y : materialize(y);
}

Tensor StackedLeaf::wrap(Tensor value, int shift) const {
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    value = make_batched(std::move(value), layer->axis + shift, layer->id, layer->rows);
  }
  return value;
}

bool StackedLeaf::fits(const Tensor& value, const std::vector<Layer>& layers) const {
  if (!value.is_dense() || layers != layers_ || value.type() != buffer_.type()) return false;
  Shape shape = buffer_.shape();
  shape.erase(0);
  return shape == value.shape() && value.device() == buffer_.device();
}

void StackedLeaf::keep_parts() {
  parts_.resize(static_cast<std::size_t>(steps_));
  if (!buffer_.defined()) return;
  const std::vector<Tensor> slices = unstack(buffer_);
  for (std::size_t t = 0; t < slices.size(); ++t) {
    if (written_[t]) parts_[t] = wrap(slices[t], 0);
  }
  buffer_ = Tensor();
}

void StackedLeaf::put(std::int64_t t, Tensor y) {
  const auto at = static_cast<std::size_t>(t);
  if (first_ < 0) {
    first_ = t;
    if (!y.defined()) return;
    shape_ = y.shape();
    const Tensor value = peel(y, layers_);
    if (value.is_dense()) {
      buffer_ = empty_dense(Shape{steps_} + value.shape(), value.dtype(), value.device(), value.weak());
      written_.assign(static_cast<std::size_t>(steps_), false);
    } else {
      keep_parts();
    }
  }
  const bool any = buffer_.defined() || !parts_.empty();
  if (y.defined() != any || (any && !(y.shape() == shape_))) {
    throw ShapeError(std::string(op_) + ": an output has shape " + (any ? to_string(shape_) : "(undefined)") +
                     " in step " + std::to_string(first_) + ", but " +
                     (y.defined() ? to_string(y.shape()) : "(undefined)") + " in step " + std::to_string(t) +
                     ": the steps' outputs are stacked" + level_context());
  }
  if (!any) return;
  if (buffer_.defined()) {
    std::vector<Layer> layers;
    const Tensor value = peel(y, layers);
    if (fits(value, layers)) {
      backend(value).slices.write_row(value, buffer_, t);
      written_[at] = true;
      return;
    }
    keep_parts();
  }
  parts_[at] = std::move(y);
}

Tensor StackedLeaf::finish() {
  if (buffer_.defined()) return wrap(std::move(buffer_), 1);
  return parts_.empty() ? Tensor() : stack(std::move(parts_));
}

Tensor no_slices(const Tensor& y) {
  if (!y.defined()) return y;
  return zeros(Shape{0} + y.shape(), {y.dtype(), y.device()});
}

}  // namespace strata::detail
