// Random draws of tensors on a GPU: keys, parameters and results for the kernels of ops/cuda/random.cu and samplers.cu.
// Called through backend(x).random.
#include "strata/ops/backend/random.hpp"

#include <algorithm>

#include "strata/ops/cuda/tensors.hpp"

namespace strata::gpu {
namespace {

template <class T>
T* elements(const Tensor& x) {
  return reinterpret_cast<T*>(dense(x).data);
}

KeyedCall keyed(const Tensor& keys, const Tensor& y) {
  const std::int64_t lanes = keys.size() / 2;
  return {elements<const std::uint32_t>(keys), y.size() / lanes, y.size(), dense(y).data, y.dtype()};
}

void fill(const Tensor& keys, const Draw& draw, const Tensor& y) {
  FillDrawsCall call{keyed(keys, y), draw};
  if (draw.kind == DrawKind::pairs) call.keyed.count /= 2, call.keyed.n /= 2;
  check("random_draw", y, kernels(y).random.fill(index_of(y), call));
}

void fold_in(const Tensor& keys, const Tensor& data, const Tensor& y) {
  const FoldCall call{elements<const std::uint32_t>(keys), elements<const std::uint32_t>(data),
                      elements<std::uint32_t>(y), data.size()};
  check("fold_in", y, kernels(y).random.fold_in(index_of(y), call));
}

bool is_one(const Tensor& x) {
  const Strides& s = dense(x).strides;
  return std::all_of(s.begin(), s.end(), [](std::int64_t step) { return step == 0; });
}

void integers(const Tensor& keys, const Tensor& low, const Tensor& high, const Tensor& y) {
  const IntegersCall call{keyed(keys, y), elements<const std::int64_t>(low), elements<const std::int64_t>(high),
                          is_one(low), is_one(high)};
  check("random_integers", y, kernels(y).random.integers(index_of(y), call));
}

void orders(const Tensor& keys, const OrderShape& s, const Tensor& y) {
  const OrdersCall call{
      elements<const std::uint32_t>(keys), keys.size() / 2, s.outer, s.n, s.inner, s.rounds, elements<std::int32_t>(y)};
  check("random_order", y, kernels(y).random.orders(index_of(y), call));
}

void poisson(const Tensor& keys, const Tensor& rate, const Tensor& y) {
  const SampleCall call{keyed(keys, y), dense(rate).data, nullptr, false};
  check("random_poisson", y, kernels(y).random.poisson(index_of(y), call));
}

void binomial(const Tensor& keys, const Tensor& trials, const Tensor& p, const Tensor& y) {
  const SampleCall call{keyed(keys, y), dense(trials).data, dense(p).data, false};
  check("random_binomial", y, kernels(y).random.binomial(index_of(y), call));
}

void gamma(const Tensor& keys, const Tensor& alpha, bool logarithm, const Tensor& y) {
  const SampleCall call{keyed(keys, y), dense(alpha).data, nullptr, logarithm};
  check("random_gamma", y, kernels(y).random.gamma(index_of(y), call));
}

void gamma_sensitivity(int k, const Tensor& a, const Tensor& s, const Tensor& y) {
  const SensitivityCall call{k, y.dtype(), y.size(), dense(a).data, dense(s).data, dense(y).data};
  check("random_gamma_sensitivity", y, kernels(y).random.gamma_sensitivity(index_of(y), call));
}

}  // namespace
}  // namespace strata::gpu

namespace strata {
const RandomKernels cuda_random{&gpu::fill,    &gpu::fold_in,  &gpu::integers, &gpu::orders,
                                &gpu::poisson, &gpu::binomial, &gpu::gamma,    &gpu::gamma_sensitivity};
}
