// Binomial counts as JAX draws them: sums of geometric waiting times while count * p is at most 10, else Hoermann's
// transformed rejection (BTRS). See random_kernels.hpp.
#include <cmath>
#include <vector>

#include "strata/ops/cpu/random_active.hpp"
#include "strata/ops/cpu/random_kernels.hpp"
#include "strata/ops/random_rejection.hpp"

namespace strata {
namespace {

using draws::Trials;

void binomial_waiting(KeyWords key, Active active, const Trials* t, float* y) {
  float waited[active_tile] = {}, u[active_tile];
  for (std::int64_t i = 0; i < active.n; ++i) y[active.index[i]] = -1;
  while (true) {
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < active.n; ++i) {
      const std::int32_t at = active.index[i];
      if (waited[at] <= t[at].count) active.index[kept++] = at;
    }
    active.n = kept;
    if (kept == 0) return;
    active.uniforms(key.child(0), u);
    key = key.child(1);
    for (std::int64_t i = 0; i < kept; ++i) {
      const std::int32_t at = active.index[i];
      ++y[at];
      waited[at] += draws::waiting(u[i], t[at].p);
    }
  }
}

void binomial_rejection(KeyWords key, Active active, const Trials* t, float* y) {
  float u[active_tile], v[active_tile];
  while (active.n > 0) {
    active.uniforms(key.child(1), u);
    active.uniforms(key.child(2), v);
    key = key.child(0);
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < active.n; ++i) {
      const std::int32_t at = active.index[i];
      if (!draws::BinomialRejection(t[at].count, t[at].p).accepts(u[i], v[i], y[at])) active.index[kept++] = at;
    }
    active.n = kept;
  }
}

void binomial_tile(KeyWords key, std::int64_t first, std::int64_t n, const float* count, const float* p, float* y) {
  Active waiting(first), rejection(first);
  std::vector<Trials> t;
  t.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const Trials::How how = t.emplace_back(count[i], p[i]).how;
    if (how == Trials::How::waiting) waiting.index[waiting.n++] = static_cast<std::int32_t>(i);
    if (how == Trials::How::rejection) rejection.index[rejection.n++] = static_cast<std::int32_t>(i);
  }
  if (waiting.n > 0) binomial_waiting(key, waiting, t.data(), y);
  if (rejection.n > 0) binomial_rejection(key, rejection, t.data(), y);
  for (std::int64_t i = 0; i < n; ++i) y[i] = t[static_cast<std::size_t>(i)].result(y[i]);
}

}  // namespace

void random_binomial(const std::uint32_t* keys, std::int64_t lanes, std::int64_t count, const float* trials,
                     const float* p, float* y) {
  for_tiles(keys, lanes, count, [&](KeyWords key, std::int64_t first, std::int64_t n, std::int64_t at) {
    binomial_tile(key, first, n, trials + at, p + at, y + at);
  });
}

}  // namespace strata
