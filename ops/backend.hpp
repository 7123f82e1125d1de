// The seam between ops and devices: for each device a row of coarse kernels on dense tensors. Ops say
// `backend(x).reductions.scan(...)` and never ask where x lies. Implemented by ops/cpu and ops/cuda.
// Always holds: when an op's eval runs, all its arguments lie on one device (numbers aside, see settle_devices), and
// work on its streams is ordered (core/device_library.hpp). Kernels check nothing that the op has checked.
#pragma once
#include <unordered_map>

#include "strata/ops/backend/elements.hpp"
#include "strata/ops/backend/linalg.hpp"
#include "strata/ops/backend/products.hpp"
#include "strata/ops/backend/random.hpp"
#include "strata/ops/backend/reductions.hpp"
#include "strata/ops/backend/slices.hpp"
#include "strata/ops/backend/sorting.hpp"
#include "strata/ops/backend/windows.hpp"

namespace strata {

struct Backend {
  const ElementKernels& elements;
  const ReductionsKernels& reductions;
  const SortingKernels& sorting;
  const SlicesKernels& slices;
  const ProductsKernels& products;
  const WindowsKernels& windows;
  const LinalgKernels& linalg;
  const RandomKernels& random;
};

extern const Backend cpu_backend, cuda_backend;

inline const Backend& backend(Device device) { return device.kind == Device::Kind::cpu ? cpu_backend : cuda_backend; }
/// The kernels of the device that dense x lies on.
inline const Backend& backend(const Tensor& x) { return backend(dense(x).device); }
/// Tensors that a recorded graph reads and has not made, by the root of their memory: they live as long as it does.
using KeptForGraph = std::unordered_map<const void*, Tensor>;
namespace detail {
/// Of the graph that this thread records, null when it records none.
extern thread_local KeptForGraph* kept_for_graph;
/// No other thread's stream may still read x, nor a graph when it is replayed.
bool only_this_stream(const Tensor& x);
}  // namespace detail
/// A kernel may write its result over x: nobody else sees it, and nothing else may still read it.
inline bool may_overwrite(const Tensor& x) {
  return donatable(x) && (dense(x).device == cpu || detail::only_this_stream(x));
}

}  // namespace strata
