// Pieces that reduction loops share, for one instruction set: what joins, a row in eight registers, rows added up
// column by column. Included by ops/cpu/reduce*.isa.cpp and normalize.isa.cpp only.
#pragma once
#include <limits>
#include <utility>

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
  static constexpr bool adds = true;
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

/// N lanes of S as the compiler's own vector; half of one.
template <class S, int N>
struct Lanes {
  typedef S type __attribute__((vector_size(N * sizeof(S))));
};
template <int First, class V, int... I>
STRATA_HD auto half_of(V v, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(v, v, (First + I)...);
}
/// The sum of N lanes as S, halves first.
template <class S, int N, class V>
STRATA_HD S add_lanes(V v) {
  if constexpr (N == 2) {
    return static_cast<S>(static_cast<S>(v[0]) + static_cast<S>(v[1]));
  } else {
    using Half = typename Lanes<S, N / 2>::type;
    constexpr std::make_integer_sequence<int, N / 2> half;
    return add_lanes<S, N / 2>(__builtin_convertvector(half_of<0>(v, half), Half) +
                               __builtin_convertvector(half_of<N / 2>(v, half), Half));
  }
}

/// All lanes in one state, halves first.
template <class M, class T>
STRATA_HD typename M::State fold(Vec<T> a) {
  if constexpr (requires { M::adds; }) {
    return add_lanes<typename M::State, Vec<T>::size>(a.v);
  } else {
    typename M::State lanes[Vec<T>::size];
    for (int i = 0; i < Vec<T>::size; ++i) lanes[i] = static_cast<typename M::State>(a[i]);
    for (int half = Vec<T>::size / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) lanes[i] = M::join(lanes[i], lanes[i + half]);
    }
    return lanes[0];
  }
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

}  // namespace STRATA_ISA
}  // namespace strata::kernel
