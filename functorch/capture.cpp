// Recording and replaying a captured function's leaves. The graph itself is the GPU library's.
#include "strata/functorch/capture.hpp"

#include "strata/core/device_library.hpp"
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/core/op.hpp"
#include "strata/ops/backend.hpp"

namespace strata::detail {
namespace {

/// x's elements into `to`, after the work on x of other threads.
void copy_elements(const Tensor& x, const Tensor& to) {
  Tensor from[] = {materialize(x)};
  settle_on_device("capture", from, false);
  backend(to).elements.copy(from[0], to);
}
/// x's elements in memory of its own on the same device.
Tensor own_copy(const Tensor& x) {
  const OpOnDevice named("capture");
  Tensor y = empty_dense(x.shape(), x.dtype(), x.device(), x.weak());
  copy_elements(x, y);
  return y;
}

/// Ends recording when f throws.
class Recorder {
 public:
  explicit Recorder(Device device) : device_(device), library_(device_library("capture", device)) {
    check_device("capture", device_, library_.begin_graph(device_.index));
    recording = true;
    kept_for_graph = &kept_;
  }
  ~Recorder() {
    if (!recording) return;
    stop();
    void* graph = nullptr;
    library_.end_graph(device_.index, &graph);
    if (graph) library_.destroy_graph(graph);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  void* finish() {
    stop();
    void* graph = nullptr;
    check_device("capture", device_, library_.end_graph(device_.index, &graph));
    return graph;
  }
  /// What the graph reads and has not made.
  std::vector<Tensor> kept() const {
    std::vector<Tensor> all;
    for (const auto& [root, x] : kept_) all.push_back(x);
    return all;
  }

 private:
  static void stop() {
    recording = false;
    kept_for_graph = nullptr;
  }
  KeptForGraph kept_;
  Device device_;
  const DeviceLibrary& library_;
};

bool on_gpu(const Tensor& x) { return x.defined() && x.device() != cpu; }

}  // namespace

Device device_for_capture(const std::vector<Tensor>& x) {
  if (recording) return cpu;
  Device device = cpu;
  for (const Tensor& leaf : x) {
    if (!leaf.defined()) continue;
    if (leaf.is_wrapped())
      throw TransformError(
          "capture: an argument belongs to a transform around it; put the transform inside: "
          "st::capture(st::grad(f))" +
          level_context());
    if (leaf.device() == cpu) continue;
    if (device != cpu && !(leaf.device() == device))
      throw DeviceError("capture: arguments are on " + to_string(device) + " and on " + to_string(leaf.device()) +
                        "; a graph records one device");
    device = leaf.device();
  }
  return device;
}

Recording::Recording(Device device, const std::vector<Tensor>& x,
                     const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f)
    : device_(device) {
  for (const Tensor& leaf : x) inputs_.push_back(on_gpu(leaf) ? own_copy(leaf) : leaf);
  Recorder recorder(device);
  outputs_ = f(inputs_);
  for (Tensor& y : outputs_) {
    if (!y.defined()) continue;
    y = materialize(y);
    if (on_gpu(y)) y = own_copy(y);  // never an input's memory, nor that of something captured
  }
  graph_ = recorder.finish();
  kept_ = recorder.kept();
  last_stream_ = device_library("capture", device).stream();
}

/// The graph goes before the memory that it writes, and waits for its replays. While this thread records another one it
/// cannot; then this thread does.
Recording::~Recording() {
  if (!graph_) return;
  const DeviceLibrary& library = device_library("capture", device_);
  library.wait_for(device_.index, 1u << last_stream_);
  library.destroy_graph(graph_);
}

bool Recording::fits(const std::vector<Tensor>& x) const {
  if (x.size() != inputs_.size()) return false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Tensor &a = x[i], &b = inputs_[i];
    if (a.defined() != b.defined()) return false;
    if (!a.defined()) continue;
    if (!(a.type() == b.type()) || !(a.shape() == b.shape()) || !(a.device() == b.device())) return false;
    if (a.device() == cpu && a.impl() != b.impl()) return false;  // its value was recorded
  }
  return true;
}

std::vector<Tensor> Recording::replay(const std::vector<Tensor>& x) {
  const OpOnDevice named("capture");
  const DeviceLibrary& library = device_library("capture", device_);
  const int mine = library.stream();
  if (mine != last_stream_) check_device("capture", device_, library.wait_for(device_.index, 1u << last_stream_));
  last_stream_ = mine;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (on_gpu(x[i])) copy_elements(x[i], inputs_[i]);
  }
  check_device("capture", device_, library.replay_graph(graph_));
  std::vector<Tensor> y;
  for (const Tensor& out : outputs_) y.push_back(on_gpu(out) ? own_copy(out) : out);
  return y;
}

}  // namespace strata::detail
