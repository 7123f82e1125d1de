// Convolutions of floats, in the double of a GPU: one loop over all (element of the result, element of the window), in
// which each of the three tensors is a sum over products of the other two. It demands of its tensors what cuDNN does.
// Called by ops/cuda/products.cu.
#include "strata/ops/cuda/libraries/dnn.hpp"

#include <array>
#include <vector>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/typed.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;
using Sizes = std::array<Int, 5>;

Sizes sizes(Int first, Int second, const Int* spatial) { return {first, second, spatial[0], spatial[1], spatial[2]}; }
Int elements(const Sizes& s) { return s[0] * s[1] * s[2] * s[3] * s[4]; }

bool lies_as_said(const ConvCall::Memory& memory, const Sizes& s, bool channels_last) {
  Int step = 1;
  const std::array<std::size_t, 5> inner_first =
      channels_last ? std::array<std::size_t, 5>{1, 4, 3, 2, 0} : std::array<std::size_t, 5>{4, 3, 2, 1, 0};
  for (const std::size_t d : inner_first) {
    if (s[d] != 1 && memory.strides[d] != step) return false;
    step *= s[d];
  }
  return true;
}

bool padded_alike(const ConvCall& c) {
  for (int d = 0; d < 3; ++d) {
    const Int room = c.x_size[d] + 2 * c.low[d] - (c.w_size[d] - 1) * c.w_dilation[d] - 1;
    if (c.x_dilation[d] != 1 || c.low[d] < 0 || room < 0 || room / c.stride[d] + 1 != c.y_size[d]) return false;
  }
  return true;
}

/// A tensor's elements as A, and where they go back to.
template <class A>
struct Elements {
  const ConvCall::Memory& memory;
  Sizes size;
  Dtype dtype;
  std::vector<A> value;
  Elements(const ConvCall::Memory& m, const Sizes& s, Dtype d, bool wanted)
      : memory(m), size(s), dtype(d), value(static_cast<std::size_t>(elements(s))) {
    for (Int i = 0; i < elements(s) && !wanted; ++i) value[static_cast<std::size_t>(i)] = load<A>(m.data, d, i);
  }
  void write() const {
    for (Int i = 0; i < elements(size); ++i) store(memory.data, dtype, i, value[static_cast<std::size_t>(i)]);
  }
  A& at(Int first, Int second, const Int* spatial) {
    Int offset = first * memory.strides[0] + second * memory.strides[1];
    for (int d = 0; d < 3; ++d) offset += spatial[d] * memory.strides[2 + d];
    return value[static_cast<std::size_t>(offset)];
  }
};

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
void convolve(const ConvCall& c) {
  Elements<A> x(c.x, sizes(c.n, c.groups * c.c, c.x_size), c.dtype, c.wanted == ConvWanted::image);
  Elements<A> w(c.w, sizes(c.groups * c.o, c.c, c.w_size), c.dtype, c.wanted == ConvWanted::kernel);
  Elements<A> y(c.y, sizes(c.n, c.groups * c.o, c.y_size), c.dtype, c.wanted == ConvWanted::result);
  each(c.y_size, [&](const Int* out) {
    each(c.w_size, [&](const Int* k) {
      Int in[3];
      for (int d = 0; d < 3; ++d) {
        in[d] = out[d] * c.stride[d] - c.low[d] + k[d] * c.w_dilation[d];
        if (in[d] < 0 || in[d] >= c.x_size[d]) return;
      }
      for (Int n = 0; n < c.n; ++n) {
        for (Int o = 0; o < c.groups * c.o; ++o) {
          for (Int i = 0; i < c.c; ++i) {
            A &a = x.at(n, o / c.o * c.c + i, in), &b = w.at(o, i, k), &r = y.at(n, o, out);
            (c.wanted == ConvWanted::result  ? r
             : c.wanted == ConvWanted::image ? a
                                             : b) += c.wanted == ConvWanted::result  ? a * b
                                                     : c.wanted == ConvWanted::image ? b * r
                                                                                     : a * r;
          }
        }
      }
    });
  });
  (c.wanted == ConvWanted::result ? y : c.wanted == ConvWanted::image ? x : w).write();
}

}  // namespace

Error dnn_convolve(int, const ConvCall& c, bool& done) {
  if (!padded_alike(c)) return "cuDNN has no such padding";
  if (!lies_as_said(c.x, sizes(c.n, c.groups * c.c, c.x_size), c.channels_last) ||
      !lies_as_said(c.w, sizes(c.groups * c.o, c.c, c.w_size), c.channels_last) ||
      !lies_as_said(c.y, sizes(c.n, c.groups * c.o, c.y_size), c.channels_last))
    return "a tensor of a convolution does not lie as cuDNN was told";
  done = true;
  return give([c] { c.dtype == Dtype::float64 ? convolve<double>(c) : convolve<float>(c); });
}

}  // namespace strata::gpu
