// Samplers that try until they accept: Poisson and gamma, step by step as JAX takes them, so that the same key gives
// the same sample. See random_kernels.hpp. Elements that have accepted drop out of further rounds.
#include <bit>
#include <cmath>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/random_active.hpp"
#include "strata/ops/cpu/random_kernels.hpp"
#include "strata/ops/cpu/threefry.hpp"
#include "strata/ops/random_rejection.hpp"

namespace strata {
namespace {

using draws::PoissonRejection;

// ---- Poisson

/// Products of uniforms until they fall below exp(-rate): as many as it takes, less one.
void poisson_products(KeyWords key, Active active, const float* rate, std::int32_t* y) {
  float log_product[active_tile] = {}, u[active_tile];
  for (std::int64_t i = 0; i < active.n; ++i) y[active.index[i]] = -1;
  while (true) {
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < active.n; ++i) {
      const std::int32_t k = active.index[i];
      if (log_product[k] > -rate[k]) active.index[kept++] = k;
    }
    active.n = kept;
    if (kept == 0) return;
    const KeyWords sub = key.child(1);
    key = key.child(0);
    active.uniforms(sub, u);
    for (std::int64_t i = 0; i < kept; ++i) {
      const std::int32_t k = active.index[i];
      ++y[k];
      log_product[k] += std::log(u[i]);
    }
  }
}

void poisson_rejection(KeyWords key, Active active, const float* rate, std::int32_t* y) {
  float u[active_tile], v[active_tile];
  while (active.n > 0) {
    const KeyWords first = key.child(1), second = key.child(2);
    key = key.child(0);
    active.uniforms(first, u);
    active.uniforms(second, v);
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < active.n; ++i) {
      const std::int32_t at = active.index[i];
      float k;
      if (PoissonRejection(rate[at]).accepts(u[i], v[i], k))
        y[at] = PoissonRejection::count(k);
      else
        active.index[kept++] = at;
    }
    active.n = kept;
  }
}

void poisson_tile(KeyWords key, std::int64_t first, std::int64_t n, const float* rate, std::int32_t* y) {
  Active small(first), large(first);
  for (std::int64_t i = 0; i < n; ++i) {
    Active& which = draws::poisson_is_large(rate[i]) ? large : small;
    which.index[which.n++] = static_cast<std::int32_t>(i);
  }
  if (small.n > 0) poisson_products(key, small, rate, y);
  if (large.n > 0) poisson_rejection(key, large, rate, y);
  for (std::int64_t i = 0; i < n; ++i) {
    if (rate[i] == 0) y[i] = 0;
  }
}

// ---- gamma

/// Normals as the CPU's kernel draws them.
struct KernelNormal {
  float operator()(KeyWords key, float) const {
    std::uint32_t bits = key.bits();
    threefry_kernels().normal(&bits, 1);
    return std::bit_cast<float>(bits);
  }
  double operator()(KeyWords key, double) const { return draws::normal64(key.bits64()); }
};

}  // namespace

void random_poisson(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const float* rate,
                    std::int32_t* y) {
  for_tiles(keys, lanes, count, [&](KeyWords key, std::int64_t first, std::int64_t n, std::int64_t at) {
    poisson_tile(key, first, n, rate + at, y + at);
  });
}

template <class T>
void random_gamma(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const T* alpha, bool logarithm,
                  T* y) {
  parallel_for(lanes * count, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const KeyWords key{{keys[2 * (i / count)], keys[2 * (i / count) + 1]}};
      y[i] = draws::gamma(key.block(static_cast<std::uint64_t>(i % count)), alpha[i], logarithm, KernelNormal{});
    }
  });
}
template void random_gamma(const std::uint32_t*, std::int64_t, std::int64_t, const float*, bool, float*);
template void random_gamma(const std::uint32_t*, std::int64_t, std::int64_t, const double*, bool, double*);

}  // namespace strata
