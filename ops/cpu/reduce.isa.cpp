// The loops of reductions for one instruction set: rows (the reduced elements are contiguous) and columns (the kept
// ones are). Called through reduce_kernel(). Rows add up in eight registers, so the error grows like that of a short
// sum.
#include <limits>

#include "strata/ops/cpu/reduce_table.hpp"
#include "strata/ops/cpu/simd.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

using simd::Vec;

template <class T>
STRATA_HD constexpr T lowest() {
  if constexpr (std::is_floating_point_v<T>) return -std::numeric_limits<T>::infinity();
  return std::numeric_limits<T>::lowest();
}
template <class T>
STRATA_HD constexpr T highest() {
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::infinity();
  return std::numeric_limits<T>::max();
}

// ---- what is joined: an empty value, what an element contributes, how two join. V is Vec<T> or T.

template <class T>
struct Sum {
  using State = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  static constexpr T empty = T(0);
  template <class V>
  static STRATA_HD V part(V x) {
    return x;
  }
  static STRATA_HD Vec<T> join(Vec<T> a, Vec<T> b) { return a + b; }
  static STRATA_HD State join(State a, State b) { return static_cast<State>(a + b); }
  static STRATA_HD State one(T x) { return static_cast<State>(x); }
};
template <class T>
struct Squares : Sum<T> {
  using State = typename Sum<T>::State;
  template <class V>
  static STRATA_HD V part(V x) {
    return x * x;
  }
  static STRATA_HD State one(T x) { return static_cast<State>(x) * static_cast<State>(x); }
};
template <class T>
struct Magnitudes : Sum<T> {
  static STRATA_HD Vec<T> part(Vec<T> x) { return abs(x); }
  static STRATA_HD typename Sum<T>::State one(T x) { return abs(Vec<T>(x))[0]; }
};
template <class T>
struct Prod {
  using State = T;
  static constexpr T empty = T(1);
  template <class V>
  static STRATA_HD V part(V x) {
    return x;
  }
  static STRATA_HD Vec<T> join(Vec<T> a, Vec<T> b) { return a * b; }
  static STRATA_HD T join(T a, T b) { return static_cast<T>(a * b); }
  static STRATA_HD T one(T x) { return x; }
};
/// NaN wins.
template <class T>
struct Max {
  using State = T;
  static constexpr T empty = lowest<T>();
  template <class V>
  static STRATA_HD V part(V x) {
    return x;
  }
  static STRATA_HD Vec<T> join(Vec<T> a, Vec<T> b) {
    if constexpr (std::is_floating_point_v<T>) return select(a != a, a, max(a, b));
    return max(a, b);
  }
  static STRATA_HD T join(T a, T b) { return a > b || a != a ? a : b; }
  static STRATA_HD T one(T x) { return x; }
};
template <class T>
struct Min {
  using State = T;
  static constexpr T empty = highest<T>();
  template <class V>
  static STRATA_HD V part(V x) {
    return x;
  }
  static STRATA_HD Vec<T> join(Vec<T> a, Vec<T> b) {
    if constexpr (std::is_floating_point_v<T>) return select(a != a, a, min(a, b));
    return min(a, b);
  }
  static STRATA_HD T join(T a, T b) { return a < b || a != a ? a : b; }
  static STRATA_HD T one(T x) { return x; }
};

