// Convolution: float32 through oneDNN where it has a fast kernel; else, for every dtype, stride and dilation, by
// patches and GEMM: the columns of a patch matrix are the windows of the image, made a tile at a time so that a tile
// stays in the cache.
#include "strata/ops/cpu/conv.hpp"

#include <algorithm>
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/conv_native.hpp"
#include "strata/ops/cpu/gemm.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/cpu/widths.hpp"
#include "strata/ops/lane.hpp"

namespace strata {
namespace {

using Sizes = ConvGeometry::Sizes;

std::int64_t product(const Sizes& s) { return s[0] * s[1] * s[2]; }

Shape joined(std::int64_t first, std::int64_t second, const ConvGeometry& p, const Sizes& sizes) {
  Shape s{first, second};
  for (int i = 0; i < p.rank; ++i) s.push_back(sizes[static_cast<std::size_t>(i)]);
  return s;
}

/// The patches of one group of one example: row (c, k), column = position of the result.
struct Patches {
  const ConvGeometry& p;
  Sizes stride;          // of x's spatial axes, in elements
  std::int64_t channel;  // stride of x's channels

  Patches(const ConvGeometry& geometry, const Tensor& x) : p(geometry), stride{}, channel(dense(x).strides[1]) {
    for (int i = 0; i < p.rank; ++i) stride[static_cast<std::size_t>(i)] = dense(x).strides[2 + i];
  }
  /// They lie in memory as they are: kernels of one element over a contiguous image.
  bool in_place() const {
    std::int64_t step = 1;
    for (int i = p.rank - 1; i >= 0; --i) {
      const auto d = static_cast<std::size_t>(i);
      if (p.w[d] != 1 || p.stride[d] != 1 || p.low[d] != 0 || p.x[d] != p.y[d] || p.x_dilation[d] != 1) return false;
      if (p.x[d] != 1 && stride[d] != step) return false;
      step *= p.x[d];
    }
    return true;
  }
  /// Rows [row, row + rows), columns [column, column + columns), into `to`.
  template <class T>
  void fill(const T* x, std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns, T* to) const {
    const std::int64_t window = product(p.w);
    for (std::int64_t r = row; r < row + rows; ++r, to += columns) {
      const std::int64_t k = r % window;
      fill_row(x + r / window * channel, {k / (p.w[1] * p.w[2]), k / p.w[2] % p.w[1], k % p.w[2]}, column, columns, to);
    }
  }

 private:
  /// Where position `at` of the dilated image lies in axis d; -1 where there is nothing.
  std::int64_t source(std::size_t d, std::int64_t at) const {
    if (at < 0 || at % p.x_dilation[d] != 0 || at / p.x_dilation[d] >= p.x[d]) return -1;
    return at / p.x_dilation[d];
  }
  template <class T>
  void fill_row(const T* x, const Sizes& k, std::int64_t column, std::int64_t columns, T* to) const {
    const std::int64_t width = p.y[2];
    for (std::int64_t done = 0; done < columns;) {
      const std::int64_t at = column + done, o2 = at % width, o1 = at / width % p.y[1], o0 = at / (width * p.y[1]);
      const std::int64_t run = std::min(columns - done, width - o2);
      const std::int64_t i0 = source(0, o0 * p.stride[0] - p.low[0] + k[0] * p.w_dilation[0]);
      const std::int64_t i1 = source(1, o1 * p.stride[1] - p.low[1] + k[1] * p.w_dilation[1]);
      if (i0 < 0 || i1 < 0)
        std::fill(to + done, to + done + run, T(0));
      else
        fill_run(x + i0 * stride[0] + i1 * stride[1], o2 * p.stride[2] - p.low[2] + k[2] * p.w_dilation[2], run,
                 to + done);
      done += run;
    }
  }
  /// `run` positions from `at` on, along the last axis.
  template <class T>
  void fill_run(const T* x, std::int64_t at, std::int64_t run, T* to) const {
    const std::int64_t step = p.stride[2];
    if (p.x_dilation[2] != 1) {
      for (std::int64_t i = 0; i < run; ++i) {
        const std::int64_t s = source(2, at + i * step);
        to[i] = s < 0 ? T(0) : x[s * stride[2]];
      }
      return;
    }
    const auto reached = [&](std::int64_t bound) {  // the first i with at + i * step >= bound
      return std::clamp<std::int64_t>((bound - at + step - 1) / step, 0, run);
    };
    const std::int64_t begin = at >= 0 ? 0 : reached(0), end = at >= p.x[2] ? 0 : reached(p.x[2]);
    std::fill(to, to + std::min(begin, run), T(0));
    const T* from = x + at * stride[2];
    const std::int64_t jump = step * stride[2];
    if (jump == 1 && end > begin) {
      std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin) * sizeof(T));
    } else {
      for (std::int64_t i = begin; i < end; ++i) to[i] = from[i * jump];
    }
    std::fill(to + std::max(begin, end), to + run, T(0));
  }
};

