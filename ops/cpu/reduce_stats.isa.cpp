// Loops of the statistics that need two passes over a piece while it is in cache, for one instruction set: moments and
// log of a sum of exponentials. Called through reduce_kernel().
#include "strata/ops/cpu/reduce_loops.hpp"
#include "strata/ops/cpu/reduce_table.hpp"
#include "strata/ops/math.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

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

template <class State>
void state_merge(void* into, const void* from, std::int64_t n, std::int64_t) {
  auto* a = static_cast<State*>(into);
  const auto* b = static_cast<const State*>(from);
  for (std::int64_t i = 0; i < n; ++i) strata::join(a[i], b[i]);
}

// ---- log of a sum of exponentials: the largest, then the sum of exp(x - largest)

/// What exponents are taken from: the largest, or 0 where that is no number to subtract.
template <class T>
STRATA_HD T exp_centre(T largest) {
  return largest - largest == T(0) ? largest : T(0);
}

template <class T>
void exp_rows(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n, void* state) {
  auto* out = static_cast<ExpSum*>(state);
  for (std::int64_t r = 0; r < count; ++r) {
    const T* p = static_cast<const T*>(x) + r * stride;
    const T largest = fold<Max<T>>(row<Max<T>>(
        p, n, Max<T>::empty, [](Vec<T> v) __attribute__((always_inline)) { return v; }));
    const Vec<T> centre(exp_centre(largest));
    const double sum = fold<Sum<T>>(row<Sum<T>>(
        p, n, Max<T>::empty, [centre](Vec<T> v) __attribute__((always_inline)) { return math::exp(v - centre); }));
    out[r] = {static_cast<double>(largest), sum};
  }
}

template <class T>
void exp_columns(const void* x, std::int64_t stride, std::int64_t count, std::int64_t width, void* state) {
  constexpr int block = 64;
  auto* out = static_cast<ExpSum*>(state);
  alignas(64) T largest[block], centre[block], sum[block];
  for (std::int64_t c = 0; c < width; c += block) {
    const T* p = static_cast<const T*>(x) + c;
    const std::int64_t n = width - c < block ? width - c : block;
    for (int i = 0; i < block; ++i) {
      largest[i] = Max<T>::empty;
      sum[i] = T(0);
    }
    add_rows<Max<T>>(
        p, stride, count, n, largest, [](Vec<T> v, std::int64_t) __attribute__((always_inline)) { return v; });
    for (int i = 0; i < block; ++i) centre[i] = exp_centre(largest[i]);
    add_rows<Sum<T>>(
        p, stride, count, n, sum, [&centre](Vec<T> v, std::int64_t at) __attribute__((always_inline)) {
          return math::exp(v - Vec<T>::load(centre + at));
        });
    for (std::int64_t i = 0; i < n; ++i) out[c + i] = {static_cast<double>(largest[i]), static_cast<double>(sum[i])};
  }
}

constexpr StatisticKernels make_statistic_kernels() {
  return {{{sizeof(Moments), &moment_rows<float>, &moment_columns<float>, &state_merge<Moments>},
           {sizeof(Moments), &moment_rows<double>, &moment_columns<double>, &state_merge<Moments>}},
          {{sizeof(ExpSum), &exp_rows<float>, &exp_columns<float>, &state_merge<ExpSum>},
           {sizeof(ExpSum), &exp_rows<double>, &exp_columns<double>, &state_merge<ExpSum>}}};
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const StatisticKernels StatisticSet<Isa::STRATA_ISA>::table = kernel::make_statistic_kernels();
}  // namespace strata
