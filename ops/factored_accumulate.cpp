// A factored tensor added into a dense one, as optimisers do: one pass of products over the dense tensor's memory, no
// dense form on the way. See factored.hpp.
#include <algorithm>
#include <numeric>

#include "strata/ops/cpu/gemm.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/gather.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata::factored {
namespace {

/// The axes in the order in which they lie in [lanes, rows, cols].
std::vector<int> memory_order(const Factored& x) {
  std::vector<int> axes(static_cast<std::size_t>(x.shape.size()));
  std::iota(axes.begin(), axes.end(), 0);
  std::stable_sort(axes.begin(), axes.end(), [&](int a, int b) {
    const bool one_a = x.shape[a] == 1, one_b = x.shape[b] == 1;  // axes of size 1 lie anywhere: first
    return one_a != one_b ? one_a : !one_a && x.strides[a] > x.strides[b];
  });
  return axes;
}

/// y [lanes, rows, cols] += one term.
void add_term(const FactorTerm& t, Tensor& y) {
  const std::int64_t lanes = y.shape()[0], m = y.shape()[1], n = y.shape()[2], k = t.b.shape()[1];
  if (k == 0) return;
  const GemmLoop loop[] = {{lanes, k * m, k * n, m * n}};
  gemm({y.dtype(), m, n, k, 1, m, n, 1, n, true}, dense(t.a).data, dense(t.b).data, dense(y).data, loop);
}

void add_rows(const FactorTerm& t, Tensor& y) {
  Slices s = Slices::along(y.shape(), 1, IndexMode::fill);
  s.batch = 1;
  s.from_end = false;
  y = scatter_slices(std::move(y), expand_dims(t.a, -1), t.b, ScatterKind::add, s);
}

}  // namespace

Tensor accumulate(const Factored& x, Tensor& d, int sign) {
  const Factors& f = *x.f;
  if (x.by || !d.is_dense() || d.weak() || !(d.shape() == x.shape) || d.dtype() != x.dtype || f.dtype != x.dtype)
    return {};
  const std::vector<int> order = memory_order(x);
  std::vector<int> back(order.size());
  Shape ordered;
  for (std::size_t i = 0; i < order.size(); ++i) {
    back[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    ordered.push_back(x.shape[order[i]]);
  }
  Tensor y;
  if (std::is_sorted(order.begin(), order.end()) && donatable(d)) {
    y = reshape(std::move(d), {f.lanes, f.rows, f.cols});
  } else {
    y = reshape(copy(transpose(std::move(d), AxisList(order))), {f.lanes, f.rows, f.cols});
  }
  const Tensor scale = sign > 0 ? x.scale : x.scale.defined() ? -x.scale : astype(-1, f.dtype);
  for (const FactorTerm& t : f.scaled(scale)) t.indexed ? add_rows(t, y) : add_term(t, y);
  return transpose(reshape(std::move(y), ordered), AxisList(std::move(back)));
}

}  // namespace strata::factored
