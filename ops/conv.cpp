// The three ops of convolution and their rules. See conv.hpp.
// NOTE [lanes in a convolution]  Lanes meet two of x, w and y, or all three. In x and y they join the examples N; in w
// and y the output channels O; in x and w the input channels C; in all three the groups G. A reshape does it, with a
// copy only where the lanes do not lie there already.
#include "strata/ops/conv.hpp"

#include "strata/ops/backend.hpp"
#include "strata/ops/contract.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

/// Lanes joined with axis `axis`, as its outer part; with `groups` > 1 as the part after the groups.
Tensor fold(const Lane& x, int axis, std::int64_t groups = 1) {
  Tensor t = moveaxis(x.value, x.axis, axis);
  Shape shape = t.shape();
  const std::int64_t lanes = shape[axis];
  shape.erase(axis);
  if (groups > 1) {
    Shape split = t.shape();
    split[axis + 1] /= groups;
    split.insert(axis + 1, groups);
    t = moveaxis(reshape(std::move(t), split), axis, axis + 1);
  }
  shape[axis] *= lanes;
  return reshape(std::move(t), shape);
}

/// The other way: the lanes of a result.
Lane unfold(Tensor y, int axis, std::int64_t lanes, std::int64_t groups = 1) {
  Shape split = y.shape();
  split[axis] /= lanes * groups;
  split.insert(axis, lanes);
  if (groups == 1) return {reshape(std::move(y), split), axis};
  split.insert(axis, groups);
  Tensor t = moveaxis(reshape(std::move(y), split), axis + 1, 0);
  Shape joined = t.shape();
  joined.erase(axis + 1);
  joined[axis + 1] *= groups;
  return {reshape(std::move(t), joined), 0};
}

ConvGeometry grouped(ConvGeometry p, std::int64_t lanes) {
  p.groups *= lanes;
  return p;
}

/// No lanes, no result: a convolution of zero groups would have no sizes to speak of.
Lane no_lanes(const ConvGeometry& p, std::int64_t first, std::int64_t second, const ConvGeometry::Sizes& sizes,
              const Tensor& like) {
  Shape shape{0, first, second};
  for (int i = 0; i < p.rank; ++i) shape.push_back(sizes[static_cast<std::size_t>(i)]);
  return {zeros(shape, {.dtype = like.dtype(), .device = like.device()}), 0};
}

std::int64_t logical(const Lane& x, int axis) { return x.value.shape()[value_axis(x, axis)]; }

/// Of a cotangent of the kernel w.
ConvGeometry of_shared(ConvGeometry p, const Tensor& w) {
  p.shared = mapped_depth(w);
  return p;
}

/// Padding behind the image, so that all windows and no more fit; below 0 where the image ends early.
std::int64_t high_padding(const ConvGeometry& p, std::size_t i) {
  const std::int64_t high =
      (p.y[i] - 1) * p.stride[i] + (p.w[i] - 1) * p.w_dilation[i] - (p.x[i] - 1) * p.x_dilation[i] - p.low[i];
  return high > -p.stride[i] ? std::max<std::int64_t>(high, 0) : high;
}

