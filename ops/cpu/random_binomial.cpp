// Binomial counts as JAX draws them: sums of geometric waiting times while count * p is at most 10, else Hoermann's
// transformed rejection (BTRS). See random_kernels.hpp.
#include <cmath>
#include <limits>

#include "strata/ops/cpu/random_active.hpp"
#include "strata/ops/cpu/random_kernels.hpp"

namespace strata {
namespace {

/// What log(k!) exceeds Stirling's formula by.
float stirling_tail(float k) {
  constexpr float table[] = {0.0810614667953272f,  0.0413406959554092f, 0.0276779256849983f, 0.02079067210376509f,
                             0.0166446911898211f,  0.0138761288230707f, 0.0118967099458917f, 0.0104112652619720f,
                             0.00925546218271273f, 0.00833056343336287f};
  if (k <= 9) return table[static_cast<int>(std::max(k, 0.0f))];
  const float square = (k + 1) * (k + 1);
  return (1.0f / 12 - (1.0f / 360 - 1.0f / 1260 / square) / square) / (k + 1);
}

struct Btrs {
  float count, b, a, c, v_r, r, alpha, m;
  Btrs(float n, float p) : count(n) {
    const float deviation = std::sqrt(n * p * (1 - p));
    b = 1.15f + 2.53f * deviation;
    a = -0.0873f + 0.0248f * b + 0.01f * p;
    c = n * p + 0.5f;
    v_r = 0.92f - 4.2f / b;
    r = p / (1 - p);
    alpha = (2.83f + 5.1f / b) * deviation;
    m = std::floor((n + 1) * p);
  }
  bool accepts(float u, float v, float& k) const {
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

/// One tile's counts and success probabilities, the latter at most one half.
struct Trials {
  float count[active_tile], p[active_tile];
};

void binomial_waiting(KeyWords key, Active active, const Trials& t, float* y) {
  float waited[active_tile] = {}, u[active_tile];
  for (std::int64_t i = 0; i < active.n; ++i) y[active.index[i]] = -1;
  while (true) {
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < active.n; ++i) {
      const std::int32_t at = active.index[i];
      if (waited[at] <= t.count[at]) active.index[kept++] = at;
    }
    active.n = kept;
    if (kept == 0) return;
    active.uniforms(key.child(0), u);
    key = key.child(1);
    for (std::int64_t i = 0; i < kept; ++i) {
      const std::int32_t at = active.index[i];
      ++y[at];
      waited[at] += std::ceil(std::log(u[i]) / std::log1p(-t.p[at]));
    }
  }
}

void binomial_rejection(KeyWords key, Active active, const Trials& t, float* y) {
  float u[active_tile], v[active_tile];
  while (active.n > 0) {
    active.uniforms(key.child(1), u);
    active.uniforms(key.child(2), v);
    key = key.child(0);
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < active.n; ++i) {
      const std::int32_t at = active.index[i];
      if (!Btrs(t.count[at], t.p[at]).accepts(u[i], v[i], y[at])) active.index[kept++] = at;
    }
    active.n = kept;
  }
}

void binomial_tile(KeyWords key, std::int64_t first, std::int64_t n, const float* count, const float* p, float* y) {
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  Active waiting(first), rejection(first);
  Trials t;
  for (std::int64_t i = 0; i < n; ++i) {
    const float q = p[i] < 0.5f ? p[i] : 1 - p[i];
    t.count[i] = std::floor(count[i]);
    t.p[i] = q;
    y[i] = count[i] == inf ? inf : nan;
    if (!(count[i] >= 0) || count[i] == inf || !(q >= 0)) continue;
    Active& which = count[i] * q <= 10 ? waiting : rejection;
    which.index[which.n++] = static_cast<std::int32_t>(i);
  }
  const auto invalid = [&](std::int64_t i) { return !(t.p[i] >= 0) || !(count[i] >= 0); };
  if (waiting.n > 0) binomial_waiting(key, waiting, t, y);
  if (rejection.n > 0) binomial_rejection(key, rejection, t, y);
  for (std::int64_t i = 0; i < n; ++i) {
    if (invalid(i))
      y[i] = nan;
    else if (p[i] >= 0.5f && count[i] != inf)
      y[i] = t.count[i] - y[i];
  }
}

}  // namespace

void random_binomial(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const float* trials,
                     const float* p, float* y) {
  for_tiles(keys, lanes, count, [&](KeyWords key, std::int64_t first, std::int64_t n, std::int64_t at) {
    binomial_tile(key, first, n, trials + at, p + at, y + at);
  });
}

}  // namespace strata
