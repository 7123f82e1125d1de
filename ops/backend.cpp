// The rows of both devices, and how arguments come to lie on one.
#include "strata/ops/backend.hpp"

#include <algorithm>

#include "strata/core/device_library.hpp"
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"

namespace strata {

const Backend cpu_backend{cpu_elements, cpu_reductions, cpu_sorting, cpu_slices,
                          cpu_products, cpu_windows,    cpu_linalg,  cpu_random};
const Backend cuda_backend{cuda_elements, cuda_reductions, cuda_sorting, cuda_slices,
                           cuda_products, cuda_windows,    cuda_linalg,  cuda_random};

namespace {

/// One element, maybe seen as a whole shape, as broadcasting gives it; or none.
bool is_scalar(const Tensor& x) {
  if (!x.is_dense()) return false;
  const Dense& d = dense(x);
  if (d.size == 0) return true;
  for (int i = 0; i < d.shape.size(); ++i) {
    if (d.shape[i] > 1 && d.strides[i] != 0) return false;
  }
  return true;
}

/// By a kernel, so that no host memory is read later.
Tensor scalar_on(Device device, const Tensor& x) {
  const Shape& shape = x.shape();
  if (x.size() == 0) return empty_dense(shape, x.dtype(), device, x.weak());
  Tensor y = empty_dense({}, x.dtype(), device, x.weak());
  cuda_elements.fill(y, dense(x).data);
  return shape.empty() ? y : view_of(y, shape, Strides::filled(shape.size(), 0), 0);
}

[[noreturn]] void refuse_mixture(std::string_view op, In x, std::size_t a, std::size_t b) {
  throw DeviceError(
      std::string(op) + ": argument " + std::to_string(a) + " is on " + to_string(x[a].device()) + ", argument " +
      std::to_string(b) + " on " + to_string(x[b].device()) + "; move one of them with x.to(st::" +
      (x[b].device() == cpu ? "cpu" : "cuda(" + std::to_string(x[b].device().index) + ")") + ")" + level_context());
}

/// This thread's stream waits for other streams that have used x's memory, and is noted among them. A graph that is
/// recorded keeps x, unless it made it itself.
void order_streams(const char* op, const Tensor& x) {
  Dense& root = *static_cast<Dense*>(dense(x).owner());
  auto& streams = root.streams;
  if (detail::kept_for_graph) {
    if (root.release == Release::device && streams.load(std::memory_order_relaxed) == 0) return;
    detail::kept_for_graph->try_emplace(&root, x);
  }
  const Device device = dense(x).device;
  const DeviceLibrary& library = device_library(op, device);
  const auto mine = static_cast<std::uint16_t>(1u << library.stream());
  const std::uint16_t before = streams.fetch_or(mine, std::memory_order_acq_rel);
  const auto others = static_cast<std::uint16_t>(before & ~mine);
  if (others != 0 && (before & mine) == 0) check_device(op, device, library.wait_for(device.index, others));
}

}  // namespace

thread_local KeptForGraph* detail::kept_for_graph = nullptr;

bool detail::only_this_stream(const Tensor& x) {
  return dense(x).streams.load(std::memory_order_relaxed) == device_library("memory", dense(x).device).mark();
}

void settle_on_device(const char* op, Out x, bool keeps_numbers) {
  std::size_t first = x.size();
  for (std::size_t k = 0; k < x.size() && first == x.size(); ++k) {
    if (x[k].defined() && x[k].device() != cpu) first = k;
  }
  if (first == x.size()) return;
  const Device device = x[first].device();
  for (std::size_t k = 0; k < x.size(); ++k) {
    Tensor& t = x[k];
    if (!t.defined()) continue;
    if (t.device() == device) {
      if (t.is_dense()) order_streams(op, t);
    } else if (t.device() == cpu && is_scalar(t)) {
      if (!keeps_numbers) t = scalar_on(device, t);
    } else {
      refuse_mixture(op, x, std::min(first, k), std::max(first, k));
    }
  }
}

void eval_settled(const char* op, bool keeps_numbers, void (*eval)(const void* p, Out x, Out y), const void* p, Out x,
                  Out y) {
  const OpOnDevice named(op);
  settle_on_device(op, x, keeps_numbers);
  eval(p, x, y);
}

}  // namespace strata
