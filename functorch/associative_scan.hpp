// associative_scan: all prefixes of an associative function in logarithmic depth. Called by users.
#pragma once
#include <functional>
#include <utility>
#include <vector>

#include "strata/core/callable.hpp"
#include "strata/core/tree.hpp"

namespace strata {

struct AssociativeScanOptions {
  bool reverse = false;  ///< suffixes instead of prefixes: f sees the later elements first
  int axis = 0;
};

namespace detail {

using Combine = std::function<std::vector<Tensor>(std::vector<Tensor>, std::vector<Tensor>)>;
/// Prefixes of the leaves' elements along the axis.
std::vector<Tensor> associative_scan(const Combine& combine, std::vector<Tensor> x,
                                     const AssociativeScanOptions& options);

}  // namespace detail

/// The prefixes x0, f(x0, x1), f(f(x0, x1), x2), ... of the elements of xs (a tree) along `.axis`, for an associative
/// f, with about 2n calls' work in 2 log2(n) calls: f is given many pairs at once, stacked along the axis, and must
/// treat them one by one, as elementwise functions and matmul do (as in JAX; vmap makes any function so). ShapeError
/// when leaves differ in length or f changes a shape.
///     Tensor sums = associative_scan(st::add, xs);
template <class F, class X>
X associative_scan(F&& f, const X& xs, AssociativeScanOptions options = {}) {
  const auto function = callable(std::forward<F>(f));
  const auto combine = [&](std::vector<Tensor> a, std::vector<Tensor> b) {
    const X y = function(tree_unflatten(xs, std::move(a)), tree_unflatten(xs, std::move(b)));
    require_same_structure("associative_scan", xs, y);
    return tree_leaves(y);
  };
  return tree_unflatten(xs, detail::associative_scan(combine, tree_leaves(xs), options));
}

}  // namespace strata
