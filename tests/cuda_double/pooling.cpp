// Pooling of floats, in the double of a GPU: plain loops. As cuDNN may, it says the lowest finite number where a window
// holds nothing above it. Called by ops/cuda/windows.cu.
#include "strata/ops/cuda/libraries/pooling.hpp"

#include <limits>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/typed.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

bool padded_alike(const PoolCall& c) {
  for (int d = 0; d < 3; ++d) {
    const Int room = c.x_size[d] + 2 * c.low[d] - c.window[d];
    if (c.low[d] < 0 || c.low[d] >= c.window[d] || room < 0 || room / c.stride[d] + 1 != c.y_size[d]) return false;
  }
  return true;
}

/// The place of channel `c` at a position of example `n`.
Int place(const PoolCall& p, const Int* sizes, Int n, Int c, const Int* at) {
  if (p.channels_last) return (((n * sizes[0] + at[0]) * sizes[1] + at[1]) * sizes[2] + at[2]) * p.c + c;
  return (((n * p.c + c) * sizes[0] + at[0]) * sizes[1] + at[1]) * sizes[2] + at[2];
}

/// f(at) for each index below `size`.
template <class F>
void each(const Int* size, F f) {
  Int at[3];
  for (at[0] = 0; at[0] < size[0]; ++at[0]) {
    for (at[1] = 0; at[1] < size[1]; ++at[1]) {
      for (at[2] = 0; at[2] < size[2]; ++at[2]) f(at);
    }
  }
}

template <class A>
A pooled(const PoolCall& p, Int n, Int c, const Int* out) {
  A sum = 0, largest = std::numeric_limits<A>::lowest();
  Int inside = 0;
  each(p.window, [&](const Int* k) {
    Int in[3];
    for (int d = 0; d < 3; ++d) {
      in[d] = out[d] * p.stride[d] - p.low[d] + k[d];
      if (in[d] < 0 || in[d] >= p.x_size[d]) return;
    }
    const A x = load<A>(p.x, p.dtype, place(p, p.x_size, n, c, in));
    ++inside;
    sum += x;
    if (x > largest || x != x) largest = x;
  });
  if (p.work == PoolWork::largest) return largest;
  return sum / static_cast<A>(p.work == PoolWork::mean ? p.window[0] * p.window[1] * p.window[2] : inside);
}

template <class A>
void pool(const PoolCall& p) {
  for (Int n = 0; n < p.n; ++n) {
    for (Int c = 0; c < p.c; ++c)
      each(p.y_size, [&](const Int* at) { store(p.y, p.dtype, place(p, p.y_size, n, c, at), pooled<A>(p, n, c, at)); });
  }
}

}  // namespace

Error dnn_pool(int, const PoolCall& c, bool& done) {
  if (!padded_alike(c)) return "cuDNN has no such windows";
  done = true;
  return give([c] { c.dtype == Dtype::float64 ? pool<double>(c) : pool<float>(c); });
}

}  // namespace strata::gpu
