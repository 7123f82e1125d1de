// Sliding windows over tensors of a GPU (ops/backend/windows.hpp): row-major operands and merged axes for the kernels
// of ops/cuda/windows.cu. Called through backend(x).windows.
#include "strata/ops/backend/windows.hpp"

#include "strata/ops/cuda/pooling.hpp"
#include "strata/ops/cuda/tensors.hpp"
#include "strata/ops/lane.hpp"

namespace strata {
namespace {

using namespace gpu;

/// Windows of one element that lie side by side.
bool trivial(const WindowGeometry& g, int i) {
  return g.window[i] == 1 && g.plan.strides[i] == 1 && g.plan.low[i] == 0 && g.plan.base_dilation[i] == 1 &&
         g.base[i] == g.plan.result[i];
}

/// The geometry, trivial neighbours merged, but not across axis `at`.
WindowCall call_of(WindowWork work, const WindowGeometry& g, int at) {
  WindowCall c{};
  c.work = work;
  c.bases = c.windows = c.results = c.inner = 1;
  bool last_trivial = false;
  for (int i = 0; i < g.base.size(); ++i) {
    c.bases *= g.base[i], c.windows *= g.window[i], c.results *= g.plan.result[i];
    if (i >= at) c.inner *= g.plan.result[i];
    const bool is_trivial = trivial(g, i);
    if (is_trivial && last_trivial && i != at) {
      c.base[c.rank - 1] *= g.base[i];
      c.result[c.rank - 1] *= g.base[i];
      continue;
    }
    const int d = c.rank++;
    c.base[d] = g.base[i], c.window[d] = g.window[i], c.result[d] = g.plan.result[i];
    c.stride[d] = g.plan.strides[i], c.low[d] = g.plan.low[i];
    c.base_dilation[d] = g.plan.base_dilation[i], c.window_dilation[d] = g.plan.window_dilation[i];
    last_trivial = is_trivial;
  }
  return c;
}

Tensor run(WindowCall c, const Tensor& x, const Shape& shape, Dtype dtype, bool weak, const Tensor& which = {}) {
  const Tensor from = pack(x), places = which.defined() ? pack(which) : Tensor();
  Tensor y = empty_dense(shape, dtype, x.device(), weak);
  if (y.size() == 0) return y;
  c.dtype = x.dtype();
  c.from = dense(from).data;
  c.which = places.defined() ? reinterpret_cast<const std::int32_t*>(dense(places).data) : nullptr;
  c.to = dense(y).data;
  check("windows", x, kernels(x).windows.run(index_of(x), c));
  return y;
}

Tensor window_sum(const WindowGeometry& g, const Tensor& x) {
  return run(call_of(WindowWork::sum, g, 0), x, g.plan.result, x.dtype(), x.weak());
}
Tensor window_spread(const WindowGeometry& g, const Tensor& y) {
  return run(call_of(WindowWork::spread, g, 0), y, g.base, y.dtype(), y.weak());
}
Tensor window_extremum(const WindowGeometry& g, bool smallest, const Tensor& x) {
  if (const Tensor y = smallest ? Tensor() : pool(PoolWork::largest, g, x); y.defined()) return y;
  return run(call_of(smallest ? WindowWork::smallest : WindowWork::largest, g, 0), x, g.plan.result, x.dtype(),
             x.weak());
}
Tensor window_arg(const WindowGeometry& g, bool smallest, const Tensor& x) {
  return run(call_of(smallest ? WindowWork::arg_smallest : WindowWork::arg_largest, g, 0), x, g.plan.result,
             Dtype::int32, false);
}
Tensor window_mean(const WindowGeometry& g, bool padding_counts, const Tensor& x) {
  return pool(padding_counts ? PoolWork::mean : PoolWork::inner_mean, g, x);
}
Tensor window_pick(const WindowGeometry& g, const Tensor& x, const Tensor& which) {
  return run(call_of(WindowWork::pick, g, 0), x, g.plan.result, x.dtype(), x.weak(), which);
}
Tensor window_place(const WindowGeometry& g, const Tensor& y, const Tensor& which) {
  return run(call_of(WindowWork::place, g, 0), y, g.base, y.dtype(), y.weak(), which);
}
Tensor window_unfold(const WindowGeometry& g, int at, const Tensor& x) {
  Shape shape = g.plan.result;
  shape.insert(at, g.window.elements());
  return run(call_of(WindowWork::unfold, g, at), x, shape, x.dtype(), x.weak());
}
Tensor window_fold(const WindowGeometry& g, int at, const Tensor& y) {
  return run(call_of(WindowWork::fold, g, at), y, g.base, y.dtype(), y.weak());
}

}  // namespace

const WindowsKernels cuda_windows{&window_sum,  &window_spread, &window_extremum, &window_arg, &window_mean,
                                  &window_pick, &window_place,  &window_unfold,   &window_fold};

}  // namespace strata
