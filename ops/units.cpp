// See units.hpp.
#include "strata/ops/units.hpp"

#include <utility>

namespace strata {

namespace {
thread_local const UnitRows* innermost __attribute__((tls_model("initial-exec"))) = nullptr;
}

UnitRows::UnitRows(Tensor rows, std::int64_t begin)
    : rows_(std::move(rows)), begin_(begin), outer_(std::exchange(innermost, this)) {}
UnitRows::~UnitRows() { innermost = outer_; }

/// `out` is `other` with the summed label replaced by the number of the vector.
Tensor UnitRows::picked(const Labels& rows, const Labels& other, const Labels& out, const Tensor& x) const {
  if (rows.size() != 2 || other.size() != out.size() || x.weak() || x.dtype() != rows_.dtype()) return {};
  int at = -1;
  for (int i = 0; i < out.size(); ++i) {
    if (other[i] == out[i] && other[i] != rows[1]) continue;
    if (other[i] != rows[1] || out[i] != rows[0]) return {};
    at = i;
  }
  const std::int64_t count = rows_.shape()[0];
  if (at < 0 || other.has(rows[0])) return {};
  if (count == x.shape()[at]) return x;
  Shape shape = x.shape();
  shape[at] = count;
  return view_of(x, shape, dense(x).strides, begin_ * dense(x).strides[at]);
}

Tensor pick_rows(const Contraction& p, const Tensor& a, const Tensor& b) {
  for (const UnitRows* u = innermost; u; u = u->outer_) {
    if (a.impl() == u->rows_.impl()) return u->picked(p.a, p.b, p.out, b);
    if (b.impl() == u->rows_.impl()) return u->picked(p.b, p.a, p.out, a);
  }
  return {};
}

}  // namespace strata
