// ravel: a tree as one vector, and the way back. Used where a solver or an optimiser wants a flat vector.
#pragma once
#include <utility>
#include <vector>

#include "strata/core/tree.hpp"

namespace strata {
namespace detail {

/// What it takes to cut a flat vector into leaves again.
struct FlatLayout {
  struct Leaf {
    Shape shape;
    Dtype dtype;
    bool defined;
  };
  std::vector<Leaf> leaves;
  std::int64_t size = 0;
};
std::pair<Tensor, FlatLayout> ravel_leaves(const std::vector<Tensor>& leaves);
std::vector<Tensor> unravel_leaves(const Tensor& flat, const FlatLayout& layout);

template <class T>
class Unravel {
 public:
  Unravel(T like, FlatLayout layout) : like_(std::move(like)), layout_(std::move(layout)) {}
  /// A tree of the original's structure, shapes and dtypes. ShapeError when `flat` has another size.
  T operator()(const Tensor& flat) const { return tree_unflatten(like_, unravel_leaves(flat, layout_)); }

 private:
  T like_;
  FlatLayout layout_;
};

}  // namespace detail

/// All leaves end to end as one vector of their common dtype, and the function that undoes it.
///     auto [flat, unravel] = st::ravel(params);  Params q = unravel(flat * 2);
template <class T>
requires(is_tree<T> &&
         !std::is_same_v<std::decay_t<T>, Tensor>) std::pair<Tensor, detail::Unravel<T>> ravel(const T& tree) {
  auto [flat, layout] = detail::ravel_leaves(tree_leaves(tree));
  return {flat, detail::Unravel<T>(tree, std::move(layout))};
}

}  // namespace strata
