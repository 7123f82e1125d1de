// Samplers that try until they accept: Poisson and gamma, step by step as JAX takes them, so that the same key gives
// the same sample. See random_kernels.hpp. Elements that have accepted drop out of further rounds.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/random_active.hpp"
#include "strata/ops/cpu/random_kernels.hpp"
#include "strata/ops/cpu/threefry.hpp"
#include "strata/ops/math.hpp"

namespace strata {
namespace {

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

/// Hoermann's transformed rejection.
struct PoissonRejection {
  float rate, log_rate, a, b, inverse_alpha, v_r;
  explicit PoissonRejection(float r)
      : rate(r),
        log_rate(std::log(r)),
        a(0),
        b(0.931f + 2.53f * std::sqrt(r)),
        inverse_alpha(1.1239f + 1.1328f / (b - 3.4f)),
        v_r(0.9277f - 3.6224f / (b - 2.0f)) {
    a = -0.059f + 0.02483f * b;
  }
  bool accepts(float u, float v, float& k) const {
    u -= 0.5f;
    const float shifted = 0.5f - std::abs(u);
    k = std::floor((2 * a / shifted + b) * u + rate + 0.43f);
    if (shifted >= 0.07f && v <= v_r) return true;
    if (k < 0 || (shifted < 0.013f && v > shifted)) return false;
    const float s = std::log(v * inverse_alpha / (a / (shifted * shifted) + b));
    return s <= -rate + k * log_rate - math::lgamma(k + 1);
  }
};

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
        y[at] = k >= 2147483648.0f ? INT32_MAX : k == k ? static_cast<std::int32_t>(k) : 0;
      else
        active.index[kept++] = at;
    }
    active.n = kept;
  }
}

void poisson_tile(KeyWords key, std::int64_t first, std::int64_t n, const float* rate, std::int32_t* y) {
  Active small(first), large(first);
  for (std::int64_t i = 0; i < n; ++i) {
    Active& which = rate[i] >= 10 ? large : small;  // NaN is small
    which.index[which.n++] = static_cast<std::int32_t>(i);
  }
  if (small.n > 0) poisson_products(key, small, rate, y);
  if (large.n > 0) poisson_rejection(key, large, rate, y);
  for (std::int64_t i = 0; i < n; ++i) {
    if (rate[i] == 0) y[i] = 0;
  }
}

// ---- gamma

float uniform_of(KeyWords key, float) { return std::bit_cast<float>(key.bits() >> 9 | 0x3f800000u) - 1; }
double uniform_of(KeyWords key, double) {
  const KeyWords c = key.child(0);
  return std::bit_cast<double>((std::uint64_t{c.word[0]} << 32 | c.word[1]) >> 12 | std::uint64_t{0x3ff} << 52) - 1;
}
float normal_of(KeyWords key, float) {
  std::uint32_t bits = key.bits();
  threefry_kernels().normal(&bits, 1);
  return std::bit_cast<float>(bits);
}
double normal_of(KeyWords key, double) {
  constexpr double low = -0x1.fffffffffffffp-1;
  return 1.4142135623730951 * math::erf_inv(uniform_of(key, 0.0) * (1 - low) + low);
}

template <class T>
T gamma_one(KeyWords key, T alpha, bool logarithm) {
  const bool boosted = !(alpha >= 1);  // sampled at alpha + 1, then shrunk
  const T third = T(1) / T(3), d = (boosted ? alpha + 1 : alpha) - third, c = third / std::sqrt(d);
  const KeyWords boost_key = key.child(1);
  key = key.child(0);
  T x2 = 0, v3 = 1, u = 2;
  while (u >= 1 - T(0.0331) * (x2 * x2) && std::log(u) >= x2 * T(0.5) + d * ((1 - v3) + std::log(v3))) {
    KeyWords normals = key.child(1);
    const KeyWords uniforms = key.child(2);
    key = key.child(0);
    T x = 0, v = -1;
    while (v <= 0) {
      x = normal_of(normals.child(1), T());
      normals = normals.child(0);
      v = 1 + x * c;
    }
    x2 = x * x;
    v3 = v * v * v;
    u = uniform_of(uniforms, T());
  }
  const T w = uniform_of(boost_key, T());
  if (logarithm) {
    const T log_w = std::log1p(-w);
    return std::log(d) + std::log(v3) + (boosted && log_w != 0 ? log_w * (1 / alpha) : 0);
  }
  return d * v3 * (boosted ? std::pow(1 - w, 1 / alpha) : 1);
}

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
      const std::int64_t lane = i / count;
      const auto number = static_cast<std::uint64_t>(i % count);
      KeyWords element{{static_cast<std::uint32_t>(number >> 32), static_cast<std::uint32_t>(number)}};
      threefry2x32(keys + 2 * lane, element.word[0], element.word[1]);
      y[i] = gamma_one(element, alpha[i], logarithm);
    }
  });
}
template void random_gamma(const std::uint32_t*, std::int64_t, std::int64_t, const float*, bool, float*);
template void random_gamma(const std::uint32_t*, std::int64_t, std::int64_t, const double*, bool, double*);

// NOTE [implicit gradient]  The sample x = e^s of Gamma(a, 1) at quantile q obeys P(a, x) = q, P the regularized lower
// incomplete gamma function, so ds/da = -P_a / P_s = -T_1 with T_k = (d/da)^k P / (x p), p the density. As P = x p V,
// V = sum_n x^n / (a (a + 1) ... (a + n)), T_k = sum_j binomial(k, j) q_(k - j) V^(j), where q_i = (d/da)^i p / p are
// Bell polynomials of s - digamma(a), -trigamma(a), ... The terms of V are carried as Taylor polynomials in a.
double gamma_sensitivity(int k, double a, double s) {
  const double x = std::exp(s);
  if (!(a > 0) || !(x < std::numeric_limits<double>::infinity())) return std::numeric_limits<double>::quiet_NaN();
  double term[max_gamma_order + 1], v[max_gamma_order + 1];
  for (int j = 0; j <= k; ++j) v[j] = term[j] = (j == 0 ? 1 : -term[j - 1]) / a;
  for (double n = 1; n < 1e8; ++n) {
    bool done = a + n > x;
    for (int j = 0; j <= k; ++j) {
      term[j] = (x * term[j] - (j == 0 ? 0 : term[j - 1])) / (a + n);
      v[j] += term[j];
      done = done && std::abs(term[j]) <= 1e-17 * std::abs(v[j]);
    }
    if (done) break;
  }
  double q[max_gamma_order + 1] = {1}, binomial[max_gamma_order + 1] = {1};
  for (int i = 1; i <= k; ++i) {  // binomial: row i - 1 of Pascal's triangle
    q[i] = 0;
    for (int j = 0; j < i; ++j) {
      const double cumulant = j == 0 ? s - math::digamma(a) : -math::polygamma(static_cast<double>(j), a);
      q[i] += binomial[j] * q[i - 1 - j] * cumulant;
    }
    for (int j = i; j > 0; --j) binomial[j] += binomial[j - 1];
  }
  double sum = 0, factorial = 1;
  for (int j = 0; j <= k; ++j) {
    sum += binomial[j] * q[k - j] * v[j] * factorial;
    factorial *= j + 1;
  }
  return sum;
}

}  // namespace strata
