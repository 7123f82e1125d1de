// The loops of pointwise ops: `make_kernels<D>()` compiles D's formula for every dtype it takes.
// Included only by the *.isa.cpp files, which are compiled once per instruction set; everything here lives in that
// set's namespace.
#pragma once
#include "strata/ops/cpu/simd.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

template <class D, class... X>
__attribute__((always_inline)) inline auto call_scalar(const void* params, X... x) {
  if constexpr (std::is_empty_v<typename D::Params>)
    return D::scalar(x...);
  else
    return D::scalar(*static_cast<const typename D::Params*>(params), x...);
}

/// float and double, in vectors. Tails go through masked loads.
template <class D, class T, std::size_t... K>
void vector_loop(const void* params, T* y, const void* const* x, const std::int64_t* step, std::int64_t n,
                 std::index_sequence<K...>) {
  using V = simd::Vec<T>;
  const T* p[] = {static_cast<const T*>(x[K])...};
  std::int64_t i = 0;
  for (; i + V::size <= n; i += V::size) call_scalar<D>(params, V::load(p[K] + i * step[K])...).store(y + i);
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    call_scalar<D>(params, V::load_n(p[K] + i * step[K], rest)...).store_n(y + i, rest);
  }
}

/// Everything else, element by element: the compiler vectorises. Three shapes of operands are worth a loop of their
/// own.
template <class D, class R, class T, std::size_t... K>
void element_loop(const void* params, R* y, const T* const* p, const std::int64_t* step, std::int64_t n,
                  std::index_sequence<K...>) {
  if (((step[K] == 1) && ...)) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(call_scalar<D>(params, p[K][i]...));
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(call_scalar<D>(params, p[K][i * step[K]]...));
  }
}

template <class D, class T>
void select_loop(T* y, const void* const* x, const std::int64_t* step, std::int64_t n) {
  const auto* c = static_cast<const bool*>(x[0]);
  const auto* a = static_cast<const T*>(x[1]);
  const auto* b = static_cast<const T*>(x[2]);
  if (step[0] == 1 && step[1] == 1 && step[2] == 1) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = c[i] ? a[i] : b[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = c[i * step[0]] ? a[i * step[1]] : b[i * step[2]];
  }
}

template <class D, class T>
void loop(const void* params, void* y, const void* const* x, const std::int64_t* step, std::int64_t n) {
  constexpr auto ks = std::make_index_sequence<static_cast<std::size_t>(D::inputs)>{};
  if constexpr (D::typing == Typing::select) {
    select_loop<D>(static_cast<T*>(y), x, step, n);
  } else if constexpr (std::is_floating_point_v<T> && D::typing != Typing::predicate) {
    vector_loop<D>(params, static_cast<T*>(y), x, step, n, ks);
  } else {
    using R = std::conditional_t<D::typing == Typing::predicate || D::typing == Typing::logical, bool, T>;
    const T* p[D::inputs];
    for (int k = 0; k < D::inputs; ++k) p[k] = static_cast<const T*>(x[k]);
    element_loop<D>(params, static_cast<R*>(y), p, step, n, ks);
  }
}

template <class D>
constexpr PointwiseKernels make_kernels() {
  PointwiseKernels k{};
  const auto set = [&]<class T>(T) { k.loop[static_cast<int>(dtype_of<T>())] = &loop<D, T>; };
  if constexpr ((D::accepts & floats) != 0) set(float{}), set(double{});
  if constexpr ((D::accepts & integers) != 0 && D::typing != Typing::inexact && D::typing != Typing::logical) {
    set(std::uint8_t{}), set(std::uint16_t{}), set(std::uint32_t{}), set(std::uint64_t{});
    set(std::int8_t{}), set(std::int16_t{}), set(std::int32_t{}), set(std::int64_t{});
  }
  if constexpr ((D::accepts & bools) != 0) set(bool{});
  return k;
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <class D, Isa I>
const PointwiseKernels KernelSet<D, I>::table = kernel::make_kernels<D>();
}  // namespace strata
