// The Pointwise family: y[i] = scalar(x0[i], x1[i], ...). One formula for every instruction set and device, one
// derivative for both modes. Op structs derive from it (ops/arithmetic.hpp, ...); ops/cpu/NAME.isa.cpp instantiates
// their loops, once per instruction set. Always holds: a wrapped argument has the full broadcast shape when a rule sees
// it; constants may be smaller.
#pragma once
#include <atomic>

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

/// y[i] = f(x_k[i * step_k]) for i < n; step is 0 (one element for all) or 1.
using PointwiseLoop = void (*)(const void* params, void* y, const void* const* x, const std::int64_t* step,
                               std::int64_t n);

/// One loop per dtype; null where there is none. Half types run the float32 loop on converted tiles.
struct PointwiseKernels {
  PointwiseLoop loop[dtype_count];
};

/// Where the kernels of an op in a GPU's library are kept once they are found.
struct GpuSlots {
  std::atomic<const void*> of[dtype_count];
};
template <class D>
inline constinit GpuSlots gpu_slots{};

/// What is pointwise about a pointwise op.
struct PointwiseInfo {
  std::string_view name;
  int arity;
  Typing typing;
  Accepts accepts;
  const PointwiseKernels& (*cpu)();
  std::uint32_t params_size;  // not_plain: they cannot be copied as bytes
  bool cheap;                 // costs less to compute again than to store and read
  bool scaled;                // the formula is D::scaled
  GpuSlots* gpu;
};
inline constexpr std::uint32_t not_plain = ~std::uint32_t{0};
inline constexpr int max_arity = max_quick;
inline constexpr std::int64_t small_pointwise = 1024;  ///< elements up to which a result gets memory of its own
inline Dtype result_dtype(Typing typing, Dtype d) {
  return typing == Typing::predicate || typing == Typing::logical ? Dtype::bool_ : d;
}

/// The kernels of op D for one instruction set: of its formula, and of its derivative's (see Scaled).
template <class D, Isa I>
struct KernelSet {
  static const PointwiseKernels table, scaled;
};

template <class D>
struct Scaled;

// clang would have an extern template of each op and instruction set in sight of every user; those who instantiate the
// kernels (ops/cpu/*.isa.cpp) are linked or the program does not link.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
template <class D>
struct KernelsOf {
  template <Isa I>
  static const PointwiseKernels& on() {
    return KernelSet<D, I>::table;
  }
};
template <class D>
struct KernelsOf<Scaled<D>> {
  template <Isa I>
  static const PointwiseKernels& on() {
    return KernelSet<D, I>::scaled;
  }
};
#ifdef __clang__
#pragma clang diagnostic pop
#endif

template <class D>
const PointwiseKernels& cpu_kernels() {
#if STRATA_X86_ISAS
  if (cpu_isa() == Isa::avx512) return KernelsOf<D>::template on<Isa::avx512>();
  if (cpu_isa() == Isa::avx2) return KernelsOf<D>::template on<Isa::avx2>();
#endif
  return KernelsOf<D>::template on<Isa::baseline>();
}
template <class D>
constexpr std::uint32_t plain_params_size() {
  if (std::is_empty_v<typename D::Params>) return 0;
  return std::is_trivially_copyable_v<typename D::Params> ? std::uint32_t{sizeof(typename D::Params)} : not_plain;
}
template <class D>
inline constexpr PointwiseInfo pointwise_info = {D::name,    D::inputs,       D::typing,
                                                 D::accepts, &cpu_kernels<D>, plain_params_size<D>(),
                                                 D::cheap,   D::is_scaled,    &gpu_slots<D>};

/// d y / d x_k, one per argument. Undefined: zero. `one()`, `minus_one()`: the tangent itself, its negation.
template <int N>
using Partials = std::array<Tensor, static_cast<std::size_t>(N)>;
const Tensor& one();
const Tensor& minus_one();

/// The same for two arguments, of numbers or tensors; what is not wanted may be anything.
template <class T>
struct Slopes {
  T first, second;
};
struct Wanted {
  bool first = false, second = false;
};

