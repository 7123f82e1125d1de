// Samplers that try until they accept, element by element: Poisson, binomial and gamma, step by step as JAX takes them,
// so that the same key gives the same sample; and how gamma samples move with their parameter. CPU kernels take the
// steps for many elements at a time (ops/cpu/random_rejection.cpp, random_binomial.cpp), a GPU's threads one each.
#pragma once
#include <cmath>
#include <limits>

#include "strata/ops/random_formulas.hpp"

namespace strata::draws {

// ---- Poisson

/// Hoermann's transformed rejection, for rates from 10 on.
struct PoissonRejection {
  float rate, log_rate, a, b, inverse_alpha, v_r;
  STRATA_HD explicit PoissonRejection(float r)
      : rate(r),
        log_rate(std::log(r)),
        a(0),
        b(0.931f + 2.53f * std::sqrt(r)),
        inverse_alpha(1.1239f + 1.1328f / (b - 3.4f)),
        v_r(0.9277f - 3.6224f / (b - 2.0f)) {
    a = -0.059f + 0.02483f * b;
  }
  STRATA_HD bool accepts(float u, float v, float& k) const {
    u -= 0.5f;
    const float shifted = 0.5f - std::abs(u);
    k = std::floor((2 * a / shifted + b) * u + rate + 0.43f);
    if (shifted >= 0.07f && v <= v_r) return true;
    if (k < 0 || (shifted < 0.013f && v > shifted)) return false;
    const float s = std::log(v * inverse_alpha / (a / (shifted * shifted) + b));
    return s <= -rate + k * log_rate - math::lgamma(k + 1);
  }
  STRATA_HD static std::int32_t count(float k) {
    return k >= 2147483648.0f ? std::numeric_limits<std::int32_t>::max() : k == k ? static_cast<std::int32_t>(k) : 0;
  }
};
/// NaN is small.
STRATA_HD bool poisson_is_large(float rate) { return rate >= 10; }

/// Element number `at` under a key. Below 10: products of uniforms until they fall below exp(-rate), as many as it
/// takes, less one.
STRATA_BOTH inline std::int32_t poisson(KeyWords key, std::uint64_t at, float rate) {
  if (rate == 0) return 0;
  if (poisson_is_large(rate)) {
    const PoissonRejection r(rate);
    while (true) {
      float k;
      const float u = unit<float>(key.child(1).bits(at)), v = unit<float>(key.child(2).bits(at));
      if (r.accepts(u, v, k)) return PoissonRejection::count(k);
      key = key.child(0);
    }
  }
  std::int32_t y = -1;
  for (float log_product = 0; log_product > -rate; key = key.child(0)) {
    ++y;
    log_product += std::log(unit<float>(key.child(1).bits(at)));
  }
  return y;
}

// ---- binomial

/// What log(k!) exceeds Stirling's formula by.
STRATA_HD float stirling_tail(float k) {
  constexpr float table[] = {0.0810614667953272f,  0.0413406959554092f, 0.0276779256849983f, 0.02079067210376509f,
                             0.0166446911898211f,  0.0138761288230707f, 0.0118967099458917f, 0.0104112652619720f,
                             0.00925546218271273f, 0.00833056343336287f};
  if (k <= 9) return table[static_cast<int>(k > 0 ? k : 0)];
  const float square = (k + 1) * (k + 1);
  return (1.0f / 12 - (1.0f / 360 - 1.0f / 1260 / square) / square) / (k + 1);
}

/// Hoermann's transformed rejection (BTRS), for count * p above 10.
struct BinomialRejection {
  float count, b, a, c, v_r, r, alpha, m;
  STRATA_HD BinomialRejection(float n, float p) : count(n) {
    const float deviation = std::sqrt(n * p * (1 - p));
    b = 1.15f + 2.53f * deviation;
    a = -0.0873f + 0.0248f * b + 0.01f * p;
    c = n * p + 0.5f;
    v_r = 0.92f - 4.2f / b;
    r = p / (1 - p);
    alpha = (2.83f + 5.1f / b) * deviation;
    m = std::floor((n + 1) * p);
  }
  STRATA_BOTH bool accepts(float u, float v, float& k) const {
    u -= 0.5f;
    const float us = 0.5f - std::abs(u);
    k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07f && v <= v_r) return true;
    if (k < 0 || k > count) return false;
    const float bound = (m + 0.5f) * std::log((m + 1) / (r * (count - m + 1))) +
                        (count + 1) * std::log((count - m + 1) / (count - k + 1)) +
                        (k + 0.5f) * std::log(r * (count - k + 1) / (k + 1)) + stirling_tail(m) +
                        stirling_tail(count - m) - stirling_tail(k) - stirling_tail(count - k);
    return std::log(v * alpha / (a / (us * us) + b)) <= bound;
  }
};
/// What one geometric waiting time adds.
STRATA_HD float waiting(float u, float p) { return std::ceil(std::log(u) / std::log1p(-p)); }

