// data_parallel: a function that gives a loss and its gradient, run by every process on its own examples; the gradients
// are averaged over the processes. Called by training loops. Always holds: all processes get the same bytes, those of
// one process on all the examples up to rounding; parameters are compared when the first step begins.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "strata/autograd/grad.hpp"
#include "strata/core/tree.hpp"
#include "strata/distributed/axis.hpp"
#include "strata/distributed/communicator.hpp"

namespace strata {

/// What to do when the processes have different numbers of examples in a step: refuse, or weigh each process by its
/// own.
enum class Uneven { error, weighted };
/// Whether gradients travel while the backward pass goes on. Automatic: where the network does the work (a simulated
/// link); on one host the processes need their cores themselves.
enum class Overlap { automatic, on, off };

struct DataParallelOptions {
  std::string axis_name = "data";             ///< for collectives inside the function
  Uneven uneven = Uneven::error;              ///< examples are counted along axis 0 of the first tensor after the model
  std::int64_t micro_batches = 1;             ///< so many parts of the batch one after another, one exchange
  std::int64_t first_bucket_bytes = 1 << 20;  ///< gradients travel in buckets
  std::int64_t bucket_bytes = 4 << 20;
  Overlap overlap = Overlap::automatic;
  std::vector<distributed::Communicator> over{};  ///< one: these processes instead of the whole job
};

namespace detail {

/// What data_parallel does on leaves.
class DataParallelState {
 public:
  explicit DataParallelState(DataParallelOptions options);
  ~DataParallelState();

  const DataParallelOptions& options() const { return options_; }
  /// The axis for one call of the function.
  ProcessAxisRef axis() const;
  const distributed::Communicator& communicator() const { return communicator_; }

  /// The first time: compares the parameters over the ranks and lays out the buckets.
  void prepare(const std::vector<Tensor>& params, const std::vector<std::string>& paths);
  /// Begins a step with so many examples here: agreement, weights.
  void begin(std::int64_t examples);
  /// A gradient that is complete, plus what earlier micro-batches gave.
  void put(std::size_t leaf, const Tensor& g);
  /// All gradients, averaged; `g` are those that have not been put.
  std::vector<Tensor> finish(const std::vector<Tensor>& g);
  /// The average of the loss.
  Tensor average(const Tensor& loss) const;
  bool overlaps() const;
  /// Gradients of earlier micro-batches; `parts` divides them all.
  void carry(std::vector<Tensor> sum, std::int64_t parts);

 private:
  struct Impl;
  DataParallelOptions options_;
  distributed::Communicator communicator_;
  std::unique_ptr<Impl> impl_;
};

/// Part k of n of the leaves along axis 0. ShapeError when they cannot be divided.
Tensor part_of(const Tensor& leaf, std::int64_t k, std::int64_t n);
/// The number of examples: axis 0 of x.
std::int64_t examples_in(const Tensor& x);
Tensor sum_of(const Tensor& a, const Tensor& b);

template <class F>
inline constexpr bool reports_leaves = false;  // value_and_grad with respect to the first argument alone
template <class F, bool aux>
inline constexpr bool reports_leaves<Grad<F, true, aux, 0>> = true;

template <class F>
class DataParallel {
 public:
  DataParallel(F f, std::shared_ptr<DataParallelState> state) : f_(std::move(f)), state_(std::move(state)) {}

  /// One step: {value, gradient}, averaged over the processes (aux is each process's own).
  template <class P, class... A>
  auto operator()(const P& params, const A&... batch) const {
    DataParallelState& s = *state_;
    s.prepare(tree_leaves(params), tree_paths(params));
    s.begin(count(batch...));
    const ProcessAxisScope scope(s.axis());
    const std::int64_t parts = s.options().micro_batches;
    auto result = parts == 1 ? last(params, batch...) : in_parts(parts, params, batch...);
    result.second = tree_unflatten(std::move(result.second), s.finish(tree_leaves(result.second)));
    loss_of(result.first) = s.average(loss_of(result.first));
    return result;
  }

  /// The function on this process's examples alone: nothing is exchanged (unless it makes collectives itself).
  template <class P, class... A>
  auto no_sync(const P& params, const A&... batch) const {
    const ProcessAxisScope scope(state_->axis());
    return f_(params, batch...);
  }

 private:
  template <class First, class... Rest>
  static std::int64_t count(const First& first, const Rest&...) {
    const std::vector<Tensor> leaves = tree_leaves(first);
    return leaves.empty() ? 0 : examples_in(leaves.front());
  }
  static std::int64_t count() { return 0; }
  template <class V>
  static Tensor& loss_of(V& value) {
    if constexpr (std::is_same_v<V, Tensor>)
      return value;
    else
      return value.first;
  }

  /// The call whose gradients travel: with overlap as they come.
  template <class P, class... A>
  auto last(const P& params, const A&... batch) const {
    if constexpr (reports_leaves<F>) {
      if (state_->overlaps()) {
        const LeafHook hook = [this](std::size_t i, const Tensor& g) { state_->put(i, g); };
        const LeafHookScope scope(hook);
        return f_(params, batch...);
      }
    }
    return f_(params, batch...);
  }

  template <class P, class... A>
  auto in_parts(std::int64_t n, const P& params, const A&... batch) const {
    const auto part = [n](const auto& tree, std::int64_t k) {
      if constexpr (is_tree<std::decay_t<decltype(tree)>>)
        return tree_map([&](const Tensor& leaf) { return part_of(leaf, k, n); }, tree);
      else
        return tree;
    };
    std::vector<Tensor> sum;
    Tensor losses;
    for (std::int64_t k = 0; k + 1 < n; ++k) {
      auto result = f_(params, part(batch, k)...);
      const std::vector<Tensor> g = tree_leaves(result.second);
      sum.resize(g.size());
      for (std::size_t i = 0; i < g.size(); ++i) sum[i] = sum_of(sum[i], g[i]);
      losses = sum_of(losses, loss_of(result.first));
    }
    state_->carry(std::move(sum), n);
    auto result = last(params, part(batch, n - 1)...);
    loss_of(result.first) = sum_of(losses, loss_of(result.first)) / n;
    return result;
  }

  F f_;
  std::shared_ptr<DataParallelState> state_;
};

}  // namespace detail

/// f(model, batch...) -> std::pair{value, gradient}, as value_and_grad gives it, on every process's part of the batch;
/// value and gradient averaged over the processes. The first call compares the model over the processes:
/// DistributedError names the parameter that differs. Every process must make the same steps.
///     auto step = st::data_parallel(st::value_and_grad(loss));  auto [value, g] = step(model, my_x, my_y);
template <class F>
auto data_parallel(F&& f, DataParallelOptions options = {}) {
  return detail::DataParallel<callable_t<F>>(callable(std::forward<F>(f)),
                                             std::make_shared<detail::DataParallelState>(std::move(options)));
}

/// The same, after `model` has become rank 0's on all processes.
///     auto step = st::data_parallel(st::value_and_grad(loss), model);
template <class F, class P>
requires(!std::is_same_v<P, DataParallelOptions>) auto data_parallel(F&& f, P& model,
                                                                     DataParallelOptions options = {}) {
  auto state = std::make_shared<detail::DataParallelState>(std::move(options));
  model = state->communicator().broadcast(std::move(model));
  return detail::DataParallel<callable_t<F>>(callable(std::forward<F>(f)), std::move(state));
}

}  // namespace strata
