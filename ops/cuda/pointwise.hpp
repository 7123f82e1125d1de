// One kernel for each pointwise op and dtype, made of the op's `scalar` formula, and lists of them. The lists are made
// in ops/cuda/NAME_formulas.cu, one for each ops/cpu/NAME.isa.cpp; ops/cuda/elements.cu looks into them.
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "strata/ops/cuda/elements.hpp"
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

/// What a formula computes with: halves in float.
template <class S>
using compute_t = std::conditional_t<std::is_same_v<S, BFloat16> || std::is_same_v<S, Float16>, float, S>;

/// Op D on stored elements of type S. One call of the functor does `lanes` neighbouring elements; where memory allows
/// it, each operand's are one load.
template <class D, class S, int lanes>
struct Pointwise {
  PointwiseCall c;
  bool vector;  // all operands lie as y does, at addresses that `lanes` elements need, or are one element

  using T = compute_t<S>;
  static constexpr bool truth = D::typing == Typing::predicate || D::typing == Typing::logical;
  using R = std::conditional_t<truth, bool, S>;
  template <class E>
  struct alignas(sizeof(E) * lanes) Lanes {
    E of[lanes];
  };
  template <int k>
  using In = std::conditional_t<D::typing == Typing::select && k == 0, bool, S>;

  /// Elements from `first` on that lie in one row of the innermost axis: there a step leads from one to the next.
  STRATA_BOTH std::int64_t left_in_row(std::int64_t first) const {
    if (c.axes.rank < 2 || lanes == 1) return lanes;
    const std::int64_t length = c.axes.shape[c.axes.rank - 1];
    return length - (first - quotient(first, length) * length);
  }

  template <int k>
  STRATA_BOTH Lanes<In<k>> read(std::int64_t first, int n) const {
    using E = In<k>;
    const Operand& x = c.x[k];
    const auto* data = static_cast<const E*>(x.data);
    const bool one = !data || (c.axes.rank == 1 && x.strides[0] == 0);  // the same for all
    if (vector && !one && n == lanes) return *reinterpret_cast<const Lanes<E>*>(data + first);
    Lanes<E> y;
    if (one) {
      const E value = data ? *data : *reinterpret_cast<const E*>(c.value[k]);
      for (int l = 0; l < lanes; ++l) y.of[l] = value;
      return y;
    }
    const std::int64_t at = offset_of(c.axes, x.strides, first), left = left_in_row(first);
    const std::int64_t step = c.axes.rank > 0 ? x.strides[c.axes.rank - 1] : 0;
    for (int l = 0; l < lanes; ++l)
      y.of[l] = data[l >= n ? at : l < left ? at + l * step : offset_of(c.axes, x.strides, first + l)];
    return y;
  }

  template <std::size_t... k>
  STRATA_BOTH void run(std::int64_t first, int n, std::index_sequence<k...>) const {
    compute(first, n, read<static_cast<int>(k)>(first, n)...);
  }
  template <class... X>
  STRATA_BOTH void compute(std::int64_t first, int n, const X&... x) const {
    Lanes<R> y;
    for (int l = 0; l < lanes; ++l) y.of[l] = static_cast<R>(formula(value(x.of[l])...));
    R* to = static_cast<R*>(c.y) + first;
    if (vector && n == lanes) {
      *reinterpret_cast<Lanes<R>*>(to) = y;
    } else {
      for (int l = 0; l < lanes; ++l) {
        if (l < n) to[l] = y.of[l];
      }
    }
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
    const std::int64_t first = i * lanes, left = c.axes.size - first;
    run(first, left < lanes ? static_cast<int>(left) : lanes,
        std::make_index_sequence<static_cast<std::size_t>(D::inputs)>{});
  }
};

/// Whether every operand with memory, and y, begin where `bytes` at once can be read.
inline bool vectors_fit(const PointwiseCall& c, int arity, int item, int out, int lanes, bool select) {
  const auto fits = [](const void* p, int bytes) {
    return reinterpret_cast<std::uintptr_t>(p) % static_cast<std::uintptr_t>(bytes) == 0;
  };
  bool all = c.plain && fits(c.y, out * lanes);
  for (int k = 0; k < arity; ++k) {
    const bool one = !c.x[k].data || (c.axes.rank == 1 && c.x[k].strides[0] == 0);
    all = all && (one || fits(c.x[k].data, (select && k == 0 ? 1 : item) * lanes));
  }
  return all;
}

template <class D, class S, int lanes>
Error launch_pointwise(int device, const PointwiseCall& call) {
  using Kernel = Pointwise<D, S, lanes>;
  const bool vector =
      vectors_fit(call, D::inputs, sizeof(S), sizeof(typename Kernel::R), lanes, D::typing == Typing::select);
  return for_each(device, (call.axes.size + lanes - 1) / lanes, Kernel{call, vector});
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
