// One instruction set's tables for math_kernels.hpp, and checks of simd.hpp's registers themselves.
#include "strata/tests/math_kernels.hpp"

#include "strata/ops/cpu/simd.hpp"

namespace strata::math_kernels::STRATA_ISA {

using simd::STRATA_ISA::Mask;
using simd::STRATA_ISA::Vec;

namespace {

template <class F, class T>
void loop(const T* x, T* y, int n) {
  using V = Vec<T>;
  int i = 0;
  for (; i + V::size <= n; i += V::size) F{}(V::load(x + i)).store(y + i);
  if (i < n) F{}(V::load_n(x + i, n - i)).store_n(y + i, n - i);
}
template <class F, class T>
void loop(const T* a, const T* b, T* y, int n) {
  using V = Vec<T>;
  int i = 0;
  for (; i + V::size <= n; i += V::size) F{}(V::load(a + i), V::load(b + i)).store(y + i);
  if (i < n) F{}(V::load_n(a + i, n - i), V::load_n(b + i, n - i)).store_n(y + i, n - i);
}

/// Arithmetic, comparisons, selection and bits of Vec<T>, lane by lane. 0, or the line that failed.
template <class T>
int check_lanes() {
  using V = Vec<T>;
  T a[V::size], b[V::size];
  for (int i = 0; i < V::size; ++i) {
    a[i] = static_cast<T>(7 * i + 3);
    b[i] = static_cast<T>(i % 2 == 0 ? 5 : 40 + i);
  }
  const V x = V::load(a), y = V::load(b), low = min(x, y), high = max(x, y);
  const V chosen = select(x < y, x + y, x * y), masked = x & (y | 1), crossed = (x ^ y) ^ y;
  const V rest = V::load_n(a, V::size - 1, T(9));
  uint8_t less[V::size];
  (x < y).store(less);
  const Mask<T> again = Mask<T>::load(less);
  for (int i = 0; i < V::size; ++i) {
    if (low[i] != (a[i] < b[i] ? a[i] : b[i]) || high[i] != (a[i] > b[i] ? a[i] : b[i])) return __LINE__;
    if (chosen[i] != (a[i] < b[i] ? a[i] + b[i] : a[i] * b[i])) return __LINE__;
    if (crossed[i] != a[i] || (y - x)[i] != static_cast<T>(b[i] - a[i])) return __LINE__;
    if (less[i] != (a[i] < b[i] ? 1 : 0) || select(again, V(1), V(0))[i] != T(less[i])) return __LINE__;
    if (rest[i] != (i + 1 < V::size ? a[i] : T(9))) return __LINE__;
    if constexpr (V::integer) {
      if (masked[i] != (a[i] & (b[i] | 1)) || (x << 2)[i] != (a[i] << 2) || (x >> 1)[i] != (a[i] >> 1)) return __LINE__;
      if ((-x >> 1)[i] != static_cast<T>(static_cast<T>(-a[i]) >> 1) || (x << (y & 7))[i] != (a[i] << (b[i] & 7)))
        return __LINE__;
    }
  }
  return 0;
}

template <class T>
int check_whole() {
  using V = Vec<T>;
  T a[V::size + 1], sum = 0;
  for (int i = 0; i < V::size; ++i) sum = static_cast<T>(sum + (a[i] = static_cast<T>(i == 1 ? 90 : i + 2)));
  const V x = V::load(a);
  if (reduce_sum(x) != sum || reduce_max(x) != T(90) || reduce_min(x) != T(2)) return __LINE__;
  if (any(x < T(2)) || !any(x == T(90)) || all(x == T(90)) || !all(x != T(1))) return __LINE__;
  if (!all((x < T(50)) || (x >= T(50))) || any((x < T(50)) && !(x <= T(50)))) return __LINE__;
  for (int n = 0; n < V::size; ++n) {
    T out[V::size + 1];
    for (T& o : out) o = T(77);
    x.store_n(out, n);
    uint8_t mask[V::size + 1];
    for (uint8_t& m : mask) m = 77;
    (x == x).store_n(mask, n);
    for (int i = 0; i <= V::size; ++i) {
      if (out[i] != (i < n ? a[i] : T(77)) || mask[i] != (i < n ? 1 : 77)) return __LINE__;
    }
    const V part = V::load_n(a, n);
    for (int i = 0; i < V::size; ++i) {
      if (part[i] != (i < n ? a[i] : T(0))) return __LINE__;
    }
  }
  return 0;
}

template <class T>
int check() {
  const int line = check_lanes<T>();
  return line != 0 ? line : check_whole<T>();
}

int check_registers() {
  const int lines[] = {check<float>(),   check<double>(),   check<int32_t>(),
                       check<int64_t>(), check<uint32_t>(), check<uint64_t>()};
  for (const int line : lines) {
    if (line != 0) return line;
  }
  if (convert<int32_t>(Vec<float>(-2.75f))[1] != -2 || convert<double>(Vec<int64_t>(int64_t{-5}))[1] != -5.0)
    return __LINE__;
  if (bitcast<uint32_t>(Vec<float>(-0.0f))[0] != 0x80000000u) return __LINE__;
  if (shift_right_logical(Vec<int64_t>(int64_t{-1}), 63)[1] != 1) return __LINE__;
  return 0;
}

UnaryKernel unary_table[100];
BinaryKernel binary_table[100];

}  // namespace

Kernels kernels() {
  int ones = 0, twos = 0;
  each_unary([&]<class F>(const char* name, F) { unary_table[ones++] = {name, &loop<F, float>, &loop<F, double>}; });
  each_binary([&]<class F>(const char* name, F) { binary_table[twos++] = {name, &loop<F, float>, &loop<F, double>}; });
  return {unary_table, ones, binary_table, twos, check_registers()};
}

}  // namespace strata::math_kernels::STRATA_ISA
