// See scan.hpp.
#include "strata/functorch/scan.hpp"

#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

ScanInputs::ScanInputs(const char* op, const std::vector<Tensor>& leaves,
                       const std::function<std::vector<std::string>()>& paths, std::optional<std::int64_t> length)
    : leaves_(leaves) {
  const auto called = [&](std::size_t i) {
    const std::string path = paths()[i];
    return "the input" + (path.empty() ? "" : " (" + path + ")");
  };
  std::size_t first = leaves.size();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].defined()) continue;
    if (leaves[i].ndim() == 0) {
      throw ShapeError(std::string(op) + ": " + called(i) + " is a scalar; inputs are taken apart along axis 0" +
                       level_context());
    }
    const std::int64_t n = leaves[i].shape()[0];
    if (first == leaves.size()) {
      first = i;
      length_ = n;
    } else if (n != length_) {
      throw ShapeError(std::string(op) + ": " + called(i) + " has size " + std::to_string(n) + " along axis 0, but " +
                       called(first) + " has size " + std::to_string(length_) + level_context());
    }
  }
  if (length && first < leaves.size() && *length != length_) {
    throw ShapeError(std::string(op) + ": length is " + std::to_string(*length) + ", but " + called(first) +
                     " has size " + std::to_string(length_) + " along axis 0" + level_context());
  }
  if (first == leaves.size()) {
    if (!length) {
      throw ValueError(std::string(op) + ": there are no inputs, so the number of steps is unknown: give .length" +
                       level_context());
    }
    if (*length < 0) throw ValueError(std::string(op) + ": length is " + std::to_string(*length) + level_context());
    length_ = *length;
  }
  if (length_ == 0) return;
  for (Tensor& leaf : leaves_) slices_.push_back(leaf.defined() ? unstack(std::move(leaf)) : std::vector<Tensor>{});
}

Tensor ScanInputs::slice(std::size_t leaf, std::int64_t t) {
  if (length_ > 0) return slices_[leaf].empty() ? Tensor() : std::move(slices_[leaf][static_cast<std::size_t>(t)]);
  const Tensor& x = leaves_[leaf];
  if (!x.defined()) return x;
  Shape shape = x.shape();
  shape.erase(0);
  return zeros(shape, {x.dtype(), x.device()});
}

CarryShapes::CarryShapes(const char* op, const std::vector<Tensor>& carry) : op_(op) {
  for (const Tensor& t : carry) shapes_.push_back(t.defined() ? std::optional(t.shape()) : std::nullopt);
}

bool CarryShapes::fits(const Tensor& t, std::size_t leaf) const {
  return t.defined() == shapes_[leaf].has_value() && (!t.defined() || t.shape() == *shapes_[leaf]);
}

void CarryShapes::shape_error(const std::vector<Tensor>& carry, const Outline& outline) const {
  std::size_t i = 0;
  while (fits(carry[i], i)) ++i;
  const std::string path = outline.leaf_paths()[i];
  throw ShapeError(std::string(op_) + ": the carry" + (path.empty() ? "" : " (" + path + ")") + " has shape " +
                   (shapes_[i] ? to_string(*shapes_[i]) : "(undefined)") + " before a step, but " +
                   (carry[i].defined() ? to_string(carry[i].shape()) : "(undefined)") +
                   " after it: a carry keeps its shapes" + level_context());
}

void CarryShapes::structure_error(const char* op, const Outline& before, const Outline& after) {
  const auto at = static_cast<std::size_t>(first_difference(before, after));
  const std::string path = before.path(at);
  throw ValueError(std::string(op) + ": the carry" + (path.empty() ? "" : " at " + path) + " is " +
                   before.describe(at) + " before a step, but " + after.describe(at) +
                   " after it: a carry keeps its structure" + level_context());
}

}  // namespace strata::detail