/// Runs a dense pointwise op: broadcasts, allocates or takes over an argument's buffer, loops. ShapeError when shapes
/// do not broadcast.
void eval_pointwise(const PointwiseInfo& info, const void* params, Out x, Out y);
/// The same at once for the commonest call, a few elements: dense arguments of one shape and dtype, or numbers, of
/// which none gives its buffer. False, and nothing done, when the call is another.
bool eval_small(const PointwiseInfo& info, const void* params, const Impl* const* x, Tensor& y);
/// Brings arguments to their common dtype and applies the op. The entry of every pointwise function of the menu.
Tensor apply_pointwise(const Op& op, const PointwiseInfo& info, const void* params, Out x);
/// Rules of the family, out of line.
void batch_pointwise(const Op& op, const void* params, std::span<Lane> x, std::span<Lane> y);
/// The shape that x broadcast to. ShapeError naming `op` where they do not.
Shape common_shape(std::string_view op, In x);
/// Applies the op to arguments of settled dtypes; wrapped ones get the full shape first.
void apply_broadcast(const Op& op, const void* params, Out x, Out y);
/// Operands whose lanes lie on one axis, which is returned, and which broadcast as the logical ones do.
int align_lanes(std::span<Lane> x, Out in);
Tensor scale_cotangent(const Tensor& partial, const Tensor& g);
/// No tape and no dual holds x, and its elements are at hand or pending: a fused kernel may stand for several ops.
bool fusible(const Tensor& x);

template <class D, class... Q>
Tensor scaled_product(const Tensor& g, const Tensor& x, const Tensor& y, const Q&... q);

/// An op of N arguments states, beside `scalar`, one of
///   scaled(g, v...)             g times the derivative, N = 1, as a template like `scalar` (functions from
///   ops/formula.hpp).
///                               v is what the op keeps: x, y or x, y. It serves tangents and cotangents, as one fused
///                               kernel on plain values and as a composition of ops where these are differentiated
///                               again; with scaled_slope(g, v), d scaled / d v made of ops, as that kernel always.
///   slopes(a, b, y, want)       d y / d a and d y / d b, N = 2, as a template like `scaled`
///   partial(x..., y[, need])    d y / d x_k, one per argument, made of ops
///   products(g, x..., y, need)  g * d y / d x_k, one per argument, made of ops: where a product would be wrong or slow
/// each with the op's Params in front if it has any.
template <class D, int N>
struct Pointwise {
  using Params = NoParams;
  static constexpr std::string_view family = "pointwise";
  static constexpr int inputs = N;
  static constexpr int outputs = 1;
  static constexpr bool differentiable = true;
  static constexpr Typing typing = Typing::same;
  static constexpr Accepts accepts = floats;
  static constexpr bool takes_pending = true;
  static constexpr bool keeps_numbers = true;  ///< on a GPU too: kernels take scalars by value
  static constexpr bool is_scaled = false;
  static constexpr bool cheap = false;  ///< a loop of its own for each shape of operands: worth it for + and the like
  static constexpr bool cheap_scaled = false;  ///< so is `scaled`, though the formula is not

  static void row_eval(const void* p, Out x, Out y) { eval_pointwise(pointwise_info<D>, p, x, y); }
  static bool row_quick(const void* p, const Impl* const* x, Tensor& y) {
    return eval_small(pointwise_info<D>, p, x, y);
  }
  static void row_jvp(const void* p, In x, In dx, In y, Out dy) {
    for (int i = 0; i < N; ++i) {
      const auto k = static_cast<std::size_t>(i);
      if (!dx[k].defined()) continue;
      bool wanted[N] = {};
      wanted[i] = true;
      dy[0] = add_tangents(std::move(dy[0]), std::move(products_of(p, dx[k], x, y[0], Need{wanted})[k]));
    }
  }
  static void row_vjp(const void* p, In x, In y, In g, Need need, Out dx) {
    auto products = products_of(p, g[0], x, y[0], need);
    for (int i = 0; i < N; ++i) {
      if (need[i]) dx[static_cast<std::size_t>(i)] = std::move(products[static_cast<std::size_t>(i)]);
    }
  }
  static void row_batch(const void* p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    batch_pointwise(row<D>, p, x, y);
  }

