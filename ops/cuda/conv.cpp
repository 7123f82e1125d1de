// Convolutions of tensors of a GPU. NOTE [padding on one side]  The library of convolutions pads both ends of an axis
// alike, and wants its tensors whole: row-major, or all with their channels last. Another padding (or cropping) is a
// copy of the image with its zeros around it. What the library has no way for at all (integers, dilated images) goes to
// kernels that read any strides.
#include "strata/ops/cuda/conv.hpp"

#include <algorithm>
#include <limits>

#include "strata/ops/backend.hpp"
#include "strata/ops/cuda/tensors.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/menu/precision.hpp"

namespace strata::gpu {
namespace {

using Sizes = ConvGeometry::Sizes;

Shape joined(std::int64_t first, std::int64_t second, const ConvGeometry& p, const Sizes& sizes) {
  Shape s{first, second};
  for (int i = 0; i < p.rank; ++i) s.push_back(sizes[static_cast<std::size_t>(i)]);
  return s;
}

Tensor zeros_of(const Shape& shape, const Tensor& like) {
  Tensor z = empty_dense(shape, like.dtype(), like.device());
  const std::uint64_t zero = 0;
  backend(z).elements.fill(z, &zero);
  return z;
}

/// Elements of the image that windows reach from end to end.
std::int64_t reach(const ConvGeometry& p, std::size_t i) {
  return (p.y[i] - 1) * p.stride[i] + (p.w[i] - 1) * p.w_dilation[i] + 1;
}

/// The library has a way, perhaps with a padded copy of the image.
bool native(const ConvGeometry& p, Dtype dtype, std::initializer_list<const Tensor*> tensors) {
  if (!is_float(dtype)) return false;
  for (int i = 0; i < p.rank; ++i) {
    if (p.x_dilation[static_cast<std::size_t>(i)] != 1) return false;
  }
  return std::all_of(tensors.begin(), tensors.end(),
                     [](const Tensor* t) { return t->size() < std::numeric_limits<std::int32_t>::max(); });
}
/// Both ends of each axis are padded alike.
bool even(const ConvGeometry& p) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(p.rank); ++i) {
    const std::int64_t room = p.x[i] + 2 * p.low[i] - (p.w[i] - 1) * p.w_dilation[i] - 1;
    if (p.low[i] < 0 || room < 0 || room / p.stride[i] + 1 != p.y[i]) return false;
  }
  return true;
}

/// An image of just what windows reach, zeros included, and the part of it that the given image has.
struct Framed {
  ConvGeometry geometry;
  Shape part, from, to;  // sizes, first elements in the image and in the framed one
  Shape shape;
  Framed(const ConvGeometry& p, const Shape& image) : geometry(p), part(image), shape(image) {
    from = to = Shape::filled(image.size(), 0);
    for (int i = 0; i < p.rank; ++i) {
      const auto d = static_cast<std::size_t>(i);
      const int axis = 2 + i;
      shape[axis] = geometry.x[d] = reach(p, d);
      geometry.low[d] = 0;
      from[axis] = std::max<std::int64_t>(-p.low[d], 0);
      to[axis] = std::max<std::int64_t>(p.low[d], 0);
      part[axis] = std::max<std::int64_t>(std::min(p.x[d] - from[axis], shape[axis] - to[axis]), 0);
    }
  }
  static Tensor at(const Tensor& x, const Shape& part, const Shape& first) {
    std::int64_t offset = 0;
    for (int i = 0; i < part.size(); ++i) offset += first[i] * dense(x).strides[i];
    return view_of(x, part, dense(x).strides, offset);
  }
  Tensor put(const Tensor& image) const {
    Tensor x = zeros_of(shape, image);
    if (part.elements() > 0) backend(x).elements.copy(at(image, part, from), at(x, part, to));
    return x;
  }
  Tensor take(const Tensor& framed, const Shape& image) const {
    Tensor x = zeros_of(image, framed);
    if (part.elements() > 0) backend(x).elements.copy(at(framed, part, to), at(x, part, from));
    return x;
  }
};

/// The channels lie together.
bool channels_last(const Tensor& x) {
  return x.dtype() != Dtype::float64 && dense(x).strides[1] == 1 && x.shape()[1] > 1;
}
Shape moved_last(const Shape& s) {
  Shape m = s;
  m.erase(1);
  m.push_back(s[1]);
  return m;
}
/// Memory for `shape` whose channels lie together, or that is row-major.
Tensor empty_laid(const Shape& shape, const Tensor& like, bool last) {
  if (!last) return empty_dense(shape, like.dtype(), like.device());
  const Shape memory = moved_last(shape);
  Strides strides = row_major(memory);
  strides.insert(1, 1);
  strides.erase(strides.size() - 1);
  return view_of(empty_dense(memory, like.dtype(), like.device()), shape, strides, 0);
}
/// x's elements laid so.
Tensor laid(const Tensor& x, bool last) {
  if (!last) return pack(x);
  const Tensor y = empty_laid(x.shape(), x, true);
  if (dense(y).strides == dense(x).strides) return x;
  backend(x).elements.copy(x, y);
  return y;
}

