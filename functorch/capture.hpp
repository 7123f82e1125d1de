// capture(f): a pure step recorded once as a graph of a GPU's work and then replayed: what a tracing compiler's jit
// saves in host time, without a compiler. Called by users around whole steps (forward, gradients, optimiser's update).
// Always holds: a replay computes what f computed when it was recorded, on new values; on the CPU capture(f) is f.
#pragma once
#include <any>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "strata/core/callable.hpp"
#include "strata/core/tree.hpp"

namespace strata {
namespace detail {

/// One recording: for leaves of these shapes, dtypes and devices.
class Recording {
 public:
  /// Runs f on stand-ins of the leaves x while the GPU records. DeviceError when f reads a value on the host.
  Recording(Device device, const std::vector<Tensor>& x,
            const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  bool fits(const std::vector<Tensor>& x) const;
  /// f's results for x. One thread at a time.
  std::vector<Tensor> replay(const std::vector<Tensor>& x);

 private:
  Device device_;
  void* graph_ = nullptr;
  int last_stream_ = 0;  // on which it was replayed, or recorded
  std::vector<Tensor> inputs_, outputs_, kept_;
};

/// The GPU that leaves of a captured call lie on; cpu for none, and while another capture records, which then records
/// this call too. TransformError inside a transform.
Device device_for_capture(const std::vector<Tensor>& x);

/// What one captured function has recorded, shared by its copies.
template <class F>
class Captured {
 public:
  explicit Captured(F f) : state_(std::make_shared<State>(std::move(f))) {}

  template <class... A>
  auto operator()(const A&... args) const {
    using Y = std::decay_t<decltype(treeify(state_->f(args...)))>;
    std::vector<Tensor> x;
    (for_each_leaf(args, [&](const Tensor& leaf) { x.push_back(leaf); }), ...);
    const Device device = device_for_capture(x);
    if (device == cpu) return Y(treeify(state_->f(args...)));
    const std::lock_guard lock(state_->mutex);
    for (const auto& r : state_->recordings) {
      if (r->fits(x)) return tree_unflatten(std::any_cast<const Y&>(r->like), r->work.replay(x));
    }
    return first_call<Y>(device, x, args...);
  }

 private:
  struct Recorded {
    template <class G>
    Recorded(Device device, const std::vector<Tensor>& x, const G& g) : work(device, x, g) {}
    bool fits(const std::vector<Tensor>& x) const { return work.fits(x); }
    Recording work;
    std::any like;  // the result's tree
  };
  struct State {
    explicit State(F g) : f(std::move(g)) {}
    F f;
    std::mutex mutex;
    std::vector<std::unique_ptr<Recorded>> recordings;
  };

  /// Runs f as it is, so that everything it needs is made and this call has its result; then records it.
  template <class Y, class... A>
  Y first_call(Device device, const std::vector<Tensor>& x, const A&... args) const {
    Y y = treeify(state_->f(args...));
    std::any like;
    auto recorded = std::make_unique<Recorded>(device, x, [&](const std::vector<Tensor>& leaves) {
      std::tuple<A...> again(args...);
      std::size_t at = 0;
      std::apply([&](auto&... a) { (for_each_leaf(a, [&](Tensor& leaf) { leaf = leaves[at++]; }), ...); }, again);
      Y result = treeify(std::apply(state_->f, again));
      std::vector<Tensor> out = tree_leaves(result);
      for_each_leaf(result, [](Tensor& leaf) { leaf = Tensor(); });
      like = std::move(result);
      return out;
    });
    recorded->like = std::move(like);
    state_->recordings.push_back(std::move(recorded));
    return y;
  }

  std::shared_ptr<State> state_;
};

}  // namespace detail

/// f, recorded as a graph of the GPU's work at its first call for given shapes, dtypes and devices, and replayed from
/// the second on: one launch instead of one for each op. Arguments and results are trees; what f captures is as it was
/// when it was recorded (the tensors that it used live as long as the recording), so whatever changes must be an
/// argument. f must not read values on the host (item, to_vector,
/// printing, conditions in C++): DeviceError. Transforms belong inside: capture(grad(f)), not grad(capture(f)), which
/// is a TransformError. With arguments on the CPU it calls f.
///     auto fast = st::capture(step);  std::tie(params, loss) = fast(params, batch);
template <class F>
auto capture(F&& f) {
  auto g = callable(std::forward<F>(f));
  return detail::Captured<std::decay_t<decltype(g)>>(std::move(g));
}

}  // namespace strata
