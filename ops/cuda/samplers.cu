// Samplers on a GPU, one thread for each element: the steps of ops/random_rejection.hpp. Asked for by
// ops/cuda/random.cpp.
// Always holds: threads that have accepted wait for the others of their warp; nothing depends on which those are.
#include "strata/ops/cuda/samplers.hpp"

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/random_rejection.hpp"

namespace strata::gpu {
namespace {

/// The key of element i, and its number there.
STRATA_HD KeyWords key_of(const KeyedCall& c, std::int64_t i, std::uint64_t& number) {
  const std::int64_t lane = i < c.count ? 0 : i / c.count;
  number = static_cast<std::uint64_t>(i - lane * c.count);
  return {{c.keys[2 * lane], c.keys[2 * lane + 1]}};
}

struct Poisson {
  SampleCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    std::uint64_t number;
    const KeyWords key = key_of(c.keyed, i, number);
    static_cast<std::int32_t*>(c.keyed.y)[i] = draws::poisson(key, number, static_cast<const float*>(c.a)[i]);
  }
};

struct Binomial {
  SampleCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    std::uint64_t number;
    const KeyWords key = key_of(c.keyed, i, number);
    static_cast<float*>(c.keyed.y)[i] =
        draws::binomial(key, number, static_cast<const float*>(c.a)[i], static_cast<const float*>(c.b)[i]);
  }
};

template <class T>
struct Gamma {
  SampleCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    std::uint64_t number;
    const KeyWords key = key_of(c.keyed, i, number);
    static_cast<T*>(c.keyed.y)[i] =
        draws::gamma(key.block(number), static_cast<const T*>(c.a)[i], c.logarithm, draws::ScalarNormal{});
  }
};

template <class T>
struct Sensitivity {
  SensitivityCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const double a = static_cast<double>(static_cast<const T*>(c.a)[i]),
                 s = static_cast<double>(static_cast<const T*>(c.s)[i]);
    static_cast<T*>(c.y)[i] = static_cast<T>(draws::gamma_sensitivity(c.k, a, s));
  }
};

}  // namespace

Error sample_poisson(int device, const SampleCall& c) { return for_each(device, c.keyed.n, Poisson{c}); }
Error sample_binomial(int device, const SampleCall& c) { return for_each(device, c.keyed.n, Binomial{c}); }
Error sample_gamma(int device, const SampleCall& c) {
  return c.keyed.dtype == Dtype::float64 ? for_each(device, c.keyed.n, Gamma<double>{c})
                                         : for_each(device, c.keyed.n, Gamma<float>{c});
}
Error gamma_sensitivities(int device, const SensitivityCall& c) {
  return c.dtype == Dtype::float64 ? for_each(device, c.n, Sensitivity<double>{c})
                                   : for_each(device, c.n, Sensitivity<float>{c});
}

}  // namespace strata::gpu
