// The loops of softmax, normalisations and their derivatives over one contiguous row, for one instruction set. Sums run
// in registers of the element's type and join in double.
#include "strata/ops/cpu/normalize.hpp"

#include "strata/ops/cpu/reduce_loops.hpp"
#include "strata/ops/math.hpp"
#include "strata/ops/row_formulas.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

template <class T>
STRATA_HD const T* operand(const RowCall& c, int k) {
  return static_cast<const T*>(c.x[k]);
}

/// y[i] = f(i, a[i], b[i]) over a row, tails masked; absent operands (null) are not read.
template <class T, class F>
STRATA_HD void map_row(const T* a, const T* b, T* y, std::int64_t n, F f) {
  using V = Vec<T>;
  std::int64_t i = 0;
  for (; i + V::size <= n; i += V::size) f(V::load(a + i), b ? V::load(b + i) : V(0), i, int(V::size)).store(y + i);
  if (i < n) {
    const int m = static_cast<int>(n - i);
    f(V::load_n(a + i, m), b ? V::load_n(b + i, m) : V(0), i, m).store_n(y + i, m);
  }
}

/// Sum of f(a[i], b[i]) over a row, in four registers. f of zeros must be zero.
template <class T, class F>
STRATA_HD double sum_row(const T* a, const T* b, std::int64_t n, F f) {
  using V = Vec<T>;
  V s[4] = {V(0), V(0), V(0), V(0)};
  std::int64_t i = 0;
  for (; i + 4 * V::size <= n; i += 4 * V::size) {
    for (int k = 0; k < 4; ++k) s[k] += f(V::load(a + i + k * V::size), V::load(b + i + k * V::size));
  }
  for (; i + V::size <= n; i += V::size) s[0] += f(V::load(a + i), V::load(b + i));
  if (i < n) {
    const int m = static_cast<int>(n - i);
    s[1] += f(V::load_n(a + i, m), V::load_n(b + i, m));
  }
  return fold<Sum<T>>((s[0] + s[1]) + (s[2] + s[3]));
}

template <class T>
STRATA_HD T largest(const T* x, std::int64_t n) {
  return fold<Max<T>>(row<Max<T>>(
      x, n, Max<T>::empty, [](Vec<T> v) __attribute__((always_inline)) { return v; }));
}

template <class T>
STRATA_HD void fill(T* y, std::int64_t n, T value) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = value;
}

template <class T>
void softmax(const RowCall& c) {
  using V = Vec<T>;
  const T* x = operand<T>(c, 0);
  T* y = static_cast<T*>(c.y);
  const T top = largest(x, c.n);
  if (c.flag && top == lowest<T>()) return fill(y, c.n, T(0));
  const V centre(top);
  V s[2] = {V(0), V(0)};
  std::int64_t i = 0;
  for (; i + 2 * V::size <= c.n; i += 2 * V::size) {
    const V a = math::exp(V::load(x + i) - centre), b = math::exp(V::load(x + i + V::size) - centre);
    a.store(y + i);
    b.store(y + i + V::size);
    s[0] += a;
    s[1] += b;
  }
  for (; i < c.n; i += V::size) {
    const int m = static_cast<int>(c.n - i < V::size ? c.n - i : V::size);
    const V a = m == V::size ? V::load(x + i) : V::load_n(x + i, m, lowest<T>());
    const V e = math::exp(a - centre);
    if (m == V::size)
      e.store(y + i);
    else
      e.store_n(y + i, m);
    s[0] += e;
  }
  const V scale(static_cast<T>(1 / fold<Sum<T>>(s[0] + s[1])));
  map_row<T>(
      y, nullptr, y, c.n, [scale](V v, V, std::int64_t, int) __attribute__((always_inline)) { return v * scale; });
}

template <class T>
void log_softmax(const RowCall& c) {
  using V = Vec<T>;
  const T* x = operand<T>(c, 0);
  T* y = static_cast<T*>(c.y);
  const T top = largest(x, c.n);
  if (c.flag && top == lowest<T>()) return fill(y, c.n, top);
  const V centre(top);
  const double sum = fold<Sum<T>>(row<Sum<T>>(
      x, c.n, lowest<T>(), [centre](V v) __attribute__((always_inline)) { return math::exp(v - centre); }));
  const V log_sum(static_cast<T>(math::log(sum)));
  map_row<T>(
      x, nullptr, y, c.n, [ centre, log_sum ](V v, V, std::int64_t, int) __attribute__((always_inline)) {
        return rows::log_softmax(v, centre, log_sum);
      });
}

template <class T>
void softmax_pull(const RowCall& c) {
  using V = Vec<T>;
  const T *p = operand<T>(c, 0), *t = operand<T>(c, 1);
  const V dot(static_cast<T>(sum_row<T>(
      p, t, c.n, [](V a, V b) __attribute__((always_inline)) { return a * b; })));
  map_row<T>(
      p, t, static_cast<T*>(c.y),
      c.n, [dot](V a, V b, std::int64_t, int) __attribute__((always_inline)) { return rows::softmax_pull(a, b, dot); });
}

template <class T>
void log_softmax_push(const RowCall& c) {
  using V = Vec<T>;
  const T *y = operand<T>(c, 0), *t = operand<T>(c, 1);
  const V dot(static_cast<T>(sum_row<T>(
      y, t, c.n, [](V a, V b) __attribute__((always_inline)) { return math::exp(a) * b; })));
  map_row<T>(
      t, nullptr, static_cast<T*>(c.y),
      c.n, [dot](V b, V, std::int64_t, int) __attribute__((always_inline)) { return rows::log_softmax_push(b, dot); });
}

