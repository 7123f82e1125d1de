// The loops of reductions for one instruction set: rows (the reduced elements are contiguous) and columns (the kept
// ones are). Called through reduce_kernel(). Rows add up in eight registers, so the error grows like that of a short
// sum.
#include "strata/ops/cpu/reduce_loops.hpp"
#include "strata/ops/cpu/reduce_table.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

/// Rows too short for a register: an element at a time, the rows' chains of operations overlap.
template <class M, class T, int N>
STRATA_HD void short_rows(const T* p, std::int64_t stride, std::int64_t count, typename M::State* out) {
  for (std::int64_t r = 0; r < count; ++r, p += stride) {
    typename M::State s = M::one(p[0]);
    for (int i = 1; i < N; ++i) s = M::join(s, M::one(p[i]));
    out[r] = s;
  }
}

template <class M, class T>
void rows(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n, void* state) {
  const T* p = static_cast<const T*>(x);
  auto* out = static_cast<typename M::State*>(state);
  if (n == 1) return short_rows<M, T, 1>(p, stride, count, out);
  if (n == 2) return short_rows<M, T, 2>(p, stride, count, out);
  if (n == 3) return short_rows<M, T, 3>(p, stride, count, out);
  if (n == 4) return short_rows<M, T, 4>(p, stride, count, out);
  for (std::int64_t r = 0; r < count; ++r, p += stride) {
    out[r] = fold<M>(row<M>(
        p, n, M::empty, [](Vec<T> v) __attribute__((always_inline)) { return M::part(v); }));
  }
}

inline constexpr int column_block = 512;

template <class M, class T>
void columns(const void* x, std::int64_t stride, std::int64_t count, std::int64_t width, void* state) {
  auto* out = static_cast<typename M::State*>(state);
  alignas(64) T acc[column_block];
  for (std::int64_t c = 0; c < width; c += column_block) {
    const std::int64_t n = width - c < column_block ? width - c : column_block;
    for (int i = 0; i < column_block; ++i) acc[i] = M::empty;
    add_rows<M>(
        static_cast<const T*>(x) + c, stride, count, n, acc,
        [](Vec<T> v, std::int64_t) __attribute__((always_inline)) { return M::part(v); });
    for (std::int64_t i = 0; i < n; ++i) out[c + i] = static_cast<typename M::State>(acc[i]);
  }
}

template <class M>
void merge(void* into, const void* from, std::int64_t n, std::int64_t) {
  auto* a = static_cast<typename M::State*>(into);
  const auto* b = static_cast<const typename M::State*>(from);
  for (std::int64_t i = 0; i < n; ++i) a[i] = M::join(a[i], b[i]);
}

// ---- bools: one byte each

struct Any {
  using State = std::uint8_t;
  static constexpr State empty = 0;
  static STRATA_HD State join(State a, State b) { return a | b; }
  static STRATA_HD int bytes(int a, int b) { return a | b; }
};
struct All {
  using State = std::uint8_t;
  static constexpr State empty = 1;
  static STRATA_HD State join(State a, State b) { return a & b; }
  static STRATA_HD int bytes(int a, int b) { return a & b; }
};
struct Count {
  using State = std::int64_t;
  static constexpr State empty = 0;
  static STRATA_HD State join(State a, State b) { return a + b; }
  static STRATA_HD int bytes(int a, int b) { return a + b; }
};

template <class M>
void byte_rows(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n, void* state) {
  constexpr int lanes = 64, most = 255;  // so many ones fit into a byte
  auto* out = static_cast<typename M::State*>(state);
  for (std::int64_t r = 0; r < count; ++r) {
    const auto* p = static_cast<const std::uint8_t*>(x) + r * stride;
    typename M::State total = M::empty;
    std::int64_t i = 0;
    while (i + lanes <= n) {
      std::uint8_t acc[lanes];
      for (int k = 0; k < lanes; ++k) acc[k] = M::empty;
      for (int t = 0; t < most && i + lanes <= n; ++t, i += lanes) {
        for (int k = 0; k < lanes; ++k) acc[k] = static_cast<std::uint8_t>(M::bytes(acc[k], p[i + k]));
      }
      for (int k = 0; k < lanes; ++k) total = M::join(total, acc[k]);
    }
    for (; i < n; ++i) total = M::join(total, p[i]);
    out[r] = total;
  }
}

