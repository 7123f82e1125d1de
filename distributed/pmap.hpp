// pmap: one example-function over the processes of the job; shard makes its arguments. Called by users.
// Every process calls it with the same global values; inside, each sees its own slice, and collectives over the axis
// name run between them. Outside the mapped function values are the same on all processes again (but for st::local
// results), so gradients taken outside are those of the global function. With one process the axis has size 1.
#pragma once
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "strata/core/args.hpp"
#include "strata/core/axes.hpp"
#include "strata/core/callable.hpp"
#include "strata/core/tree.hpp"
#include "strata/distributed/axis.hpp"
#include "strata/distributed/communicator.hpp"

namespace strata {

struct PmapOptions {
  ArgAxes in_axes{};        ///< one int or none for all arguments, or an entry per argument
  ArgAxes out_axes{};       ///< likewise for the result; sum_out and mean_out reduce; st::local leaves the rank's part
  std::string axis_name{};  ///< for collectives
  std::vector<distributed::Communicator> over{};  ///< one: these processes instead of the whole job
};

namespace detail {

/// One call of a pmapped function, on leaves.
class PmapCall {
 public:
  explicit PmapCall(const PmapOptions& options);
  const ProcessAxisRef& axis() const { return axis_; }
  int size() const;
  /// This rank's slice of a leaf; `path` is asked only for an error's words.
  Tensor enter(const Tensor& leaf, const AxisSpec& spec, std::size_t argument, const std::string& path) const;
  /// A result's leaf number k as the caller of pmap sees it.
  Tensor leave(const Tensor& leaf, const AxisSpec& spec, std::size_t k) const;

 private:
  ProcessAxisRef axis_;
};

/// [B, ...] as [processes, B / processes, ...].
Tensor shard_leaf(int processes, const Tensor& leaf);

template <class F>
class Pmap {
 public:
  Pmap(F f, PmapOptions options) : f_(std::move(f)), options_(std::move(options)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    static_assert(
        std::is_invocable_v<const F&, const std::decay_t<A>&...>,
        "strata: pmap: the function cannot be called with these arguments (tensors arrive as const st::Tensor&)");
    const PmapCall call(options_);
    std::tuple<std::decay_t<A>...> x(args...);
    std::size_t i = 0;
    std::apply([&](auto&... tree) { (enter(call, tree, i++, sizeof...(A)), ...); }, x);
    const ProcessAxisScope scope(call.axis());
    auto y = treeify(std::apply([&](const auto&... a) { return f_(a...); }, std::as_const(x)));
    const std::vector<AxisSpec> specs = resolve_out(options_.out_axes, y, "pmap");
    std::size_t k = 0;
    for_each_leaf(y, [&](Tensor& leaf) { leaf = call.leave(leaf, specs[k], k), ++k; });
    return y;
  }

 private:
  template <class T>
  void enter(const PmapCall& call, T& tree, std::size_t i, std::size_t n) const {
    if constexpr (is_tree<T>) {
      const std::vector<AxisSpec> specs =
          resolve(options_.in_axes.entry(i, n, "pmap"), tree, {"pmap", "in_axes", static_cast<int>(i)});
      const std::vector<std::string> paths = tree_paths(tree);
      std::size_t k = 0;
      for_each_leaf(tree, [&](Tensor& leaf) { leaf = call.enter(leaf, specs[k], i, paths[k]), ++k; });
    }
  }

  F f_;
  PmapOptions options_;
};

}  // namespace detail

/// f on each process's slice of the arguments: a mapped axis has as many slices as there are processes and vanishes
/// inside; results are stacked and the same on all processes. TransformError when the axis has another size, or when
/// out_axes is none for a result that differs from process to process.
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
