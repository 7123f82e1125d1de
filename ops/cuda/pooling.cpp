// From windows over tensors of a GPU to calls of the library of pooling. A tensor whose memory is whole, in whatever
// order of its axes (row-major, or as convolutions leave it with the channels last), is taken as it lies, and the
// result lies in the same order. Anything else is packed first.
#include "strata/ops/cuda/pooling.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "strata/ops/cuda/tensors.hpp"
#include "strata/ops/lane.hpp"

namespace strata::gpu {
namespace {

using Order = std::array<int, max_rank>;

/// The axes of x from the outermost to the innermost, as they lie; as they are where its memory is not whole.
Order order_of(const Tensor& x) {
  Order as_is, order;
  std::iota(as_is.begin(), as_is.end(), 0);
  order = as_is;
  const Strides& strides = dense(x).strides;
  std::stable_sort(order.begin(), order.begin() + x.ndim(), [&](int a, int b) { return strides[a] > strides[b]; });
  std::int64_t step = 1;
  for (int i = x.ndim() - 1; i >= 0; --i) {
    const int axis = order[static_cast<std::size_t>(i)];
    const std::int64_t size = dense(x).shape[axis];
    if (size != 1 && strides[axis] != step) return as_is;
    step *= size;
  }
  return order;
}
/// x, packed unless it lies in this order.
Tensor laid(const Tensor& x, const Order& order) { return std::is_sorted(order.begin(), order.end()) ? pack(x) : x; }

Shape ordered(const Shape& s, const Order& order) {
  Shape r;
  for (int i = 0; i < s.size(); ++i) r.push_back(s[order[static_cast<std::size_t>(i)]]);
  return r;
}
WindowGeometry ordered(const WindowGeometry& g, const Order& order) {
  return {ordered(g.base, order),
          ordered(g.window, order),
          {ordered(g.plan.strides, order), ordered(g.plan.base_dilation, order), ordered(g.plan.window_dilation, order),
           ordered(g.plan.low, order), ordered(g.plan.result, order)}};
}

/// Memory in this order of its axes.
Tensor empty_ordered(const Shape& shape, const Order& order, const Tensor& like) {
  const Tensor y = empty_dense(ordered(shape, order), like.dtype(), like.device(), like.weak());
  Strides strides = dense(y).strides;
  for (int i = 0; i < shape.size(); ++i) strides[order[static_cast<std::size_t>(i)]] = dense(y).strides[i];
  return view_of(y, shape, strides, 0);
}

/// Windows of one element that lie side by side.
bool trivial(const WindowGeometry& g, int i) {
  return g.window[i] == 1 && g.plan.strides[i] == 1 && g.plan.low[i] == 0 && g.plan.base_dilation[i] == 1 &&
         g.base[i] == g.plan.result[i];
}

/// No dilation, both ends padded alike, and by less than a window.
bool plain(const WindowGeometry& g, int i) {
  if (g.plan.base_dilation[i] != 1 || (g.plan.window_dilation[i] != 1 && g.window[i] != 1)) return false;
  const std::int64_t low = g.plan.low[i], room = g.base[i] + 2 * low - g.window[i];
  return low >= 0 && low < g.window[i] && room >= 0 && room / g.plan.strides[i] + 1 == g.plan.result[i];
}

}  // namespace

bool pool_call(PoolWork work, const WindowGeometry& g, Dtype dtype, PoolCall& call) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (!is_float(dtype) || g.base.elements() > most || g.plan.result.elements() > most) return false;
  const int rank = g.base.size();
  int first = 0, end = rank;
  while (first < rank && trivial(g, first)) ++first;
  while (end > first && trivial(g, end - 1)) --end;
  if (first == end || end - first > 3 || g.base.elements() == 0 || g.plan.result.elements() == 0) return false;
  call = {};
  call.work = work, call.dtype = dtype, call.channels_last = end < rank;
  call.n = call.c = 1;
  for (int i = 0; i < first; ++i) (i == first - 1 && end == rank ? call.c : call.n) *= g.base[i];
  for (int i = end; i < rank; ++i) call.c *= g.base[i];
  for (int d = 0; d < 3; ++d) {
    const int i = d - 3 + end;
    call.x_size[d] = call.window[d] = call.y_size[d] = call.stride[d] = 1;
    call.low[d] = 0;
    if (i < first) continue;
    if (!plain(g, i)) return false;
    call.x_size[d] = g.base[i], call.window[d] = g.window[i], call.y_size[d] = g.plan.result[i];
    call.stride[d] = g.plan.strides[i], call.low[d] = g.plan.low[i];
  }
  return true;
}

Tensor pool(PoolWork work, const WindowGeometry& g, const Tensor& x) {
  PoolCall call;
  if (!is_float(x.dtype())) return {};
  const Order order = order_of(x);
  if (!pool_call(work, ordered(g, order), x.dtype(), call)) return {};
  const Tensor from = laid(x, order), y = empty_ordered(g.plan.result, order, from);
  call.x = dense(from).data;
  call.y = dense(y).data;
  bool done = false;
  check("pool", x, kernels(x).windows.pool(index_of(x), call, done));
  return done ? y : Tensor();
}

}  // namespace strata::gpu
