// The Pointwise family: y[i] = scalar(x0[i], x1[i], ...). One formula for every instruction set and device, one partial
// for both modes. Op structs derive from it (ops/arithmetic.hpp, ...); ops/cpu/pointwise.isa.cpp instantiates their
// loops, once per instruction set. Always holds: a wrapped argument has the full broadcast shape when a rule sees it;
// constants may be smaller.
#pragma once
#include "strata/core/cpu_isa.hpp"
#include "strata/core/host_device.hpp"
#include "strata/ops/family.hpp"

namespace strata {

/// How the result's dtype follows from the arguments' (after promotion).
///   same: it is theirs; inexact: integers become floats first; predicate: bool; logical: arguments become bool first,
///   result bool; select: argument 0 is bool, the rest promote and give the result's.
enum class Typing : std::uint8_t { same, inexact, predicate, logical, select };

/// Which dtypes the op takes, as a set.
enum Accepts : std::uint8_t { floats = 1, integers = 2, bools = 4, numbers = 3, anything = 7, bits = 6 };

/// y[i] = f(x_k[i * step_k]) for i < n; step is 0 (one element for all) or 1. A 0-step operand points at
/// `broadcast_width` equal elements.
using PointwiseLoop = void (*)(const void* params, void* y, const void* const* x, const std::int64_t* step,
                               std::int64_t n);
inline constexpr int broadcast_width = 16;

/// One loop per dtype; null where there is none. Half types run the float32 loop on converted tiles.
struct PointwiseKernels {
  PointwiseLoop loop[dtype_count];
};

/// What is pointwise about a pointwise op.
struct PointwiseInfo {
  std::string_view name;
  int arity;
  Typing typing;
  Accepts accepts;
  const PointwiseKernels& (*cpu)();
};

template <class D, Isa I>
struct KernelSet {
  static const PointwiseKernels table;
};

template <class D>
const PointwiseKernels& cpu_kernels() {
  switch (cpu_isa()) {
    case Isa::avx512:
      return KernelSet<D, Isa::avx512>::table;
    case Isa::avx2:
      return KernelSet<D, Isa::avx2>::table;
    default:
      return KernelSet<D, Isa::baseline>::table;
  }
}

/// d y / d x_k, one per argument. Undefined: zero. `one()`, `minus_one()`: the tangent itself, its negation.
template <int N>
using Partials = std::array<Tensor, static_cast<std::size_t>(N)>;
const Tensor& one();
const Tensor& minus_one();

/// Runs a dense pointwise op: broadcasts, allocates or takes over an argument's buffer, loops. ShapeError when shapes
/// do not broadcast.
void eval_pointwise(const PointwiseInfo& info, const void* params, Out x, Out y);
/// Brings arguments to their common dtype and applies the op. The entry of every pointwise function of the menu.
Tensor apply_pointwise(const Op& op, const PointwiseInfo& info, const void* params, Out x);
/// Rules of the family, out of line.
void batch_pointwise(const Op& op, const void* params, std::span<Lane> x, std::span<Lane> y);
Tensor combine_tangents(std::span<const Tensor> partials, In dx);
Tensor scale_cotangent(const Tensor& partial, const Tensor& g);

template <class D, int N>
struct Pointwise {
  using Params = NoParams;
  static constexpr std::string_view family = "pointwise";
  static constexpr int inputs = N;
  static constexpr int outputs = 1;
  static constexpr bool differentiable = true;
  static constexpr Typing typing = Typing::same;
  static constexpr Accepts accepts = floats;

  static void row_eval(const void* p, Out x, Out y) {
    static constexpr PointwiseInfo info = {D::name, D::inputs, D::typing, D::accepts, &cpu_kernels<D>};
    eval_pointwise(info, p, x, y);
  }
  static void row_jvp(const void* p, In x, In dx, In y, Out dy) {
    constexpr auto all = [] {
      std::array<bool, static_cast<std::size_t>(N)> a{};
      a.fill(true);
      return a;
    }();
    const auto partials = partials_of(p, x, y[0], Need{all.data()});
    dy[0] = combine_tangents(partials, dx);
  }
  static void row_vjp(const void* p, In x, In y, In g, Need need, Out dx) {
    const auto partials = partials_of(p, x, y[0], need);
    for (int i = 0; i < N; ++i) {
      const auto k = static_cast<std::size_t>(i);
      if (need[i] && partials[k].defined()) dx[k] = scale_cotangent(partials[k], g[0]);
    }
  }
  static void row_batch(const void* p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    batch_pointwise(row<D>, p, x, y);
  }

 private:
  static Partials<N> partials_of(const void* p, In x, const Tensor& y, Need need) {
    return [&]<std::size_t... I>(std::index_sequence<I...>)->Partials<N> {
      if constexpr (requires { D::partial(strata::family::params<D>(p), x[I]..., y, need); })
        return D::partial(strata::family::params<D>(p), x[I]..., y, need);
      else if constexpr (requires { D::partial(strata::family::params<D>(p), x[I]..., y); })
        return D::partial(strata::family::params<D>(p), x[I]..., y);
      else if constexpr (requires { D::partial(x[I]..., y, need); })
        return D::partial(x[I]..., y, need);
      else
        return D::partial(x[I]..., y);
    }
    (std::make_index_sequence<static_cast<std::size_t>(N)>{});
  }
};

/// A pointwise op whose derivative is zero wherever it exists (floor, comparisons, bit operations).
template <class D, int N>
struct PointwiseFlat : Pointwise<D, N> {
  static constexpr bool differentiable = false;
  static constexpr Keep keep = Keep::nothing;
  static void row_jvp(const void*, In, In, In, Out) {}
  static void row_vjp(const void*, In, In, In, Need, Out) {}
};

template <class D>
inline constexpr PointwiseInfo pointwise_info = {D::name, D::inputs, D::typing, D::accepts, &cpu_kernels<D>};

/// Applies pointwise op D: `return pointwise<Tanh>(std::move(x));`
template <class D, class... X>
requires(std::same_as<std::remove_cvref_t<X>, Tensor>&&...) Tensor pointwise(X&&... x) {
  static_assert(std::is_empty_v<typename D::Params>);
  constexpr typename D::Params p{};
  Tensor in[] = {std::forward<X>(x)...};
  return apply_pointwise(row<D>, pointwise_info<D>, &p, in);
}
template <class D, class... X>
Tensor pointwise_with(const typename D::Params& p, X&&... x) {
  Tensor in[] = {std::forward<X>(x)...};
  return apply_pointwise(row<D>, pointwise_info<D>, &p, in);
}

/// Samples every unary float op can share: a vector, a matrix, a scalar, an empty one, values in [low, high).
Samples unary_samples(Tensor (*f)(Tensor), double low = -2, double high = 2, Dtype dtype = Dtype::float32);
/// Samples for a binary op: equal shapes, broadcasting both ways, scalars, an empty one.
Samples binary_samples(Tensor (*f)(Tensor, Tensor), double low = -2, double high = 2, Dtype dtype = Dtype::float32);

}  // namespace strata
