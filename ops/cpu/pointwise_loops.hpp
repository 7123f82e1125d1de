// The loops of pointwise ops: KernelSet<D, isa> compiles D's formula for every dtype it takes, and its derivative's.
// Included only by the *.isa.cpp files, which are compiled once per instruction set; everything here lives in that
// set's namespace. Floats run in registers, the formula appearing once in a loop: full registers and the last, partial
// one take the same path, so that an element's value does not depend on where it lies.
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

/// How far ahead of itself a loop over registers asks for memory: with formulas of many instructions the processor sees
/// too few of the next loads by itself (10 % of erf, exp on what the second cache does not hold).
constexpr std::int64_t bytes_ahead = 2048;

/// One operand of a loop over registers.
template <class T>
struct Reader {
  using V = simd::Vec<T>;
  const T* p;
  V all;  // where step is 0
  bool one;
  __attribute__((always_inline)) Reader(const void* data, std::int64_t step)
      : p(static_cast<const T*>(data)), all(step == 0 ? V(*p) : V(T(0))), one(step == 0) {}
  __attribute__((always_inline)) V at(std::int64_t i, int rest) const {
    if (one) return all;
    __builtin_prefetch(reinterpret_cast<const char*>(p + i) + bytes_ahead);
    return rest < V::size ? V::load_n(p + i, rest) : V::load(p + i);
  }
};
template <class T>
struct BoolReader {
  using M = simd::Mask<T>;
  const std::uint8_t* p;
  M all;
  bool one;
  __attribute__((always_inline)) BoolReader(const void* data, std::int64_t step)
      : p(static_cast<const std::uint8_t*>(data)),
        all(simd::Vec<T>(T(*p != 0)) != simd::Vec<T>(T(0))),
        one(step == 0) {}
  __attribute__((always_inline)) M at(std::int64_t i, int rest) const {
    if (one) return all;
    return rest < M::size ? M::load_n(p + i, rest) : M::load(p + i);
  }
};

template <class V, class T>
__attribute__((always_inline)) inline void store(const V& v, T* y, int rest) {
  rest < V::size ? v.store_n(y, rest) : v.store(y);
}
template <class M>
__attribute__((always_inline)) inline void store(const M& m, bool* y, int rest) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(y);
  rest < M::size ? m.store_n(bytes, rest) : m.store(bytes);
}

/// Registers of T, any operands. R: T, or bool for predicates.
template <class D, class T, class R, std::size_t... K>
void register_loop(const void* params, R* y, const void* const* x, const std::int64_t* step, std::int64_t n,
                   std::index_sequence<K...>) {
  if (n <= 0) return;
  constexpr int size = simd::Vec<T>::size;
  const Reader<T> read[] = {{x[K], step[K]}...};
  for (std::int64_t i = 0; i < n; i += size) {
    const int rest = n - i < size ? static_cast<int>(n - i) : size;
    store(call_scalar<D>(params, read[K].at(i, rest)...), y + i, rest);
  }
}

/// Registers of T; every operand's step is known (bit k of Steps), for formulas so cheap that the tests would count.
template <class D, class T, int Steps, std::size_t... K>
void cheap_loop(const void* params, T* y, const void* const* x, std::int64_t n, std::index_sequence<K...>) {
  using V = simd::Vec<T>;
  const T* p[] = {static_cast<const T*>(x[K])...};
  const V all[] = {V(*p[K])...};
  const auto at = [&]<std::size_t k>(std::integral_constant<std::size_t, k>, std::int64_t i)
      __attribute__((always_inline)) {
    if constexpr ((Steps >> k & 1) != 0)
      return V::load(p[k] + i);
    else
      return all[k];
  };
  std::int64_t i = 0;
  for (; i + V::size <= n; i += V::size) {
    call_scalar<D>(params, at(std::integral_constant<std::size_t, K>{}, i)...).store(y + i);
  }
  if (i == n) return;
  const int rest = static_cast<int>(n - i);
  call_scalar<D>(params, (Steps >> K & 1) != 0 ? V::load_n(p[K] + i, rest) : all[K]...).store_n(y + i, rest);
}
template <class D, class T>
void cheap_loops(const void* params, T* y, const void* const* x, const std::int64_t* step, std::int64_t n) {
  constexpr auto ks = std::make_index_sequence<static_cast<std::size_t>(D::inputs)>{};
  if (n <= 0) return;
  if constexpr (D::inputs == 1) {
    if (step[0] == 1) return cheap_loop<D, T, 1>(params, y, x, n, ks);
    return cheap_loop<D, T, 0>(params, y, x, n, ks);
  } else {
    if (step[0] == 1 && step[1] == 1) return cheap_loop<D, T, 3>(params, y, x, n, ks);
    if (step[0] == 1) return cheap_loop<D, T, 1>(params, y, x, n, ks);
    if (step[1] == 1) return cheap_loop<D, T, 2>(params, y, x, n, ks);
    return cheap_loop<D, T, 0>(params, y, x, n, ks);
  }
}

