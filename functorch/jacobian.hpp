// jacrev, jacfwd, hessian: vmap of the pullback, vmap of the tangent push, one over the other.
// Called by users. Tensor -> Tensor gives out.shape + in.shape; a tree on one side gives that tree; trees on both give
// st::Tree.
#pragma once
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "strata/autograd/grad.hpp"
#include "strata/functorch/vmap.hpp"

namespace strata {

struct JacobianOptions {
  std::optional<std::int64_t> chunk{};  ///< rows (jacrev) or columns (jacfwd) at a time; bounds memory
};

namespace detail {

/// Applies the linear map `apply` (leaves to leaves) to every unit vector of leaf `leaf` of `like`, batched:
/// results have a leading axis of like[leaf].size().
std::vector<Tensor> apply_to_basis(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& apply,
                                   const std::vector<Tensor>& like, std::size_t leaf,
                                   std::optional<std::int64_t> chunk);

/// Replaces the tensors of `tree`, in order, by `trees`.
void replace_leaves(Tree& tree, const std::vector<Tree>& trees);

/// J[k][j] of shape y[k].shape + x[j].shape, in the structure DESIGN's table gives it.
template <class Y, class X>
auto arrange(const Y& y, const X& x, const std::vector<std::vector<Tensor>>& j) {
  if constexpr (std::is_same_v<Y, Tensor> && std::is_same_v<X, Tensor>) {
    return j[0][0];
  } else if constexpr (std::is_same_v<Y, Tensor>) {
    return tree_unflatten(x, j[0]);
  } else if constexpr (std::is_same_v<X, Tensor>) {
    std::vector<Tensor> column;
    for (const auto& row : j) column.push_back(row[0]);
    return tree_unflatten(y, column);
  } else {
    Tree result = strata::to_tree(y);
    std::vector<Tree> rows;
    for (const auto& row : j) rows.push_back(strata::to_tree(tree_unflatten(x, row)));
    replace_leaves(result, rows);
    return result;
  }
}

/// TransformError: .chunk is less than 1.
void check_chunk(const char* op, std::optional<std::int64_t> chunk);

/// The blocks for jacrev: rows[k] are the arguments' cotangents for the basis of y[k].
std::vector<std::vector<Tensor>> reverse_blocks(ReverseRun& run, const std::vector<Tensor>& y,
                                                const std::vector<Tensor>& x, std::optional<std::int64_t> chunk);
/// The blocks for jacfwd; `push` maps tangents of x to tangents of y.
std::vector<std::vector<Tensor>> forward_blocks(
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& push, const std::vector<Tensor>& x,
    std::optional<std::int64_t> chunk);

template <class F>
class Jacrev {
 public:
  Jacrev(F f, JacobianOptions options) : f_(std::move(f)), options_(options) {}

  template <class A, class... Rest>
  auto operator()(const A& at, const Rest&... rest) const {
    check_chunk("jacrev", options_.chunk);
    const treeified_t<A> x(at);
    treeified_t<A> watched = x;
    ReverseRun run("jacrev");
    const LevelScope scope(run.level());
    watch_argument(watched, [&](Tensor& leaf) { run.watch(leaf); });
    run.require_float();
    auto y = treeify(f_(std::as_const(watched), rest...));
    for_each_leaf(y, [&](Tensor& leaf) { run.root(leaf); });
    return arrange(y, x, reverse_blocks(run, tree_leaves(y), tree_leaves(x), options_.chunk));
  }

 private:
  F f_;
  JacobianOptions options_;
};

template <class F>
class Jacfwd {
 public:
  Jacfwd(F f, JacobianOptions options) : f_(std::move(f)), options_(options) {}

  template <class A, class... Rest>
  auto operator()(const A& at, const Rest&... rest) const {
    check_chunk("jacfwd", options_.chunk);
    const treeified_t<A> x(at);
    using Y = result_t<F, treeified_t<A>, Rest...>;
    std::optional<Y> y;
    const auto push = [&](const std::vector<Tensor>& dx) {
      const ForwardRun run;
      const LevelScope scope(run.level());
      std::size_t i = 0;
      treeified_t<A> dual = x;
      for_each_leaf(dual, [&](Tensor& leaf) { leaf = run.dual(leaf, dx[i], [] { return std::string(); }), ++i; });
      Y result = treeify(f_(std::as_const(dual), rest...));
      std::vector<Tensor> dy;
      for_each_leaf(result, [&](Tensor& leaf) { dy.push_back(run.unpack(leaf)); });
      y = std::move(result);
      return dy;
    };
    const auto blocks = forward_blocks(push, tree_leaves(x), options_.chunk);
    return arrange(*y, x, blocks);
  }

 private:
  F f_;
  JacobianOptions options_;
};

}  // namespace detail

/// The Jacobian with respect to the first argument, row by row in reverse mode: for functions with fewer results than
/// arguments.
///     Tensor j = st::jacrev(st::softmax)(theta);     // [3, 3]
template <class F>
auto jacrev(F&& f, JacobianOptions options = {}) {
  return detail::Jacrev<callable_t<F>>(callable(std::forward<F>(f)), options);
}

/// The Jacobian with respect to the first argument, column by column in forward mode: for functions with more results
/// than arguments.
template <class F>
auto jacfwd(F&& f, JacobianOptions options = {}) {
  return detail::Jacfwd<callable_t<F>>(callable(std::forward<F>(f)), options);
}

/// The matrix of second derivatives: forward over reverse.     Tensor h = st::hessian(f)(x);   // f(x) scalar: x.shape
/// + x.shape
template <class F>
auto hessian(F&& f, JacobianOptions options = {}) {
  return jacfwd(jacrev(std::forward<F>(f), options), options);
}

}  // namespace strata