ConvCall::Memory memory(const Tensor& t) {
  const Dense& d = dense(t);
  ConvCall::Memory m{d.data, {d.strides[0], d.strides[1], 0, 0, 0}};
  const int rank = d.shape.size() - 2;
  for (int i = 0; i < rank; ++i) m.strides[5 - rank + i] = d.strides[2 + i];
  return m;
}

/// How the three lie, and who is asked.
struct Way {
  bool by_library, channels_last;
};

/// Computes the wanted one of the three, all of them laid as they should be.
void run(ConvWanted wanted, const ConvGeometry& p, Way way, const Tensor& x, const Tensor& w, const Tensor& y) {
  ConvCall c;
  c.wanted = wanted;
  c.dtype = x.dtype();
  c.tf32 = tf32_allowed();
  c.channels_last = way.channels_last;
  c.n = x.shape()[0], c.groups = p.groups, c.c = w.shape()[1], c.o = w.shape()[0] / p.groups;
  for (std::size_t i = 0; i < 3; ++i) {
    c.x_size[i] = c.w_size[i] = c.y_size[i] = c.stride[i] = c.x_dilation[i] = c.w_dilation[i] = 1;
    c.low[i] = 0;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(p.rank); ++i) {
    const std::size_t to = i + 3 - static_cast<std::size_t>(p.rank);
    c.x_size[to] = p.x[i], c.w_size[to] = p.w[i], c.y_size[to] = p.y[i], c.stride[to] = p.stride[i];
    c.low[to] = p.low[i], c.x_dilation[to] = p.x_dilation[i], c.w_dilation[to] = p.w_dilation[i];
  }
  c.x = memory(x), c.w = memory(w), c.y = memory(y);
  check("convolution", x, kernels(x).products.convolve(index_of(x), c, way.by_library));
}

}  // namespace

Tensor convolution_result(const ConvGeometry& p, const Tensor& x, const Tensor& w) {
  const Shape shape = joined(x.shape()[0], w.shape()[0], p, p.y);
  if (x.size() == 0 || w.size() == 0) return zeros_of(shape, x);
  if (shape.elements() == 0) return empty_dense(shape, x.dtype(), x.device());
  const bool by_library = native(p, x.dtype(), {&x, &w}) && shape.elements() < std::numeric_limits<std::int32_t>::max();
  if (by_library && !even(p)) {
    const Framed f(p, x.shape());
    return convolution_result(f.geometry, f.put(x), w);
  }
  const bool last = by_library && channels_last(x);
  const Tensor y = empty_laid(shape, x, last);
  run(ConvWanted::result, p, {by_library, last}, by_library ? laid(x, last) : x, by_library ? laid(w, last) : w, y);
  return y;
}

Tensor convolution_image(const ConvGeometry& p, const Tensor& y, const Tensor& w) {
  const Shape shape = joined(y.shape()[0], w.shape()[1] * p.groups, p, p.x);
  if (y.size() == 0 || w.size() == 0) return zeros_of(shape, y);
  if (shape.elements() == 0) return empty_dense(shape, y.dtype(), y.device());
  const bool by_library = native(p, y.dtype(), {&y, &w}) && shape.elements() < std::numeric_limits<std::int32_t>::max();
  if (by_library && !even(p)) {
    const Framed f(p, shape);
    return f.take(convolution_image(f.geometry, y, w), shape);
  }
  const bool last = by_library && channels_last(y);
  const Tensor x = empty_laid(shape, y, last);
  run(ConvWanted::image, p, {by_library, last}, x, by_library ? laid(w, last) : w, by_library ? laid(y, last) : y);
  return x;
}

Tensor convolution_kernel(const ConvGeometry& p, const Tensor& x, const Tensor& y) {
  const Shape shape = joined(y.shape()[1], x.shape()[1] / std::max<std::int64_t>(p.groups, 1), p, p.w);
  if (x.size() == 0 || y.size() == 0) return zeros_of(shape, x);
  if (shape.elements() == 0) return empty_dense(shape, x.dtype(), x.device());
  const bool by_library = native(p, x.dtype(), {&x, &y});
  if (by_library && !even(p)) {
    const Framed f(p, x.shape());
    return convolution_kernel(f.geometry, f.put(x), y);
  }
  const bool last = by_library && channels_last(x);
  const Tensor w = empty_laid(shape, x, last);
  run(ConvWanted::kernel, p, {by_library, last}, by_library ? laid(x, last) : x, w, by_library ? laid(y, last) : y);
  return w;
}

}  // namespace strata::gpu
