// A formula of ops/elementwise/formulas.hpp as one kernel on a GPU, compiled in the user's file for each float dtype.
// Called by ops/elementwise/rows.hpp. Always holds: arguments are read once and results written once, several
// neighbouring elements at a time where memory allows it.
#pragma once
#include <span>

#include "strata/core/device_library.hpp"
#include "strata/ops/cuda/fused.hpp"
#include "strata/ops/cuda/lanes.hpp"
#include "strata/ops/cuda/launch_here.hpp"
#include "strata/ops/elementwise/formulas.hpp"

namespace strata::fused {

template <class Formula, class S, int lanes>
struct Kernel {
  gpu::FusedCall<Formula::inputs, Formula::outputs> c;
  Formula formula;
  int each;  // elements of one call, see elements_each

  using V = Plain<S>;
  using Row = gpu::Lanes<S, lanes>;

  /// Results of one element, as they are stored.
  struct Put {
    Row* y;
    int lane;
    STRATA_BOTH void operator()(int j, const Number<V>& r) { y[j].of[lane] = static_cast<S>(r.v.v); }
    STRATA_BOTH void operator()(int j, const Truth<V>& r) { y[j].of[lane] = static_cast<S>(V::from(r.v).v); }
    STRATA_BOTH void operator()(int j, const Tangent<V>& r) { y[j].of[lane] = static_cast<S>(r.or_zero().v); }
  };

  template <int j>
  STRATA_BOTH void write(const Row& y, std::int64_t first, int n) const {
    if (!c.y[j]) return;
    if constexpr (has(Formula::truths, j)) {
      gpu::Lanes<bool, lanes> truths;
      for (int l = 0; l < lanes; ++l) truths.of[l] = static_cast<typename V::T>(y.of[l]) != 0;
      gpu::write_lanes(c.y[j], truths, c.vector, first, n);
    } else {
      gpu::write_lanes(c.y[j], y, c.vector, first, n);
    }
  }
  template <std::size_t... k, std::size_t... j>
  STRATA_BOTH void run(std::int64_t first, int n, std::index_sequence<k...>, std::index_sequence<j...>) const {
    const Row x[] = {gpu::read_lanes<S, lanes>(c.axes, c.x[k], c.value[k], c.vector, first, n)...};
    Row y[Formula::outputs];
    for (int l = 0; l < lanes; ++l) {
      const V element[] = {V{static_cast<typename V::T>(x[k].of[l])}...};
      Put put{y, l};
      formula.run(element, put);
    }
    (write<static_cast<int>(j)>(y[j], first, n), ...);
  }
  STRATA_BOTH void operator()(std::int64_t i) const {
    const std::int64_t first = i * each, left = c.axes.size - first;
    run(first, left < each ? static_cast<int>(left) : each,
        std::make_index_sequence<static_cast<std::size_t>(Formula::inputs)>{},
        std::make_index_sequence<static_cast<std::size_t>(Formula::outputs)>{});
  }
};

/// Runs the formula on elements stored as S; `y` has a result for each of those wanted, in order.
template <class Formula, class S>
const char* launch(const Formula& formula, const gpu::AnyFusedCall& call, void* stream, int device) {
  constexpr int lanes = Formula::simple ? (sizeof(S) >= 8 ? 2 : 4) : 1;
  const int each = gpu::elements_each(call.axes, lanes);
  Kernel<Formula, S, lanes> kernel{{call.axes, call.vector, {}, {}, {}}, formula, each};
  for (int k = 0; k < Formula::inputs; ++k) {
    kernel.c.x[k] = call.x[k];
    std::copy_n(call.value[k], sizeof call.value[k], kernel.c.value[k]);
    const bool fits =
        gpu::one_element(call.axes, call.x[k]) || gpu::aligned_for(call.x[k].data, static_cast<int>(sizeof(S)) * lanes);
    kernel.c.vector = kernel.c.vector && fits;
  }
  int given = 0;
  for (int j = 0; j < Formula::outputs; ++j) kernel.c.y[j] = has(formula.wanted(), j) ? call.y[given++] : nullptr;
  return gpu::launch_here(stream, device, (call.axes.size + each - 1) / each, kernel);
}

/// The formula of dense x, of one float dtype, as one kernel.
template <class Formula>
void run_kernel(const Formula& formula, Out x, Out y) {
  const Dtype dtype = x[0].dtype();
  Dtype stored[Formula::outputs];
  std::size_t count = 0;
  for (int j = 0; j < Formula::outputs; ++j) {
    if (has(formula.wanted(), j)) stored[count++] = has(Formula::truths, j) ? Dtype::bool_ : dtype;
  }
  const gpu::AnyFusedCall call = gpu::plan_fused(x, {stored, count}, y);
  if (call.axes.size == 0 || count == 0) return;
  const Device device = device_of(x);
  void* stream = nullptr;
  const char* error = device_library("elementwise", device).stream_handle(device.index, &stream);
  if (!error && dtype == Dtype::float32) error = launch<Formula, float>(formula, call, stream, device.index);
  if (!error && dtype == Dtype::float64) error = launch<Formula, double>(formula, call, stream, device.index);
  if (!error && dtype == Dtype::bfloat16) error = launch<Formula, BFloat16>(formula, call, stream, device.index);
  if (!error && dtype == Dtype::float16) error = launch<Formula, Float16>(formula, call, stream, device.index);
  check_device("elementwise", device, error);
}

}  // namespace strata::fused