/// All lanes in one state, halves first.
template <class M, class T>
STRATA_HD typename M::State fold(Vec<T> a) {
  typename M::State lanes[Vec<T>::size];
  for (int i = 0; i < Vec<T>::size; ++i) lanes[i] = static_cast<typename M::State>(a[i]);
  for (int half = Vec<T>::size / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = M::join(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}

/// One row in eight registers; `part` is what an element contributes.
template <class M, class T, class F>
STRATA_HD Vec<T> row(const T* x, std::int64_t n, T rest, F part) {
  using V = Vec<T>;
  constexpr int size = V::size;
  V a(M::empty);
  std::int64_t i = 0;
  if (n >= 8 * size) {
    V s[8];
    for (int k = 0; k < 8; ++k) s[k] = part(V::load(x + k * size));
    for (i = 8 * size; i + 8 * size <= n; i += 8 * size) {
      for (int k = 0; k < 8; ++k) s[k] = M::join(s[k], part(V::load(x + i + k * size)));
    }
    for (int half = 4; half > 0; half /= 2) {
      for (int k = 0; k < half; ++k) s[k] = M::join(s[k], s[k + half]);
    }
    a = s[0];
  }
  for (; i + size <= n; i += size) a = M::join(a, part(V::load(x + i)));
  if (i < n) {
    const V tail = part(V::load_n(x + i, static_cast<int>(n - i), rest));
    a = M::join(a, tail);
  }
  return a;
}

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

/// acc[c] joined with rows' elements, four rows at a time: one pass over acc serves four streams.
template <class M, class T, class F>
STRATA_HD void add_rows(const T* x, std::int64_t stride, std::int64_t count, std::int64_t columns, T* acc, F part) {
  using V = Vec<T>;
  constexpr int size = V::size;
  const auto four = [&](const T* p, std::int64_t c, auto load) __attribute__((always_inline)) {
    const V a = M::join(part(load(p), c), part(load(p + stride), c));
    const V b = M::join(part(load(p + 2 * stride), c), part(load(p + 3 * stride), c));
    return M::join(a, b);
  };
  std::int64_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const T* p = x + r * stride;
    std::int64_t c = 0;
    for (; c + size <= columns; c += size) {
      const V v = four(
          p + c, c, [](const T* q) __attribute__((always_inline)) { return V::load(q); });
      M::join(V::load(acc + c), v).store(acc + c);
    }
    if (c < columns) {
      const int n = static_cast<int>(columns - c);
      const V v = four(
          p + c, c, [n](const T* q) __attribute__((always_inline)) { return V::load_n(q, n); });
      M::join(V::load(acc + c), v).store(acc + c);
    }
  }
  for (; r < count; ++r) {
    const T* p = x + r * stride;
    std::int64_t c = 0;
    for (; c + size <= columns; c += size) M::join(V::load(acc + c), part(V::load(p + c), c)).store(acc + c);
    if (c < columns) {
      const V v = V::load_n(p + c, static_cast<int>(columns - c));
      M::join(V::load(acc + c), part(v, c)).store(acc + c);
    }
  }
}

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

template <class M, class T>
void arg_merge(void* into, const void* from, std::int64_t n, std::int64_t base) {
  auto* a = static_cast<ArgState<T>*>(into);
  const auto* b = static_cast<const ArgState<T>*>(from);
  for (std::int64_t i = 0; i < n; ++i) {
    if (b[i].index < 0) continue;
    const bool keep = a[i].index >= 0 && (a[i].value != a[i].value || a[i].value == b[i].value ||
                                          (M::join(a[i].value, b[i].value) == a[i].value));
    if (!keep) a[i] = {b[i].value, b[i].index + base};
  }
}

// ---- moments: the mean of a piece, then the squared distances from it while the piece is in cache

template <class T>
void moment_rows(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n, void* state) {
  auto* out = static_cast<Moments*>(state);
  for (std::int64_t r = 0; r < count; ++r) {
    const T* p = static_cast<const T*>(x) + r * stride;
    if (n == 0) {
      out[r] = {0, 0, 0};
      continue;
    }
    const double sum = fold<Sum<T>>(row<Sum<T>>(
        p, n, T(0), [](Vec<T> v) __attribute__((always_inline)) { return v; }));
    const T mean = static_cast<T>(sum / static_cast<double>(n));
    const Vec<T> centre(mean);
    const double m2 = fold<Sum<T>>(row<Sum<T>>(
        p, n, mean, [centre](Vec<T> v) __attribute__((always_inline)) {
          const Vec<T> d = v - centre;
          return d * d;
        }));
    // The mean was rounded to T: what that moved the squares by is known exactly.
    const double exact = sum / static_cast<double>(n), moved = exact - static_cast<double>(mean);
    out[r] = {static_cast<double>(n), exact, m2 - moved * moved * static_cast<double>(n)};
    if (out[r].m2 < 0) out[r].m2 = 0;
  }
}

template <class T>
void moment_columns(const void* x, std::int64_t stride, std::int64_t count, std::int64_t width, void* state) {
  constexpr int block = 64;
  auto* out = static_cast<Moments*>(state);
  alignas(64) T sum[block], mean[block], m2[block];
  for (std::int64_t c = 0; c < width; c += block) {
    const T* p = static_cast<const T*>(x) + c;
    const std::int64_t n = width - c < block ? width - c : block;
    for (int i = 0; i < block; ++i) sum[i] = mean[i] = m2[i] = T(0);
    add_rows<Sum<T>>(
        p, stride, count, n, sum, [](Vec<T> v, std::int64_t) __attribute__((always_inline)) { return v; });
    for (int i = 0; i < block; ++i) mean[i] = sum[i] / static_cast<T>(count);
    add_rows<Sum<T>>(
        p, stride, count, n, m2, [&mean](Vec<T> v, std::int64_t at) __attribute__((always_inline)) {
          const Vec<T> d = v - Vec<T>::load(mean + at);
          return d * d;
        });
    for (std::int64_t i = 0; i < n; ++i) {
      const double exact = static_cast<double>(sum[i]) / static_cast<double>(count);
      const double moved = exact - static_cast<double>(mean[i]);
      const double squares = static_cast<double>(m2[i]) - moved * moved * static_cast<double>(count);
      out[c + i] = {static_cast<double>(count), exact, squares < 0 ? 0 : squares};
    }
  }
}

void moment_merge(void* into, const void* from, std::int64_t n, std::int64_t) {
  auto* a = static_cast<Moments*>(into);
  const auto* b = static_cast<const Moments*>(from);
  for (std::int64_t i = 0; i < n; ++i) {
    if (b[i].count == 0) continue;
    if (a[i].count == 0) {
      a[i] = b[i];
      continue;
    }
    const double count = a[i].count + b[i].count, d = b[i].mean - a[i].mean;
    a[i].m2 += b[i].m2 + d * d * (a[i].count / count) * b[i].count;
    a[i].mean += d * (b[i].count / count);
    a[i].count = count;
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
template <template <class> class M, class T>
constexpr ReduceKernel arg() {
  return {sizeof(ArgState<T>), &arg_rows<M<T>, T>, nullptr, &arg_merge<M<T>, T>};
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
  at(Reducer::argmax) = arg<Max, T>();
  at(Reducer::argmin) = arg<Min, T>();
  if constexpr (std::is_floating_point_v<T>)
    at(Reducer::moments) = {sizeof(Moments), &moment_rows<T>, &moment_columns<T>, &moment_merge};
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
