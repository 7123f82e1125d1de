// Matrix products and convolutions on a GPU: floats through NVIDIA's libraries where they have a way; else kernels that
// sum directly, right for every dtype, stride, dilation and padding, and not tuned. Asked for by
// ops/cuda/contraction.cpp and conv.cpp. Sums are taken by one thread in a fixed order, so that results never differ
// from run to run.
#include "strata/ops/cuda/products.hpp"

#include <algorithm>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/blas.hpp"
#include "strata/ops/cuda/libraries/dnn.hpp"
#include "strata/ops/cuda/typed.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

/// One element of a product of integers or bool.
struct WholeProduct {
  GemmCall g;
  STRATA_HD void operator()(Int i) const {
    const Int column = i % g.n, row = i / g.n % g.m, item = i / (g.n * g.m);
    const Int a = item * g.a_batch + row * g.a_row, b = item * g.b_batch + column * g.b_col;
    const Int at = item * g.c_batch + row * g.c_row + column;
    std::uint64_t sum = g.accumulate ? load<std::uint64_t>(g.c, g.dtype, at) : 0;
    for (Int k = 0; k < g.k; ++k)
      sum += load<std::uint64_t>(g.a, g.dtype, a + k * g.a_col) * load<std::uint64_t>(g.b, g.dtype, b + k * g.b_row);
    store(g.c, g.dtype, at, sum);
  }
};

Error gemm(int device, const GemmCall& call) {
  if (!is_float(call.dtype)) return for_each(device, call.batch * call.m * call.n, WholeProduct{call});
  Error error = nullptr;
  for (Int first = 0; first < call.batch && !error; first += most_batch)
    error = blas_gemm(device, part_of_batch(call, first, std::min(most_batch, call.batch - first)));
  return error;
}

/// Element i of a tensor [first, second, sizes...]: its place in each axis and in memory.
struct Place {
  Int first, second, at[3], offset;
  STRATA_HD Place(Int i, Int seconds, const Int* sizes, const ConvCall::Memory& memory) {
    for (int d = 2; d >= 0; --d) {
      at[d] = i % sizes[d];
      i /= sizes[d];
    }
    second = i % seconds;
    first = i / seconds;
    offset = first * memory.strides[0] + second * memory.strides[1];
    for (int d = 0; d < 3; ++d) offset += at[d] * memory.strides[2 + d];
  }
};

/// The position that stands `at` steps into something spread out by `dilation`; -1 where nothing does.
STRATA_HD Int position(Int at, Int dilation, Int size) {
  if (at < 0) return -1;
  if (dilation == 1) return at < size ? at : -1;
  const Int p = at / dilation;
  return p * dilation == at && p < size ? p : -1;
}

STRATA_HD Int elements_of(const Int* sizes) { return sizes[0] * sizes[1] * sizes[2]; }

/// Calls f(k in memory of w, offset in the other tensor) for each element of a window: `find(d, k)` is the position in
/// the other tensor's axis d, or -1.
template <class Find, class F>
STRATA_HD void each_of_window(const Int* sizes, const Int* w_strides, const Int* strides, Find find, F f) {
  for (Int k0 = 0; k0 < sizes[0]; ++k0) {
    const Int i0 = find(0, k0);
    if (i0 < 0) continue;
    for (Int k1 = 0; k1 < sizes[1]; ++k1) {
      const Int i1 = find(1, k1);
      if (i1 < 0) continue;
      for (Int k2 = 0; k2 < sizes[2]; ++k2) {
        const Int i2 = find(2, k2);
        if (i2 < 0) continue;
        f(k0 * w_strides[0] + k1 * w_strides[1] + k2 * w_strides[2],
          i0 * strides[0] + i1 * strides[1] + i2 * strides[2]);
      }
    }
  }
}