template <class M>
void byte_columns(const void* x, std::int64_t stride, std::int64_t count, std::int64_t width, void* state) {
  auto* out = static_cast<typename M::State*>(state);
  for (std::int64_t c = 0; c < width; ++c) out[c] = M::empty;
  for (std::int64_t r = 0; r < count; ++r) {
    const auto* p = static_cast<const std::uint8_t*>(x) + r * stride;
    for (std::int64_t c = 0; c < width; ++c) out[c] = M::join(out[c], p[c]);
  }
}

// ---- argmax, argmin: the value first, then where it stands; the first of equal ones, NaN before all

template <class M, class T>
void arg_rows(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n, void* state) {
  using V = Vec<T>;
  auto* out = static_cast<ArgState<T>*>(state);
  for (std::int64_t r = 0; r < count; ++r) {
    const T* p = static_cast<const T*>(x) + r * stride;
    const T best = fold<M>(row<M>(
        p, n, M::empty, [](V v) __attribute__((always_inline)) { return v; }));
    std::int64_t i = 0;
    if (best == best) {
      for (; i + V::size <= n && !any(V::load(p + i) == V(best)); i += V::size) {
      }
      while (i < n && p[i] != best) ++i;
    } else {
      while (i < n && p[i] == p[i]) ++i;
    }
    out[r] = {best, n == 0 ? -1 : i};
  }
}

template <bool Largest, class T>
void arg_merge(void* into, const void* from, std::int64_t n, std::int64_t base) {
  auto* a = static_cast<ArgState<T>*>(into);
  const auto* b = static_cast<const ArgState<T>*>(from);
  for (std::int64_t i = 0; i < n; ++i) {
    if (b[i].index >= 0) strata::join<Largest>(a[i], ArgState<T>{b[i].value, b[i].index + base});
  }
}

// ---- the table

template <template <class> class M, class T>
constexpr ReduceKernel simple() {
  return {sizeof(typename M<T>::State), &rows<M<T>, T>, &columns<M<T>, T>, &merge<M<T>>};
}
template <class M>
constexpr ReduceKernel bytes() {
  return {sizeof(typename M::State), &byte_rows<M>, &byte_columns<M>, &merge<M>};
}
template <template <class> class M, bool Largest, class T>
constexpr ReduceKernel arg() {
  return {sizeof(ArgState<T>), &arg_rows<M<T>, T>, nullptr, &arg_merge<Largest, T>};
}

template <class T>
constexpr void fill_numbers(ReduceKernels& k) {
  const auto at = [&](Reducer r) -> ReduceKernel& {
    return k.of[static_cast<int>(r)][static_cast<int>(dtype_of<T>())];
  };
  at(Reducer::sum) = simple<Sum, T>();
  at(Reducer::prod) = simple<Prod, T>();
  at(Reducer::max) = simple<Max, T>();
  at(Reducer::min) = simple<Min, T>();
  at(Reducer::squares) = simple<Squares, T>();
  at(Reducer::magnitudes) = simple<Magnitudes, T>();
  at(Reducer::argmax) = arg<Max, true, T>();
  at(Reducer::argmin) = arg<Min, false, T>();
}

constexpr ReduceKernels make_reduce_kernels() {
  ReduceKernels k{};
  fill_numbers<float>(k);
  fill_numbers<double>(k);
  fill_numbers<std::int32_t>(k);
  fill_numbers<std::int64_t>(k);
  fill_numbers<std::uint32_t>(k);
  fill_numbers<std::uint64_t>(k);
  constexpr int b = static_cast<int>(Dtype::bool_);
  k.of[static_cast<int>(Reducer::any)][b] = bytes<Any>();
  k.of[static_cast<int>(Reducer::all)][b] = bytes<All>();
  k.of[static_cast<int>(Reducer::count)][b] = bytes<Count>();
  return k;
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const ReduceKernels ReduceSet<Isa::STRATA_ISA>::table = kernel::make_reduce_kernels();
}  // namespace strata
