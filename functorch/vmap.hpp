// vmap: runs a one-example function once on a whole batch.
// Called by users and by the Jacobians. The template sees the user's types; functorch/vmap.cpp does the work on leaves.
#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "strata/core/axes.hpp"
#include "strata/core/memory.hpp"
#include "strata/core/tree.hpp"
#include "strata/functorch/vmap_level.hpp"

namespace strata {

struct VmapOptions {
  ArgAxes in_axes{};                           ///< one int or none for all arguments, or an entry per argument
  ArgAxes out_axes{};                          ///< likewise for the result; sum_out and mean_out accumulate
  std::string axis_name{};                     ///< for collectives
  std::optional<std::int64_t> axis_size{};     ///< needed when no argument is mapped
  std::optional<std::int64_t> chunk{};         ///< run at most this many lanes at a time
  std::optional<std::int64_t> memory_bytes{};  ///< run as many lanes at a time as fit, by what the first few take
};

namespace detail {

/// One call of a vmapped function, on leaves.
class VmapCall {
 public:
  explicit VmapCall(const VmapOptions& options) : options_(options) {}

  /// Notes argument number i of n; its leaves are replaced lane by lane later. `paths` is asked only for an error's
  /// words.
  template <class T>
  void argument(std::size_t i, std::size_t n, T& tree) {
    if constexpr (is_tree<T>) {
      arguments_.push_back({&tree, &paths_of<T>});
      const Axes& entry = options_.in_axes.entry(i, n);
      if (entry.uniform()) {
        const AxisSpec spec = sole_spec(entry);
        for_each_leaf(tree, [&](Tensor& leaf) { add_leaf(leaf, spec, i); });
      } else {
        const std::vector<AxisSpec> specs = resolve(entry, tree, {"vmap", "in_axes", static_cast<int>(i)});
        std::size_t k = 0;
        for_each_leaf(tree, [&](Tensor& leaf) { add_leaf(leaf, specs[k++], i); });
      }
    } else {
      arguments_.push_back({nullptr, nullptr});
    }
  }

  /// Settles the number of lanes. TransformError when the arguments disagree or none is mapped.
  void settle();
  std::int64_t size() const { return size_; }
  /// Lanes at a time; with .memory_bytes, of the first run.
  std::int64_t chunk() const;
  /// Lanes at a time after a run of `lanes` lanes has taken `bytes` bytes at its peak.
  std::int64_t next_chunk(std::int64_t lanes, std::size_t bytes) const;

  /// Replaces the arguments' leaves by lanes [begin, begin + count), wrapped for `level`.
  void enter(VmapLevel& level, std::int64_t begin, std::int64_t count);
  /// The result, for an error's words; `leave` may change its leaves.
  template <class Y>
  void result(const Y& y) {
    result_ = {&y, &paths_of<Y>};
  }
  /// Takes a result's leaf number k off the level, as `spec` says.
  void leave(VmapLevel& level, Tensor& leaf, const AxisSpec& spec, std::size_t k);
  /// Specs of the result's leaves.
  template <class Y>
  std::vector<AxisSpec> out_specs(const Y& y) const {
    return resolve_out(options_.out_axes, y);
  }
  /// The single spec of all leaves of the result, if that is how out_axes are given.
  std::optional<AxisSpec> out_spec() const;

  /// Joins the chunks' results for leaf k.
  Tensor join(std::vector<Tensor> parts, const AxisSpec& spec, const std::vector<std::int64_t>& counts) const;

 private:
  struct Leaf {
    Tensor* place;
    Tensor value;
    int axis;  // -1: shared
    std::size_t argument;
  };
  struct Argument {
    const void* tree = nullptr;
    std::vector<std::string> (*paths)(const void*) = nullptr;
  };
  template <class T>
  static std::vector<std::string> paths_of(const void* tree) {
    return tree_paths(*static_cast<const T*>(tree));
  }
  static AxisSpec sole_spec(const Axes& entry);
  void add_leaf(Tensor& leaf, const AxisSpec& spec, std::size_t argument);
  std::string where(std::size_t leaf) const;
  std::string result_leaf(std::size_t k) const;