/// One element of the result.
template <class A>
struct ConvResult {
  ConvCall c;
  STRATA_HD void operator()(Int i) const {
    const Place y(i, c.groups * c.o, c.y_size, c.y);
    const Int group = y.second / c.o;
    A sum = 0;
    for (Int channel = 0; channel < c.c; ++channel) {
      const Int w = y.second * c.w.strides[0] + channel * c.w.strides[1];
      const Int x = y.first * c.x.strides[0] + (group * c.c + channel) * c.x.strides[1];
      each_of_window(
          c.w_size, c.w.strides + 2, c.x.strides + 2,
          [&](int d, Int k) {
            return position(y.at[d] * c.stride[d] - c.low[d] + k * c.w_dilation[d], c.x_dilation[d], c.x_size[d]);
          },
          [&](Int in_w, Int in_x) {
            sum += load<A>(c.w.data, c.dtype, w + in_w) * load<A>(c.x.data, c.dtype, x + in_x);
          });
    }
    store(c.y.data, c.dtype, y.offset, sum);
  }
};

/// One element of the image.
template <class A>
struct ConvImage {
  ConvCall c;
  STRATA_HD void operator()(Int i) const {
    const Place x(i, c.groups * c.c, c.x_size, c.x);
    const Int group = x.second / c.c;
    A sum = 0;
    for (Int channel = 0; channel < c.o; ++channel) {
      const Int w = (group * c.o + channel) * c.w.strides[0] + x.second % c.c * c.w.strides[1];
      const Int y = x.first * c.y.strides[0] + (group * c.o + channel) * c.y.strides[1];
      each_of_window(
          c.w_size, c.w.strides + 2, c.y.strides + 2,
          [&](int d, Int k) {
            return position(x.at[d] * c.x_dilation[d] + c.low[d] - k * c.w_dilation[d], c.stride[d], c.y_size[d]);
          },
          [&](Int in_w, Int in_y) {
            sum += load<A>(c.w.data, c.dtype, w + in_w) * load<A>(c.y.data, c.dtype, y + in_y);
          });
    }
    store(c.x.data, c.dtype, x.offset, sum);
  }
};

/// One element of the kernel.
template <class A>
struct ConvKernel {
  ConvCall c;
  STRATA_HD void operator()(Int i) const {
    const Place w(i, c.c, c.w_size, c.w);
    const Int group = w.first / c.o;
    A sum = 0;
    for (Int example = 0; example < c.n; ++example) {
      const Int y = example * c.y.strides[0] + w.first * c.y.strides[1];
      const Int x = example * c.x.strides[0] + (group * c.c + w.second) * c.x.strides[1];
      each_of_window(
          c.y_size, c.y.strides + 2, c.x.strides + 2,
          [&](int d, Int o) {
            return position(o * c.stride[d] - c.low[d] + w.at[d] * c.w_dilation[d], c.x_dilation[d], c.x_size[d]);
          },
          [&](Int in_y, Int in_x) {
            sum += load<A>(c.y.data, c.dtype, y + in_y) * load<A>(c.x.data, c.dtype, x + in_x);
          });
    }
    store(c.w.data, c.dtype, w.offset, sum);
  }
};

Error convolve(int device, const ConvCall& call, bool native) {
  bool done = false;
  if (const Error error = native ? dnn_convolve(device, call, done) : nullptr; error || done) return error;
  return with_sum_type(call.dtype, [&]<class A>(A) -> Error {
    if (call.wanted == ConvWanted::result)
      return for_each(device, call.n * call.groups * call.o * elements_of(call.y_size), ConvResult<A>{call});
    if (call.wanted == ConvWanted::image)
      return for_each(device, call.n * call.groups * call.c * elements_of(call.x_size), ConvImage<A>{call});
    return for_each(device, call.groups * call.o * call.c * elements_of(call.w_size), ConvKernel<A>{call});
  });
}

}  // namespace

const ProductLibrary products_library{&gemm, &convolve};

}  // namespace strata::gpu
