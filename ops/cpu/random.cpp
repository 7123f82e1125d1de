// The row of the CPU's random kernels: tensors to the words and elements that ops/cpu/threefry.cpp and
// ops/cpu/random_*.cpp work on. Called through backend(x).random.
#include <algorithm>

#include "strata/core/parallel.hpp"
#include "strata/ops/backend/random.hpp"
#include "strata/ops/cpu/random_kernels.hpp"
#include "strata/ops/cpu/threefry.hpp"
#include "strata/ops/random_rejection.hpp"

namespace strata {
namespace {

template <class T>
T* elements(const Tensor& x) {
  return reinterpret_cast<T*>(dense(x).data);
}
const std::uint32_t* words(const Tensor& keys) { return elements<const std::uint32_t>(keys); }
std::int64_t lanes_of(const Tensor& keys) { return keys.size() / 2; }
/// How many of y's elements each key draws.
std::int64_t share_of(const Tensor& keys, const Tensor& y) { return y.size() / lanes_of(keys); }

void fill(const Tensor& keys, const Draw& draw, const Tensor& y) {
  const std::int64_t count = share_of(keys, y) / (draw.kind == DrawKind::pairs ? 2 : 1);
  threefry_fill(words(keys), lanes_of(keys), count, draw, dense(y).data);
}

void fold_in(const Tensor& keys, const Tensor& data, const Tensor& y) {
  const auto *k = words(keys), *d = words(data);
  auto* to = elements<KeyWords>(y);
  for (std::int64_t i = 0; i < data.size(); ++i) to[i] = KeyWords{{k[2 * i], k[2 * i + 1]}}.child(d[i]);
}

bool is_one(const Tensor& x) {
  const Strides& s = dense(x).strides;
  return std::all_of(s.begin(), s.end(), [](std::int64_t step) { return step == 0; });
}

void integers(const Tensor& keys, const Tensor& low, const Tensor& high, const Tensor& y) {
  const Bounds bounds{elements<const std::int64_t>(low), elements<const std::int64_t>(high), is_one(low), is_one(high)};
  random_integers(words(keys), lanes_of(keys), share_of(keys, y), bounds, y.dtype(), dense(y).data);
}

void orders(const Tensor& keys, const OrderShape& s, const Tensor& y) {
  random_orders(words(keys), lanes_of(keys), s.outer, s.n, s.inner, s.rounds, elements<std::int32_t>(y));
}

void poisson(const Tensor& keys, const Tensor& rate, const Tensor& y) {
  random_poisson(words(keys), lanes_of(keys), share_of(keys, y), elements<const float>(rate),
                 elements<std::int32_t>(y));
}

void binomial(const Tensor& keys, const Tensor& trials, const Tensor& p, const Tensor& y) {
  random_binomial(words(keys), lanes_of(keys), share_of(keys, y), elements<const float>(trials),
                  elements<const float>(p), elements<float>(y));
}

void gamma(const Tensor& keys, const Tensor& alpha, bool logarithm, const Tensor& y) {
  const std::int64_t lanes = lanes_of(keys), count = share_of(keys, y);
  if (alpha.dtype() == Dtype::float64)
    random_gamma(words(keys), lanes, count, elements<const double>(alpha), logarithm, elements<double>(y));
  else
    random_gamma(words(keys), lanes, count, elements<const float>(alpha), logarithm, elements<float>(y));
}

template <class T>
void sensitivities(int k, const Tensor& alpha, const Tensor& sample, const Tensor& y) {
  const T *a = elements<const T>(alpha), *s = elements<const T>(sample);
  T* to = elements<T>(y);
  parallel_for(y.size(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<T>(draws::gamma_sensitivity(k, a[i], s[i]));
  });
}
void gamma_sensitivity(int k, const Tensor& a, const Tensor& s, const Tensor& y) {
  (a.dtype() == Dtype::float64 ? sensitivities<double> : sensitivities<float>)(k, a, s, y);
}

}  // namespace

const RandomKernels cpu_random{&fill, &fold_in, &integers, &orders, &poisson, &binomial, &gamma, &gamma_sensitivity};

}  // namespace strata