 private:
  static Partials<N> products_of(const void* p, const Tensor& g, In x, const Tensor& y, Need need) {
    constexpr auto each = std::make_index_sequence<static_cast<std::size_t>(N)>{};
    if constexpr (std::is_empty_v<typename D::Params>)
      return products_with(each, g, x, y, need);
    else
      return products_with(each, g, x, y, need, strata::family::params<D>(p));
  }
  /// By whichever rule D states; q: its Params if it has any.
  template <std::size_t... I, class... Q>
  static Partials<N> products_with(std::index_sequence<I...>, const Tensor& g, In x, const Tensor& y, Need need,
                                   const Q&... q) {
    if constexpr (requires { D::products(q..., g, x[I]..., y, need); })
      return D::products(q..., g, x[I]..., y, need);
    else if constexpr (requires { D::partial(q..., x[I]..., y, need); })
      return scale_all(D::partial(q..., x[I]..., y, need), g, need);
    else if constexpr (requires { D::partial(q..., x[I]..., y); })
      return scale_all(D::partial(q..., x[I]..., y), g, need);
    else if constexpr (requires { D::slopes(x[I]..., y, Wanted{}); })
      return scale_slopes(D::slopes(x[I]..., y, Wanted{need[0], need[1]}), g, need);
    else
      return {scaled_product<D>(g, x[I]..., y, q...)};
  }
  static Partials<N> scale_slopes(Slopes<Tensor> d, const Tensor& g, Need need) {
    return scale_all({std::move(d.first), std::move(d.second)}, g, need);
  }
  static Partials<N> scale_all(Partials<N> partials, const Tensor& g, Need need) {
    for (int i = 0; i < N; ++i) {
      Tensor& d = partials[static_cast<std::size_t>(i)];
      d = need[i] && d.defined() ? scale_cotangent(d, g) : Tensor();
    }
    return partials;
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

/// Whether D states its derivative as `scaled`.
template <class D>
concept HasScaled = requires(const typename D::Params& p, float v) {
  requires requires { D::scaled(v, v); } || requires {
    D::scaled(v, v, v);
  } || requires {
    D::scaled(p, v, v);
  } || requires {
    D::scaled(p, v, v, v);
  };
};

/// Whether D states how `scaled` changes with what it keeps.
template <class D>
concept HasSlope = requires(const Tensor& t) {
  D::scaled_slope(t, t);
};

/// g, v... -> D::scaled(g, v...) as one kernel. Only scaled_product applies it: without a slope to values that nobody
/// differentiates.
template <class D>
struct Scaled : std::conditional_t<HasSlope<D>, Pointwise<Scaled<D>, 2>,
                                   PointwiseFlat<Scaled<D>, D::keep == Keep::both ? 3 : 2>> {
  using Params = typename D::Params;
  static constexpr std::string_view name = D::name;
  static constexpr Keep keep = HasSlope<D> ? Keep::inputs : Keep::nothing;
  static constexpr bool is_scaled = true;
  static constexpr bool cheap = D::keep != Keep::both && (D::cheap || D::cheap_scaled);
  template <class... A>
  STRATA_HD static auto scalar(const A&... a) {
    return D::scaled(a...);
  }
  static Partials<2> products(const Tensor& gy, const Tensor& g, const Tensor& v, const Tensor&,
                              Need need) requires HasSlope<D> {
    return {need[0] ? scaled_product<D>(gy, v, v) : Tensor(), need[1] ? D::scaled_slope(g, v) * gy : Tensor()};
  }
  static Samples samples() { return {}; }
};

template <class D, class... V>
Tensor scaled_kernel(const void* params, const Tensor& g, const V&... v) {
  Tensor in[] = {g, v...};
  return apply_pointwise(row<Scaled<D>>, pointwise_info<Scaled<D>>, params, in);
}
template <class D, class... Q>
Tensor scaled_product(const Tensor& g, const Tensor& x, const Tensor& y, const Q&... q) {
  const void* params = nullptr;
  ((params = &q), ...);
  if constexpr (D::keep == Keep::both) {
    if (fusible(g) && fusible(x) && fusible(y)) return scaled_kernel<D>(params, g, x, y);
    return D::scaled(q..., g, x, y);
  } else {
    const Tensor& v = D::keep == Keep::inputs ? x : y;
    if (HasSlope<D> || (fusible(g) && fusible(v))) return scaled_kernel<D>(params, g, v);
    return D::scaled(q..., g, v);
  }
}

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

/// a op b for named tensors and temporaries.
template <class D>
Tensor pointwise_operator(Operand& a, Operand& b) {
  const Impl* in[] = {a.impl(), b.impl()};
  Tensor y;
  if (quick(row<D>, nullptr, in, y)) [[likely]]
    return y;
  return pointwise<D>(a.take(), b.take());
}

/// Samples every unary float op can share: a vector, a matrix, a scalar, an empty one, values in [low, high).
Samples unary_samples(Tensor (*f)(Tensor), double low = -2, double high = 2, Dtype dtype = Dtype::float32);
/// Samples for a binary op: equal shapes, broadcasting both ways, scalars, an empty one.
Samples binary_samples(Tensor (*f)(Tensor, Tensor), double low = -2, double high = 2, Dtype dtype = Dtype::float32);

}  // namespace strata
