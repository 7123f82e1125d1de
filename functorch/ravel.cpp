// See ravel.hpp.
#include "strata/functorch/ravel.hpp"

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

std::pair<Tensor, FlatLayout> ravel_leaves(const std::vector<Tensor>& leaves) {
  FlatLayout layout;
  std::vector<Tensor> parts;
  for (const Tensor& x : leaves) {
    layout.leaves.push_back(x.defined() ? FlatLayout::Leaf{x.shape(), x.dtype(), true}
                                        : FlatLayout::Leaf{{}, Dtype::float32, false});
    if (!x.defined()) continue;
    layout.size += x.size();
    parts.push_back(reshape(x, {-1}));
  }
  if (parts.empty()) return {zeros({0}), layout};
  return {concatenate(std::move(parts)), layout};
}

std::vector<Tensor> unravel_leaves(const Tensor& flat, const FlatLayout& layout) {
  if (flat.ndim() != 1 || flat.size() != layout.size) {
    throw ShapeError("unravel: the vector has shape " + to_string(flat.shape()) + ", but the tree has " +
                     std::to_string(layout.size) + " elements" + level_context());
  }
  std::vector<Tensor> leaves;
  std::int64_t at = 0;
  for (const FlatLayout::Leaf& l : layout.leaves) {
    if (!l.defined) {
      leaves.emplace_back();
      continue;
    }
    const std::int64_t n = l.shape.elements();
    leaves.push_back(astype(reshape(slice_in_dim(flat, at, at + n), l.shape), l.dtype));
    at += n;
  }
  return leaves;
}

}  // namespace strata::detail