/// One element's trials, its success probability mirrored to at most one half.
struct Trials {
  float count, p;
  bool mirrored;
  /// Not at all, as the count is infinite or a parameter makes no sense; by waiting times; by rejection.
  enum class How : std::uint8_t { infinite, invalid, waiting, rejection } how;
  STRATA_HD Trials(float n, float q)
      : count(std::floor(n)), p(q < 0.5f ? q : 1 - q), mirrored(q >= 0.5f), how(How::invalid) {
    if (!(n >= 0) || !(p >= 0)) return;
    how = std::isinf(n) ? How::infinite : n * p <= 10 ? How::waiting : How::rejection;
  }
  /// The result, from the successes drawn.
  STRATA_HD float result(float y) const {
    if (how == How::invalid) return std::numeric_limits<float>::quiet_NaN();
    if (how == How::infinite) return std::numeric_limits<float>::infinity();
    return mirrored ? count - y : y;
  }
};

/// Element number `at` under a key.
STRATA_BOTH inline float binomial(KeyWords key, std::uint64_t at, float n, float q) {
  const Trials t(n, q);
  float y = -1;
  if (t.how == Trials::How::waiting) {
    for (float waited = 0; waited <= t.count; key = key.child(1)) {
      ++y;
      waited += waiting(unit<float>(key.child(0).bits(at)), t.p);
    }
  } else if (t.how == Trials::How::rejection) {
    const BinomialRejection r(t.count, t.p);
    while (true) {
      const float u = unit<float>(key.child(1).bits(at)), v = unit<float>(key.child(2).bits(at));
      if (r.accepts(u, v, y)) break;
      key = key.child(0);
    }
  }
  return t.result(y);
}

// ---- gamma

STRATA_HD float uniform_of(KeyWords key, float) { return unit<float>(key.bits()); }
STRATA_HD double uniform_of(KeyWords key, double) { return unit64(key.bits64()); }
/// How normals are drawn where no kernel is at hand.
struct ScalarNormal {
  STRATA_HD float operator()(KeyWords key, float) const { return normal<float>(key.bits()); }
  STRATA_HD double operator()(KeyWords key, double) const { return normal64(key.bits64()); }
};

/// Gamma(alpha, 1), or its logarithm: Marsaglia and Tsang, under the element's own key.
template <class T, class Normal>
STRATA_BOTH T gamma(KeyWords key, T alpha, bool logarithm, Normal normal_of) {
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

/// How the quantiles of Gamma(a, 1) move: -ds/da at a fixed quantile of s = log x for k = 1, and what its derivatives
/// are made of for k up to max_gamma_order.
inline constexpr int max_gamma_order = 15;

// NOTE [implicit gradient]  The sample x = e^s of Gamma(a, 1) at quantile q obeys P(a, x) = q, P the regularized lower
// incomplete gamma function, so ds/da = -P_a / P_s = -T_1 with T_k = (d/da)^k P / (x p), p the density. As P = x p V,
// V = sum_n x^n / (a (a + 1) ... (a + n)), T_k = sum_j binomial(k, j) q_(k - j) V^(j), where q_i = (d/da)^i p / p are
// Bell polynomials of s - digamma(a), -trigamma(a), ... The terms of V are carried as Taylor polynomials in a.
STRATA_BOTH inline double gamma_sensitivity(int k, double a, double s) {
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

}  // namespace strata::draws
