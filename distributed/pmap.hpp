// pmap: one example-function over the processes of the job; shard makes its arguments. Called by users.
// With one process the mapped axis is a vmap level of size 1 that bears the name: collectives over it have the values
// they have for one process.
#pragma once
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "strata/core/axes.hpp"
#include "strata/core/callable.hpp"
#include "strata/core/tree.hpp"
#include "strata/distributed/communicator.hpp"
#include "strata/functorch/vmap.hpp"

namespace strata {

struct PmapOptions {
  ArgAxes in_axes{};        ///< one int or none for all arguments, or an entry per argument
  ArgAxes out_axes{};       ///< likewise for the result
  std::string axis_name{};  ///< for collectives
};

namespace detail {

/// TransformError unless a leaf's mapped axis has a slice for each process.
void require_slice_for_each(int processes, const Tensor& leaf, const AxisSpec& spec, std::size_t argument,
                            const std::string& path);
/// [B, ...] as [processes, B / processes, ...].
Tensor shard_leaf(int processes, const Tensor& leaf);

template <class F>
class Pmap {
 public:
  Pmap(F f, PmapOptions options) : f_(std::move(f)), options_(std::move(options)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    const int n = distributed::Communicator().size();
    std::size_t i = 0;
    (check(n, i++, sizeof...(A), args), ...);
    return vmap(
        f_,
        {.in_axes = options_.in_axes, .out_axes = options_.out_axes, .axis_name = options_.axis_name, .axis_size = n})(
        args...);
  }

 private:
  template <class T>
  void check(int processes, std::size_t i, std::size_t n, const T& tree) const {
    if constexpr (is_tree<T>) {
      const std::vector<AxisSpec> specs =
          resolve(options_.in_axes.entry(i, n, "pmap"), tree, {"pmap", "in_axes", static_cast<int>(i)});
      std::size_t k = 0;
      for_each_leaf(tree, [&](const Tensor& leaf) {
        if (!fits(processes, leaf, specs[k])) require_slice_for_each(processes, leaf, specs[k], i, tree_paths(tree)[k]);
        ++k;
      });
    }
  }
  static bool fits(int processes, const Tensor& leaf, const AxisSpec& spec) {
    if (!spec.mapped() || !leaf.defined()) return true;
    const int axis = spec.axis < 0 ? spec.axis + leaf.ndim() : spec.axis;
    return axis >= 0 && axis < leaf.ndim() && leaf.shape()[axis] == processes;
  }

  F f_;
  PmapOptions options_;
};

}  // namespace detail

/// f on each process's slice of the arguments: a mapped axis has as many slices as there are processes and vanishes
/// inside; results are stacked. TransformError when it has another size.
///     auto step = st::pmap(f, {.in_axes = {st::none, 0}, .axis_name = "data"});  step(params, st::shard(batch));
template <class F>
auto pmap(F&& f, PmapOptions options = {}) {
  return detail::Pmap<callable_t<F>>(callable(std::forward<F>(f)), std::move(options));
}

/// The leaves [B, ...] of a tree as [n, B / n, ...] for n processes. ShapeError when n does not divide B.
///     st::Tensor x = st::shard(batch);
template <class T>
T shard(const T& tree) {
  const int n = distributed::Communicator().size();
  if constexpr (std::is_same_v<T, Tensor>)
    return detail::shard_leaf(n, tree);
  else
    return tree_map([n](const Tensor& leaf) { return detail::shard_leaf(n, leaf); }, tree);
}

}  // namespace strata