/// The geometry with its spatial axes at the end of three, so that loops run over three.
ConvGeometry padded(const ConvGeometry& p) {
  ConvGeometry q;
  q.rank = 3;
  q.groups = p.groups;
  for (int i = 0; i < p.rank; ++i) {
    const auto from = static_cast<std::size_t>(i), to = static_cast<std::size_t>(i + 3 - p.rank);
    q.x[to] = p.x[from], q.w[to] = p.w[from], q.y[to] = p.y[from], q.stride[to] = p.stride[from];
    q.low[to] = p.low[from], q.x_dilation[to] = p.x_dilation[from], q.w_dilation[to] = p.w_dilation[from];
  }
  return q;
}

/// x with three spatial axes.
Tensor padded(const ConvGeometry& p, const Tensor& x) {
  Shape shape = x.shape(), strides = dense(x).strides;
  for (int i = p.rank; i < 3; ++i) shape.insert(2, 1), strides.insert(2, 0);
  return view_of(x, shape, strides, 0);
}

/// Columns of a patch tile: about half a MiB of patches.
std::int64_t tile_columns(std::int64_t rows, std::int64_t columns, int itemsize) {
  const std::int64_t wanted = std::max<std::int64_t>(64, 512 * 1024 / (std::max<std::int64_t>(rows, 1) * itemsize));
  return std::min(columns, wanted / 16 * 16);
}

template <class T>
const T* data(const Tensor& x) {
  return reinterpret_cast<const T*>(dense(x).data);
}

/// y = w * x. x has three spatial axes, w and y are row-major; y's elements are all written.
template <class T>
void result_by_patches(const ConvGeometry& p, const Tensor& x, const Tensor& w, Tensor& y) {
  const std::int64_t n = x.shape()[0], c = w.shape()[1], o = w.shape()[0] / p.groups;
  const std::int64_t rows = c * product(p.w), columns = product(p.y);
  const Patches patches(p, x);
  const bool in_place = patches.in_place() && (c == 1 || patches.channel >= columns);
  const std::int64_t tile = in_place ? columns : tile_columns(rows, columns, sizeof(T));
  const std::int64_t tiles = (columns + tile - 1) / tile;
  parallel_chunks(n * p.groups * tiles, [&](std::int64_t task) {
    const std::int64_t example = task / (p.groups * tiles), group = task / tiles % p.groups, at = task % tiles * tile;
    const std::int64_t width = std::min(tile, columns - at);
    const T* image = data<T>(x) + example * dense(x).strides[0] + group * c * patches.channel;
    const Scratch<T> scratch(in_place ? 0 : rows * width);
    if (!in_place) patches.fill(image, 0, rows, at, width, scratch.get());
    T* out = reinterpret_cast<T*>(dense(y).data) + (example * p.groups + group) * o * columns + at;
    gemm({x.dtype(), o, width, rows, rows, 1, in_place ? patches.channel : width, 1, columns},
         data<T>(w) + group * o * rows, in_place ? image : scratch.get(), out);
  });
}

/// w from x and y; y is row-major, so is the result. Tasks own rows of patches, so no two add to one element.
template <class T>
void kernel_by_patches(const ConvGeometry& p, const Tensor& x, const Tensor& y, Tensor& w) {
  const std::int64_t n = x.shape()[0], c = w.shape()[1], o = w.shape()[0] / p.groups;
  const std::int64_t rows = c * product(p.w), columns = product(p.y);
  const Patches patches(p, x);
  const std::int64_t band = std::max<std::int64_t>(32, (rows + 7) / 8), bands = (rows + band - 1) / band;
  const std::int64_t tile = tile_columns(std::min(band, rows), columns, sizeof(T));
  parallel_chunks(p.groups * bands, [&](std::int64_t task) {
    const std::int64_t group = task / bands, row = task % bands * band, height = std::min(band, rows - row);
    const Scratch<T> scratch(height * tile);
    T* out = reinterpret_cast<T*>(dense(w).data) + group * o * rows + row;
    for (std::int64_t example = 0; example < n; ++example) {
      const T* image = data<T>(x) + example * dense(x).strides[0] + group * c * patches.channel;
      const T* result = data<T>(y) + (example * p.groups + group) * o * columns;
      for (std::int64_t at = 0; at < columns; at += tile) {
        const std::int64_t width = std::min(tile, columns - at);
        patches.fill(image, row, height, at, width, scratch.get());
        gemm({x.dtype(), o, height, width, columns, 1, 1, width, rows, example > 0 || at > 0}, result + at,
             scratch.get(), out);
      }
    }
  });
}

