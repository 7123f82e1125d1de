// One kernel for each pointwise op and dtype, made of the op's `scalar` formula, and lists of them. The lists are made
// in ops/cuda/NAME_formulas.cu, one for each ops/cpu/NAME.isa.cpp; ops/cuda/elements.cu looks into them.
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "strata/ops/cuda/elements.hpp"
#include "strata/ops/cuda/lanes.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata::gpu {

/// The kernels of one op's formula and of its derivative's, by dtype of the operands.
struct Formula {
  std::string_view op;
  std::array<PointwiseLaunch, dtype_count> plain, scaled;
};
extern const std::span<const Formula> activation_formulas, arithmetic_formulas, bitwise_formulas, compare_formulas,
    exponential_formulas, losses_formulas, power_formulas, rounding_formulas, select_formulas, special_formulas,
    trigonometric_formulas;

/// Op D on stored elements of type S. One call of the functor does up to `lanes` neighbouring elements; where memory
/// allows it, each operand's are one load.
template <class D, class S, int lanes>
struct Pointwise {
  PointwiseCall c;
  bool vector;  // all operands lie as y does, at addresses that `lanes` elements need, or are one element
  int each;     // elements of one call, see elements_each

  using T = compute_t<S>;
  static constexpr bool truth = D::typing == Typing::predicate || D::typing == Typing::logical;
  using R = std::conditional_t<truth, bool, S>;
  template <int k>
  using In = std::conditional_t<D::typing == Typing::select && k == 0, bool, S>;

  template <std::size_t... k>
  STRATA_BOTH void run(std::int64_t first, int n, std::index_sequence<k...>) const {
    compute(first, n, read_lanes<In<k>, lanes>(c.axes, c.x[k], c.value[k], vector, first, n)...);
  }
  template <class... X>
  STRATA_BOTH void compute(std::int64_t first, int n, const X&... x) const {
    Lanes<R, lanes> y;
    for (int l = 0; l < lanes; ++l) y.of[l] = static_cast<R>(formula(value(x.of[l])...));
    write_lanes(c.y, y, vector, first, n);
  }
  STRATA_BOTH static bool value(bool b) { return b; }
  template <class E>
  requires(!std::is_same_v<E, bool>) STRATA_BOTH static compute_t<E> value(E e) { return static_cast<compute_t<E>>(e); }
  template <class... V>
  STRATA_BOTH auto formula(V... v) const {
    if constexpr (std::is_empty_v<typename D::Params>)
      return D::scalar(v...);
    else
      return D::scalar(*reinterpret_cast<const typename D::Params*>(c.params), v...);
  }
  STRATA_BOTH void operator()(std::int64_t i) const {
    const std::int64_t first = i * each, left = c.axes.size - first;
    run(first, left < each ? static_cast<int>(left) : each,
        std::make_index_sequence<static_cast<std::size_t>(D::inputs)>{});
  }
};

/// Whether every operand with memory, and y, begin where `bytes` at once can be read.
inline bool vectors_fit(const PointwiseCall& c, int arity, int item, int out, int lanes, bool select) {
  bool all = c.plain && aligned_for(c.y, out * lanes);
  for (int k = 0; k < arity; ++k)
    all = all && (one_element(c.axes, c.x[k]) || aligned_for(c.x[k].data, (select && k == 0 ? 1 : item) * lanes));
  return all;
}

template <class D, class S, int lanes>
Error launch_pointwise(int device, const PointwiseCall& call) {
  using Kernel = Pointwise<D, S, lanes>;
  const bool vector =
      vectors_fit(call, D::inputs, sizeof(S), sizeof(typename Kernel::R), lanes, D::typing == Typing::select);
  const int each = elements_each(call.axes, lanes);
  return for_each(device, (call.axes.size + each - 1) / each, Kernel{call, vector, each});
}

/// `dear` ops do one element at a time: their arithmetic outweighs their loads, and code for several is long.
template <class D, bool dear>
constexpr std::array<PointwiseLaunch, dtype_count> launches() {
  std::array<PointwiseLaunch, dtype_count> of{};
  const auto set = [&]<class S>(S) {
    constexpr int lanes = dear ? 1 : sizeof(S) >= 8 ? 2 : 4;
    of[static_cast<std::size_t>(dtype_of<S>())] = &launch_pointwise<D, S, lanes>;
  };
  if constexpr ((D::accepts & floats) != 0) set(float{}), set(double{}), set(BFloat16{}), set(Float16{});
  if constexpr ((D::accepts & integers) != 0 && D::typing != Typing::inexact && D::typing != Typing::logical) {
    set(std::uint8_t{}), set(std::uint16_t{}), set(std::uint32_t{}), set(std::uint64_t{});
    set(std::int8_t{}), set(std::int16_t{}), set(std::int32_t{}), set(std::int64_t{});
  }
  if constexpr ((D::accepts & bools) != 0) set(bool{});
  return of;
}

template <class D, bool dear>
constexpr Formula formula() {
  Formula f{D::name, launches<D, dear>(), {}};
  if constexpr (HasScaled<D>) f.scaled = launches<Scaled<D>, dear>();
  return f;
}

/// The formulas of several ops.
template <bool dear, class... D>
inline constexpr Formula formulas[] = {formula<D, dear>()...};

}  // namespace strata::gpu