/// The kernel's cotangent of each lane as patches times results, which may stay factored; undefined where that is not
/// to be.
/// NOTE [patches as factors]  Worth it for the wide layers behind small images, whose kernels have more elements than
/// all patches. The kernels of the first layers are small, one for each lane is quickly made.
Tensor kernel_of_patches(const ConvGeometry& p, const Lane& x, const Lane& y, const Batch& batch) {
  if (p.shared < 0 || batch.id.level->depth <= p.shared || p.groups != 1 || x.value.device() != cpu) return {};
  const std::int64_t n = logical(x, 0), c = logical(x, 1), o = logical(y, 1);
  const std::int64_t window = p.w[0] * p.w[1] * p.w[2], positions = p.y[0] * p.y[1] * p.y[2];
  if (!factored::worthwhile(batch.size, o * c * window, n * positions * (o + c * window))) return {};
  Window w;
  std::vector<std::pair<std::int64_t, std::int64_t>> padding;
  Shape kernel{batch.size, o, c};
  for (int i = 0; i < p.rank; ++i) {
    const auto d = static_cast<std::size_t>(i);
    padding.emplace_back(p.low[d], high_padding(p, d));
    if (padding.back().first < 0 || padding.back().second < 0 || p.y[d] < 1) return {};
    w.window.push_back(p.w[d]), w.strides.push_back(p.stride[d]);
    w.base_dilation.push_back(p.x_dilation[d]), w.window_dilation.push_back(p.w_dilation[d]);
    kernel.push_back(p.w[d]);
  }
  w.padding = Padding(std::move(padding));
  const Tensor patches = reshape(im2col(fold(x, 0), w), {batch.size, n, c * window, positions});
  const Tensor result = reshape(fold(y, 0), {batch.size, n, o, positions});
  return reshape(contract({{0, 1, 2, 3}, {0, 1, 4, 3}, {0, 4, 2}, p.shared, 1}, patches, result), kernel);
}

ConvGeometry sample_geometry(std::int64_t x, std::int64_t w, std::int64_t stride, std::int64_t low, std::int64_t high,
                             std::int64_t groups) {
  ConvGeometry p;
  p.groups = groups;
  p.x[0] = x, p.w[0] = w, p.stride[0] = stride, p.low[0] = low;
  p.y[0] = (x + low + high - w) / stride + 1;
  return p;
}

struct ConvResult : Bilinear<ConvResult> {
  using Params = ConvGeometry;
  static constexpr std::string_view name = "conv_result";
  static Tensor eval(const Params& p, Tensor x, Tensor w) { return backend(x).products.conv_result(p, x, w); }
  static Tensor transpose_a(const Params& p, const Tensor& g, const Tensor&, const Tensor& w) {
    return conv_image(p, g, w);
  }
  static Tensor transpose_b(const Params& p, const Tensor& g, const Tensor& x, const Tensor& w) {
    return conv_kernel(of_shared(p, w), x, g);
  }
  static Lane batch(const Params& p, Lane x, Lane w, Batch& batch) {
    const std::int64_t n = batch.size;
    if (n == 0) return no_lanes(p, logical(x, 0), logical(w, 0), p.y, x.value);
    if (!w.mapped()) return unfold(conv_result(p, fold(x, 0), w.value), 0, n);
    if (!x.mapped()) return unfold(conv_result(p, x.value, fold(w, 0, p.groups)), 1, n, p.groups);
    return unfold(conv_result(grouped(p, n), fold(x, 1), fold(w, 0)), 1, n);
  }
  static Samples samples() {
    const auto by = [](ConvGeometry p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{conv_result(p, x[0], x[1])}; };
    };
    return {{"plain", {{{2, 3, 5}}, {{4, 3, 2}}}, by(sample_geometry(5, 2, 1, 0, 0, 1))},
            {"stride, padding", {{{2, 2, 5}}, {{3, 2, 3}}}, by(sample_geometry(5, 3, 2, 1, 2, 1))},
            {"groups", {{{1, 4, 4}}, {{6, 2, 2}}}, by(sample_geometry(4, 2, 1, 0, 0, 2))},
            {"empty", {{{0, 2, 4}}, {{3, 2, 2}}}, by(sample_geometry(4, 2, 1, 0, 0, 1))}};
  }
};

