// What becomes of the states of a reduction: results in the dtype of the result tensor. Called by the walks of
// ops/cpu/reduce.cpp and by pending chains, from any thread.
#include <algorithm>

#include "strata/core/convert.hpp"
#include "strata/ops/cpu/reduce.hpp"

namespace strata {
namespace {

/// float64 results of n states, converted a few at a time.
template <class State>
void store_results(const Reduction& r, const State* s, std::int64_t n, std::byte* to, Dtype dtype) {
  constexpr std::int64_t block = 64;
  double v[block];
  for (std::int64_t i = 0; i < n; i += block) {
    const std::int64_t m = std::min(block, n - i);
    for (std::int64_t j = 0; j < m; ++j) v[j] = result_of(s[i + j], r);
    convert_run(v, Dtype::float64, to + i * itemsize(dtype), dtype, m);
  }
}

void store_sums(const Reduction& r, const void* states, std::int64_t n, std::byte* to, Dtype dtype) {
  if (!is_float(r.compute)) return convert_run(states, r.compute, to, dtype, n);
  if (r.scale == 1 && !r.root) return convert_run(states, Dtype::float64, to, dtype, n);
  store_results(r, static_cast<const double*>(states), n, to, dtype);
}

void store_places(const Reduction& r, const void* states, std::int64_t n, std::byte* to) {
  auto* y = reinterpret_cast<std::int32_t*>(to);
  visit(r.compute, [&]<class T>(T) {
    const auto* s = static_cast<const ArgState<T>*>(states);
    for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<std::int32_t>(s[i].index);
  });
}

}  // namespace

void ReduceResults::store(const void* states, std::int64_t first, std::int64_t n) const {
  const Reduction& r = reduction;
  std::byte* at = to + first * itemsize(dtype);
  switch (r.reducer) {
    case Reducer::sum:
    case Reducer::squares:
    case Reducer::magnitudes:
      return store_sums(r, states, n, at, dtype);
    case Reducer::argmax:
    case Reducer::argmin:
      return store_places(r, states, n, at);
    case Reducer::moments:
      return store_results(r, static_cast<const Moments*>(states), n, at, dtype);
    case Reducer::logsumexp:
      return store_results(r, static_cast<const ExpSum*>(states), n, at, dtype);
    case Reducer::count:
      return convert_run(states, Dtype::int64, at, dtype, n);
    default:
      return convert_run(states, r.compute, at, dtype, n);
  }
}

}  // namespace strata