/// w as the transposed convolution wants it: [G * C, O, W...], positions reversed.
template <class T>
Tensor reversed_kernel(const ConvGeometry& p, const Tensor& w) {
  const std::int64_t o = w.shape()[0] / p.groups, c = w.shape()[1], window = product(p.w);
  Tensor r = empty_dense(joined(p.groups * c, o, p, p.w), w.dtype());
  T* to = reinterpret_cast<T*>(dense(r).data);
  const T* from = data<T>(w);
  for (std::int64_t g = 0; g < p.groups; ++g) {
    for (std::int64_t i = 0; i < c; ++i) {
      for (std::int64_t j = 0; j < o; ++j) {
        const T* source = from + ((g * o + j) * c + i) * window;
        for (std::int64_t k = 0; k < window; ++k) *to++ = source[window - 1 - k];
      }
    }
  }
  return r;
}

Tensor converted(const Tensor& x, Dtype to) {
  Tensor y = empty_dense(x.shape(), to, x.device(), x.weak());
  convert_strided(dense(x).data, x.dtype(), x.shape(), dense(x).strides, dense(y).data, to);
  return y;
}

using DenseConv = Tensor (*)(const ConvGeometry&, const Tensor&, const Tensor&);

/// Half types compute in float32.
Tensor through_float(DenseConv f, const ConvGeometry& p, const Tensor& a, const Tensor& b) {
  return converted(f(p, converted(a, Dtype::float32), converted(b, Dtype::float32)), a.dtype());
}

Tensor zeros_like_result(const Shape& shape, const Tensor& a) {
  Tensor z = empty_dense(shape, a.dtype(), a.device());
  std::memset(dense(z).data, 0, static_cast<std::size_t>(z.size() * itemsize(z.dtype())));
  return z;
}

}  // namespace

ConvGeometry transposed_geometry(const ConvGeometry& p) {
  ConvGeometry q = p;
  std::swap(q.x, q.y);
  std::swap(q.stride, q.x_dilation);
  for (std::size_t i = 0; i < 3; ++i) q.low[i] = (p.w[i] - 1) * p.w_dilation[i] - p.low[i];
  return q;
}

Tensor conv_result_dense(const ConvGeometry& p, const Tensor& x, const Tensor& w) {
  if (is_half(x.dtype())) return through_float(&conv_result_dense, p, x, w);
  const Shape shape = joined(x.shape()[0], w.shape()[0], p, p.y);
  if (x.size() == 0 || w.size() == 0) return zeros_like_result(shape, x);
  if (shape.elements() == 0) return empty_dense(shape, x.dtype(), x.device());
  Tensor y = empty_like_layout(shape, x);
  if (conv_native(ConvWanted::result, p, x, w, y)) return y;
  y = empty_dense(shape, x.dtype(), x.device());
  const ConvGeometry q = padded(p);
  const Tensor image = padded(p, x), kernel = pack(w);
  visit_storage(x.dtype(), [&]<class T>(T) { result_by_patches<T>(q, image, kernel, y); });
  return y;
}

Tensor conv_image_dense(const ConvGeometry& p, const Tensor& y, const Tensor& w) {
  if (is_half(y.dtype())) return through_float(&conv_image_dense, p, y, w);
  const std::int64_t c = w.shape()[1] * p.groups;
  if (y.size() == 0 || w.size() == 0) return zeros_like_result(joined(y.shape()[0], c, p, p.x), y);
  const Tensor x = empty_like_layout(joined(y.shape()[0], c, p, p.x), y);
  if (x.size() == 0 || conv_native(ConvWanted::image, p, x, w, y)) return x;
  const Tensor kernel = pack(w);
  Tensor reversed;
  visit_storage(y.dtype(), [&]<class T>(T) { reversed = reversed_kernel<T>(p, kernel); });
  return conv_result_dense(transposed_geometry(p), y, reversed);
}

Tensor conv_kernel_dense(const ConvGeometry& p, const Tensor& x, const Tensor& y) {
  if (is_half(x.dtype())) return through_float(&conv_kernel_dense, p, x, y);
  const Shape shape = joined(y.shape()[1], x.shape()[1] / std::max<std::int64_t>(p.groups, 1), p, p.w);
  if (x.size() == 0 || y.size() == 0) return zeros_like_result(shape, x);
  Tensor w = empty_dense(shape, x.dtype(), x.device());
  if (w.size() == 0) return w;
  if (conv_native(ConvWanted::kernel, p, x, w, y)) return w;
  const ConvGeometry q = padded(p);
  const Tensor image = padded(p, x), result = pack(y);
  visit_storage(x.dtype(), [&]<class T>(T) { kernel_by_patches<T>(q, image, result, w); });
  return w;
}

}  // namespace strata