struct ConvImage : Bilinear<ConvImage> {
  using Params = ConvGeometry;
  static constexpr std::string_view name = "conv_image";
  static Tensor eval(const Params& p, Tensor y, Tensor w) { return backend(y).products.conv_image(p, y, w); }
  static Tensor transpose_a(const Params& p, const Tensor& g, const Tensor&, const Tensor& w) {
    return conv_result(p, g, w);
  }
  static Tensor transpose_b(const Params& p, const Tensor& g, const Tensor& y, const Tensor& w) {
    return conv_kernel(of_shared(p, w), g, y);
  }
  static Lane batch(const Params& p, Lane y, Lane w, Batch& batch) {
    const std::int64_t n = batch.size;
    if (n == 0) return no_lanes(p, logical(y, 0), logical(w, 1) * p.groups, p.x, y.value);
    if (!w.mapped()) return unfold(conv_image(p, fold(y, 0), w.value), 0, n);
    if (!y.mapped()) return unfold(conv_image(p, y.value, fold(w, 1)), 1, n, p.groups);
    return unfold(conv_image(grouped(p, n), fold(y, 1), fold(w, 0)), 1, n);
  }
  static Samples samples() {
    const auto by = [](ConvGeometry p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{conv_image(p, x[0], x[1])}; };
    };
    return {{"plain", {{{2, 4, 4}}, {{4, 3, 2}}}, by(sample_geometry(5, 2, 1, 0, 0, 1))},
            {"stride, padding, groups", {{{1, 4, 3}}, {{4, 2, 3}}}, by(sample_geometry(5, 3, 2, 1, 1, 2))},
            {"empty", {{{0, 3, 3}}, {{3, 2, 2}}}, by(sample_geometry(4, 2, 1, 0, 0, 1))}};
  }
};

struct ConvKernel : Bilinear<ConvKernel> {
  using Params = ConvGeometry;
  static constexpr std::string_view name = "conv_kernel";
  static Tensor eval(const Params& p, Tensor x, Tensor y) { return backend(x).products.conv_kernel(p, x, y); }
  static Tensor transpose_a(const Params& p, const Tensor& g, const Tensor&, const Tensor& y) {
    return conv_image(p, y, g);
  }
  static Tensor transpose_b(const Params& p, const Tensor& g, const Tensor& x, const Tensor&) {
    return conv_result(p, x, g);
  }
  static Lane batch(const Params& p, Lane x, Lane y, Batch& batch) {
    const std::int64_t n = batch.size;
    if (n == 0) return no_lanes(p, logical(y, 1), logical(x, 1) / p.groups, p.w, x.value);
    if (x.mapped() && y.mapped()) {
      Tensor w = kernel_of_patches(p, x, y, batch);
      if (w.defined()) return {std::move(w), 0};
    }
    if (!y.mapped()) return unfold(conv_kernel(p, fold(x, 1, p.groups), y.value), 1, n);
    if (!x.mapped()) return unfold(conv_kernel(p, x.value, fold(y, 1, p.groups)), 0, n, p.groups);
    return unfold(conv_kernel(grouped(p, n), fold(x, 1), fold(y, 1)), 0, n);
  }
  static Samples samples() {
    const auto by = [](ConvGeometry p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{conv_kernel(p, x[0], x[1])}; };
    };
    return {{"plain", {{{2, 3, 5}}, {{2, 4, 4}}}, by(sample_geometry(5, 2, 1, 0, 0, 1))},
            {"stride, padding, groups", {{{2, 4, 5}}, {{2, 6, 3}}}, by(sample_geometry(5, 3, 2, 1, 1, 2))},
            {"empty", {{{0, 2, 4}}, {{0, 3, 3}}}, by(sample_geometry(4, 2, 1, 0, 0, 1))}};
  }
};

}  // namespace

Tensor conv_result(const ConvGeometry& p, Tensor x, Tensor w) {
  return apply<ConvResult>(p, std::move(x), std::move(w));
}
Tensor conv_image(const ConvGeometry& p, Tensor y, Tensor w) { return apply<ConvImage>(p, std::move(y), std::move(w)); }
Tensor conv_kernel(const ConvGeometry& p, Tensor x, Tensor y) {
  return apply<ConvKernel>(p, std::move(x), std::move(y));
}

std::vector<Entry> conv_entries() {
  return {entry<row<ConvResult>>(), entry<row<ConvImage>>(), entry<row<ConvKernel>>()};
}

}  // namespace strata
