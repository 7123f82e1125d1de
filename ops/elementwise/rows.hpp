// A user's function of elements as an op: its kernels, its derivatives (kernels too, unless these are differentiated
// again: then ops on tensors, by the same formulas), its batching. Made by st::elementwise where a file is compiled for
// GPUs as well (ops/elementwise.hpp).
#pragma once
#include "strata/ops/elementwise/kernel.hpp"
#include "strata/ops/elementwise/traced.hpp"

namespace strata::fused {

struct PutTraced {
  Traced* y;
  STRATA_BOTH void operator()(int j, const Number<Traced>& r) { y[j] = r.v; }
  STRATA_BOTH void operator()(int j, const Truth<Traced>& r) { y[j] = r.v; }
  STRATA_BOTH void operator()(int j, const Tangent<Traced>& r) {
    if (r.moves) y[j] = r.d;
  }
};

/// A formula on tensors, op by op; what it does not put stays undefined.
template <class Formula>
std::array<Tensor, static_cast<std::size_t>(Formula::outputs)> by_ops(const Formula& formula, In x) {
  const Slate slate;
  Traced in[Formula::inputs];
  for (int k = 0; k < Formula::inputs; ++k) in[k].at = Traced::hold(x[static_cast<std::size_t>(k)]);
  Traced out[Formula::outputs];
  PutTraced put{out};
  formula.run(static_cast<const Traced*>(in), put);
  std::array<Tensor, static_cast<std::size_t>(Formula::outputs)> y;
  for (std::size_t j = 0; j < y.size(); ++j) {
    if (out[j].at >= 0) y[j] = out[j].tensor();
  }
  return y;
}

/// What the ops below share. Their parameters are the formula.
template <class D, class Formula>
struct FusedOp {
  using Params = Formula;
  static constexpr std::string_view family = "pointwise";
  static constexpr std::string_view name = "elementwise";
  static constexpr int inputs = Formula::inputs;
  static constexpr bool keeps_numbers = true;

  static void row_eval(const void* p, Out x, Out y) { run_kernel(*static_cast<const Formula*>(p), x, y); }
  static void row_batch(const void* p, std::span<Lane> x, std::span<Lane> y, Batch&) {
    Tensor in[Formula::inputs], out[Formula::outputs];
    const int axis = align_lanes(x, in);
    apply_broadcast(row<D>, p, in, Out(out, y.size()));
    for (std::size_t j = 0; j < y.size(); ++j) y[j] = {std::move(out[j]), axis};
  }
  static Samples samples() { return {}; }
};

/// A derivative of a user's function, of values that nobody differentiates.
template <class Formula>
struct Derivative : FusedOp<Derivative<Formula>, Formula> {
  static constexpr int outputs = -1;
  static constexpr bool differentiable = false;
  static constexpr Keep keep = Keep::nothing;
  static void row_jvp(const void*, In, In, In, Out) {}
  static void row_vjp(const void*, In, In, In, Need, Out) {}

  /// The formula's results, by one kernel if it may be; what is not wanted stays undefined.
  static auto of(const Formula& formula, Out in) {
    for (const Tensor& t : in) {
      if (!fusible(t)) return by_ops(formula, in);
    }
    std::array<Tensor, static_cast<std::size_t>(Formula::outputs)> y;
    Tensor out[Formula::outputs];
    const auto count = static_cast<std::size_t>(std::popcount(formula.wanted()));
    if (count == 0) return y;
    apply_broadcast(row<Derivative>, &formula, in, Out(out, count));
    for (std::size_t j = 0, next = 0; j < y.size(); ++j) {
      if (has(formula.wanted(), static_cast<int>(j))) y[j] = std::move(out[next++]);
    }
    return y;
  }
};

/// Puts `x` after `in[0..n)`; an undefined one as a zero. The bits of those defined.
inline unsigned append(Tensor* in, In x, Dtype dtype) {
  unsigned defined = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (x[k].defined()) defined |= 1u << k;
    in[k] = !x[k].defined() ? gpu::no_tangent(dtype) : x[k].dtype() == dtype ? x[k] : astype(x[k], dtype);
  }
  return defined;
}

template <class F, int N>
struct Function : FusedOp<Function<F, N>, Values<F, N>> {
  static constexpr int outputs = Values<F, N>::outputs;
  static constexpr bool differentiable = true;
  static constexpr Keep keep = Keep::inputs;

  static void row_jvp(const void* p, In x, In dx, In, Out dy) {
    Tensor in[2 * N];
    std::copy(x.begin(), x.end(), in);
    Tangents<F, N> tangents{*static_cast<const Values<F, N>*>(p), append(in + N, dx, x[0].dtype())};
    auto d = Derivative<Tangents<F, N>>::of(tangents, in);
    std::move(d.begin(), d.end(), dy.begin());
  }
  static void row_vjp(const void* p, In x, In, In g, Need need, Out dx) {
    Tensor in[N + outputs];
    std::copy(x.begin(), x.end(), in);
    const auto& values = *static_cast<const Values<F, N>*>(p);
    Cotangents<F, N> cotangents{values, 0, append(in + N, g, x[0].dtype()) & ~Values<F, N>::truths};
    for (int k = 0; k < N; ++k) cotangents.needed |= need[k] ? 1u << k : 0;
    auto d = Derivative<Cotangents<F, N>>::of(cotangents, in);
    for (int k = 0; k < N; ++k) {
      if (need[k]) dx[static_cast<std::size_t>(k)] = std::move(d[static_cast<std::size_t>(k)]);
    }
  }
};

}  // namespace strata::fused

namespace strata {

/// What st::elementwise makes of a struct in a file that is also compiled for GPUs.
template <class F>
class FusedFunction {
 public:
  explicit FusedFunction(F f) : f_(std::move(f)) {
    static_assert(std::is_trivially_copyable_v<F>,
                  "strata: what an elementwise function holds goes to the GPU as it is: numbers, no tensors");
  }
  template <class... X>
  auto operator()(const X&... x) const {
    static_assert((std::is_constructible_v<Tensor, const X&> && ...), "strata: elementwise takes tensors");
    static_assert(sizeof...(X) <= max_arguments, "strata: elementwise takes up to 8 arguments in a CUDA file");
    using Formula = fused::Values<F, static_cast<int>(sizeof...(X))>;
    static_assert(Formula::outputs <= max_arguments, "strata: elementwise gives up to 8 results in a CUDA file");
    const Formula formula{f_};
    Tensor in[] = {Tensor(x)...};
    std::array<Tensor, static_cast<std::size_t>(Formula::outputs)> y;
    gpu::settle_numbers(in);
    if (gpu::fuses(in)) {
      apply_broadcast(row<fused::Function<F, static_cast<int>(sizeof...(X))>>, &formula, in, y);
    } else {
      y = fused::by_ops(formula, in);
      gpu::spread(in, y);
    }
    return Formula::Results::arrange(y.data());
  }

 private:
  static constexpr int max_arguments = 8;
  F f_;
};

}  // namespace strata