/// Integers and bool, element by element: the compiler vectorises.
template <class D, class R, class T, std::size_t... K>
void element_loop(const void* params, R* y, const T* const* x, const std::int64_t* step, std::int64_t n,
                  std::index_sequence<K...>) {
  const T* const p[] = {x[K]...};
  if (((step[K] == 1) && ...)) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(call_scalar<D>(params, p[K][i]...));
    return;
  }
  if constexpr (D::inputs == 2) {
    if (n > 0 && step[0] == 1) {
      const T b = *p[1];
      for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(call_scalar<D>(params, p[0][i], b));
      return;
    }
    if (n > 0 && step[1] == 1) {
      const T a = *p[0];
      for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(call_scalar<D>(params, a, p[1][i]));
      return;
    }
  }
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(call_scalar<D>(params, p[K][i * step[K]]...));
}

/// where(c, a, b): by registers where they have lanes of T's size.
template <class D, class T>
void select_loop(const void* params, T* y, const void* const* x, const std::int64_t* step, std::int64_t n) {
  if constexpr (sizeof(T) >= 4) {
    if (n <= 0) return;
    constexpr int size = simd::Vec<T>::size;
    const BoolReader<T> c(x[0], step[0]);
    const Reader<T> a(x[1], step[1]), b(x[2], step[2]);
    for (std::int64_t i = 0; i < n; i += size) {
      const int rest = n - i < size ? static_cast<int>(n - i) : size;
      store(D::scalar(c.at(i, rest), a.at(i, rest), b.at(i, rest)), y + i, rest);
    }
  } else {
    (void)params;
    const auto* c = static_cast<const bool*>(x[0]);
    const auto* a = static_cast<const T*>(x[1]);
    const auto* b = static_cast<const T*>(x[2]);
    for (std::int64_t i = 0; i < n; ++i) y[i] = c[i * step[0]] ? a[i * step[1]] : b[i * step[2]];
  }
}

template <class D, class T>
void loop(const void* params, void* y, const void* const* x, const std::int64_t* step, std::int64_t n) {
  constexpr auto ks = std::make_index_sequence<static_cast<std::size_t>(D::inputs)>{};
  constexpr bool truth = D::typing == Typing::predicate || D::typing == Typing::logical;
  using R = std::conditional_t<truth, bool, T>;
  if constexpr (D::typing == Typing::select) {
    select_loop<D>(params, static_cast<T*>(y), x, step, n);
  } else if constexpr (std::is_floating_point_v<T> && D::cheap && !truth) {
    cheap_loops<D>(params, static_cast<T*>(y), x, step, n);
  } else if constexpr (std::is_floating_point_v<T>) {
    register_loop<D, T>(params, static_cast<R*>(y), x, step, n, ks);
  } else {
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

template <class D>
constexpr PointwiseKernels make_scaled_kernels() {
  if constexpr (HasScaled<D>)
    return make_kernels<Scaled<D>>();
  else
    return {};
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <class D, Isa I>
const PointwiseKernels KernelSet<D, I>::table = kernel::make_kernels<D>();
template <class D, Isa I>
const PointwiseKernels KernelSet<D, I>::scaled = kernel::make_scaled_kernels<D>();
}  // namespace strata