  const VmapOptions& options_;
  std::vector<Leaf> leaves_;
  std::vector<Argument> arguments_;
  Argument result_;
  std::int64_t size_ = -1;
};

template <class F>
class Vmap {
 public:
  Vmap(F f, VmapOptions options) : f_(std::move(f)), options_(std::move(options)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    return call(std::index_sequence_for<A...>{}, args...);
  }

 private:
  template <std::size_t... K, class... A>
  auto call(std::index_sequence<K...>, const A&... args) const {
    static_assert(
        std::is_invocable_v<const F&, const std::decay_t<A>&...>,
        "strata: vmap: the function cannot be called with these arguments (tensors arrive as const st::Tensor&)");
    std::tuple<std::decay_t<A>...> x(args...);
    VmapCall call(options_);
    (call.argument(K, sizeof...(A), std::get<K>(x)), ...);
    call.settle();
    const std::int64_t chunk = call.chunk();
    if (chunk >= call.size()) return run(call, x, 0, call.size());
    return run_chunks(call, x, chunk);
  }

  template <class X>
  auto run(VmapCall& call, X& x, std::int64_t begin, std::int64_t count) const {
    const auto level = VmapLevel::make(count, options_.axis_name);
    const LevelScope scope(level->level());
    call.enter(*level, begin, count);
    auto y = treeify(std::apply([&](const auto&... a) { return f_(a...); }, std::as_const(x)));
    call.result(y);
    std::size_t k = 0;
    if (const auto spec = call.out_spec()) {
      for_each_leaf(y, [&](Tensor& leaf) { call.leave(*level, leaf, *spec, k++); });
    } else {
      const std::vector<AxisSpec> specs = call.out_specs(y);
      for_each_leaf(y, [&](Tensor& leaf) { call.leave(*level, leaf, specs[k], k), ++k; });
    }
    return y;
  }

  template <class X>
  auto run_chunks(VmapCall& call, X& x, const std::int64_t first) const {
    const memory::PeakMeter meter;
    auto y = run(call, x, 0, first);
    if (options_.memory_bytes) materialize_leaves(y);
    const std::int64_t chunk = call.next_chunk(first, meter.bytes());
    const std::vector<AxisSpec> specs = call.out_specs(y);
    std::vector<std::vector<Tensor>> parts;
    for_each_leaf(y, [&](Tensor& leaf) { parts.push_back({leaf}); });
    std::vector<std::int64_t> counts{first};
    for (std::int64_t begin = first; begin < call.size(); begin += counts.back()) {
      counts.push_back(std::min(chunk, call.size() - begin));
      auto part = run(call, x, begin, counts.back());
      std::size_t k = 0;
      for_each_leaf(part, [&](Tensor& leaf) {
        parts[k].push_back(leaf);
        if (specs[k].kind != AxisSpec::Kind::axis) parts[k] = {call.join(std::move(parts[k]), specs[k], counts)};
        ++k;
      });
    }
    std::size_t k = 0;
    for_each_leaf(y, [&](Tensor& leaf) { leaf = call.join(std::move(parts[k]), specs[k], counts), ++k; });
    return y;
  }

  /// What is pending takes its memory now, where it is measured.
  template <class Y>
  static void materialize_leaves(Y& y) {
    for_each_leaf(y, [](Tensor& leaf) {
      if (leaf.defined() && leaf.kind() == Kind::pending) leaf = materialize(leaf);
    });
  }

  F f_;
  VmapOptions options_;
};

}  // namespace detail

/// f over a batch: f sees one example, runs once, and its result gains the batch axis. Nests; closures over outer
/// tensors work. TransformError when axes do not exist, sizes disagree, nothing is mapped, or out_axes is none for a
/// mapped result.
///     auto batched = st::vmap(predict, {.in_axes = {st::none, 0}});  st::Tensor y = batched(params, features);
template <class F>
auto vmap(F&& f, VmapOptions options = {}) {
  return detail::Vmap<callable_t<F>>(callable(std::forward<F>(f)), std::move(options));
}

}  // namespace strata