template <class T>
void log_softmax_pull(const RowCall& c) {
  using V = Vec<T>;
  const T *y = operand<T>(c, 0), *t = operand<T>(c, 1);
  const V total(static_cast<T>(sum_row<T>(
      t, t, c.n, [](V a, V) __attribute__((always_inline)) { return a; })));
  map_row<T>(
      y, t, static_cast<T*>(c.y), c.n, [total](V a, V b, std::int64_t, int) __attribute__((always_inline)) {
        return rows::log_softmax_pull(a, b, total);
      });
}

/// Mean (0 when `flag` says so) and 1 / sqrt(var + eps) of a row.
template <class T>
struct Spread {
  T mean, scale;
};
template <class T>
STRATA_HD Spread<T> spread_of(const RowCall& c) {
  using V = Vec<T>;
  const T* x = operand<T>(c, 0);
  const double n = static_cast<double>(c.n);
  T mean = 0;
  if (!c.flag) {
    mean = static_cast<T>(fold<Sum<T>>(row<Sum<T>>(
                              x, c.n, T(0), [](V v) __attribute__((always_inline)) { return v; })) /
                          n);
  }
  const V centre(mean);
  const double m2 = fold<Sum<T>>(row<Sum<T>>(
      x, c.n, mean, [centre](V v) __attribute__((always_inline)) { return (v - centre) * (v - centre); }));
  return {mean, static_cast<T>(1 / __builtin_sqrt(m2 / n + c.eps))};
}

template <class T>
void standardize(const RowCall& c) {
  using V = Vec<T>;
  const T *x = operand<T>(c, 0), *scale = operand<T>(c, 1), *bias = operand<T>(c, 2);
  T* y = static_cast<T*>(c.y);
  const Spread<T> s = spread_of<T>(c);
  const V mean(s.mean), r(s.scale);
  if (!scale) {
    map_row<T>(
        x, nullptr, y, c.n, [ mean, r ](V v, V, std::int64_t, int) __attribute__((always_inline)) {
          return rows::standardize(v, mean, r);
        });
  } else if (!bias) {
    map_row<T>(
        x, scale, y, c.n, [ mean, r ](V v, V g, std::int64_t, int) __attribute__((always_inline)) {
          return rows::standardize(v, mean, r) * g;
        });
  } else {
    map_row<T>(
        x, scale, y, c.n, [ mean, r, bias ](V v, V g, std::int64_t i, int m) __attribute__((always_inline)) {
          const V b = m == V::size ? V::load(bias + i) : V::load_n(bias + i, m);
          return rows::standardize(v, mean, r) * g + b;
        });
  }
}

template <class T>
void standardize_pull(const RowCall& c) {
  using V = Vec<T>;
  const T *x = operand<T>(c, 0), *t = operand<T>(c, 1);
  const Spread<T> s = spread_of<T>(c);
  const V mean(s.mean), r(s.scale);
  const double n = static_cast<double>(c.n);
  const double sum = c.flag ? 0
                            : sum_row<T>(
                                  t, t, c.n, [](V a, V) __attribute__((always_inline)) { return a; });
  const double dot = sum_row<T>(
      x, t, c.n, [ mean, r ](V v, V g) __attribute__((always_inline)) { return rows::standardize(v, mean, r) * g; });
  const V shift(static_cast<T>(sum / n)), slope(static_cast<T>(dot / n));
  map_row<T>(
      x, t, static_cast<T*>(c.y), c.n,
      [ mean, r, shift, slope ](V v, V g, std::int64_t, int)
          __attribute__((always_inline)) { return rows::standardize_pull(v, g, mean, r, shift, slope); });
}

template <class T>
void share(const RowCall& c) {
  using V = Vec<T>;
  const T* x = operand<T>(c, 0);
  const auto itself = [](V v) __attribute__((always_inline)) { return v; };
  const V top(c.flag ? fold<Min<T>>(row<Min<T>>(x, c.n, Min<T>::empty, itself))
                     : fold<Max<T>>(row<Max<T>>(x, c.n, Max<T>::empty, itself)));
  T count = 0;
  for (std::int64_t i = 0; i < c.n; ++i) count += x[i] == top[0] ? T(1) : T(0);
  const V part(T(1) / count);
  map_row<T>(
      x, nullptr, static_cast<T*>(c.y), c.n, [ top, part ](V v, V, std::int64_t, int) __attribute__((always_inline)) {
        return select(v == top, part, part - part);
      });
}

template <class T>
constexpr void fill_row_kernels(RowKernels& k) {
  constexpr int d = sizeof(T) == 8;
  const auto set = [&](RowOp op, RowLoop loop) { k.of[static_cast<int>(op)][d] = loop; };
  set(RowOp::softmax, &softmax<T>);
  set(RowOp::log_softmax, &log_softmax<T>);
  set(RowOp::softmax_pull, &softmax_pull<T>);
  set(RowOp::log_softmax_push, &log_softmax_push<T>);
  set(RowOp::log_softmax_pull, &log_softmax_pull<T>);
  set(RowOp::standardize, &standardize<T>);
  set(RowOp::standardize_pull, &standardize_pull<T>);
  set(RowOp::share, &share<T>);
}

constexpr RowKernels make_row_kernels() {
  RowKernels k{};
  fill_row_kernels<float>(k);
  fill_row_kernels<double>(k);
  return k;
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const RowKernels RowSet<Isa::STRATA_ISA>::table = kernel::make_row_kernels();
}  // namespace strata
