// The menu's convolutions: reads layouts, paddings and groups, checks them in the user's words, and applies the ops of
// ops/conv.hpp to views with their axes in order.
#include <algorithm>
#include <numeric>

#include "strata/core/error.hpp"
#include "strata/ops/conv.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/window.hpp"

namespace strata {
namespace {

[[noreturn]] void refuse(const char* op, const std::string& why) {
  throw ShapeError(std::string(op) + ": " + why + level_context());
}

std::string letters_or(const std::string& given, const char* first_two, int spatial) {
  constexpr const char* letters[] = {"", "H", "HW", "DHW"};
  return given.empty() ? std::string(first_two) + letters[spatial] : given;
}

/// The orders that bring the three tensors to channels first, and the result back.
struct Orders {
  AxisList x, w, back;
  Orders(const char* op, const ConvLayout& layout, int spatial) {
    const std::string lx = letters_or(layout.x, "NC", spatial), lw = letters_or(layout.w, "OI", spatial),
                      ly = letters_or(layout.y.empty() ? layout.x : layout.y, "NC", spatial);
    std::string names;  // of the spatial axes, in x's order
    for (char c : lx) {
      if (c != 'N' && c != 'C') names += c;
    }
    x = order(op, lx, "NC" + names);
    w = order(op, lw, "OI" + names);
    const AxisList y = order(op, ly, "NC" + names);
    std::vector<int> inverse(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) inverse[static_cast<std::size_t>(y[i])] = static_cast<int>(i);
    back = AxisList(inverse);
  }

 private:
  static AxisList order(const char* op, const std::string& have, const std::string& want) {
    std::vector<int> axes;
    for (char c : want) {
      const std::size_t at = have.find(c);
      if (at == std::string::npos || have.size() != want.size() || have.find(c, at + 1) != std::string::npos)
        refuse(op, "layout \"" + have + "\" should hold each letter of \"" + want + "\" once");
      axes.push_back(static_cast<int>(at));
    }
    return AxisList(axes);
  }
};

void demand_ranks(const char* op, const Tensor& x, const Tensor& w) {
  if (x.ndim() < 3 || x.ndim() > 5 || w.ndim() != x.ndim()) {
    refuse(op, "x " + to_string(x.shape()) + " and w " + to_string(w.shape()) +
                   " should both have 3 to 5 axes: examples, channels and 1 to 3 spatial ones" +
                   (x.ndim() == w.ndim() - 1 ? "; for one example give expand_dims(x, 0)" : ""));
  }
}

/// Both arguments in their common dtype.
void promote_both(Tensor& x, Tensor& w) {
  const Type t = promote(x.type(), w.type());
  x = t.weak ? astype_weak(std::move(x), t.dtype) : astype(std::move(x), t.dtype);
  w = t.weak ? astype_weak(std::move(w), t.dtype) : astype(std::move(w), t.dtype);
}

struct Settings {
  Shape strides, lhs_dilation, rhs_dilation;
  Padding padding;
  std::int64_t groups;
};

ConvGeometry geometry(const char* op, const Tensor& x, const Tensor& w, const Settings& s) {
  const int spatial = x.ndim() - 2;
  ConvGeometry p;
  p.rank = spatial;
  p.groups = s.groups;
  WindowSizes sizes{x.shape().slice(2, x.ndim()), w.shape().slice(2, w.ndim()), s.strides, s.lhs_dilation,
                    s.rhs_dilation};
  const WindowPlan plan = plan_windows(op, sizes, s.padding);
  for (int i = 0; i < spatial; ++i) {
    const auto d = static_cast<std::size_t>(i);
    p.x[d] = x.shape()[i + 2], p.w[d] = w.shape()[i + 2], p.y[d] = plan.result[i];
    p.stride[d] = plan.strides[i], p.low[d] = plan.low[i];
    p.x_dilation[d] = plan.base_dilation[i], p.w_dilation[d] = plan.window_dilation[i];
  }
  return p;
}

void check_channels(const char* op, const Tensor& x, const Tensor& w, std::int64_t groups) {
  const std::int64_t c = x.shape()[1], i = w.shape()[1], o = w.shape()[0];
  if (groups < 1) refuse(op, "groups is " + std::to_string(groups) + ", should be at least 1");
  if (c != i * groups) {
    refuse(op, "x has " + std::to_string(c) + " channels, but w takes " + std::to_string(i) +
                   (groups > 1 ? " in each of " + std::to_string(groups) + " groups" : "") + ": x " +
                   to_string(x.shape()) + ", w " + to_string(w.shape()) + " (channels first)");
  }
  if (o % groups != 0)
    refuse(op, "w has " + std::to_string(o) + " output channels, which " + std::to_string(groups) + " does not divide");
}

/// w [G * O, C, W...] as the kernel of the transposed convolution: [G * C, O, W...].
Tensor exchange_channels(Tensor w, std::int64_t groups) {
  if (groups == 1) return swapaxes(std::move(w), 0, 1);
  Shape split = w.shape();
  split[0] /= groups;
  split.insert(0, groups);
  Tensor t = swapaxes(reshape(std::move(w), split), 1, 2);
  Shape joined = t.shape();
  joined.erase(0);
  joined[0] *= groups;
  return reshape(std::move(t), joined);
}

Tensor reversed(Tensor w) {
  std::vector<int> axes(static_cast<std::size_t>(w.ndim() - 2));
  std::iota(axes.begin(), axes.end(), 2);
  return flip(std::move(w), {.axes = AxisList(axes)});
}

bool dilates_only(const ConvGeometry& p) {
  return std::any_of(p.x_dilation.begin(), p.x_dilation.end(), [](auto d) { return d != 1; }) &&
         std::all_of(p.stride.begin(), p.stride.end(), [](auto s) { return s == 1; });
}

/// Channels first. Zeros between x's elements and no stride: the transpose of a strided convolution, which has kernels
/// of its own.
Tensor convolve_ordered(const ConvGeometry& p, Tensor x, Tensor w) {
  if (!dilates_only(p)) return conv_result(p, std::move(x), std::move(w));
  ConvGeometry q = p;
  std::swap(q.x, q.y);
  std::swap(q.stride, q.x_dilation);
  for (std::size_t i = 0; i < 3; ++i) q.low[i] = (p.w[i] - 1) * p.w_dilation[i] - p.low[i];
  return conv_image(q, std::move(x), exchange_channels(reversed(std::move(w)), p.groups));
}

/// Examples in groups: group i of the output channels sees group i of the examples. As channel groups: [b * N, C, ...]
/// becomes [N, b * C, ...].
Tensor examples_to_channels(const char* op, Tensor x, const Tensor& w, std::int64_t b) {
  if (b < 1 || x.shape()[0] % b != 0 || w.shape()[0] % b != 0) {
    refuse(op, "batch_groups " + std::to_string(b) + " should divide the examples (" + std::to_string(x.shape()[0]) +
                   ") and the output channels (" + std::to_string(w.shape()[0]) + ")");
  }
  Shape split = x.shape();
  split[0] /= b;
  split.insert(0, b);
  Tensor t = moveaxis(reshape(std::move(x), split), 0, 1);
  Shape joined = t.shape();
  joined.erase(1);
  joined[1] *= b;
  return reshape(std::move(t), joined);
}

}  // namespace

Tensor conv_general(Tensor x, Tensor w, Conv p) {
  demand_ranks("conv_general", x, w);
  const Orders orders("conv_general", p.layout, x.ndim() - 2);
  promote_both(x, w);
  x = transpose(std::move(x), orders.x);
  w = transpose(std::move(w), orders.w);
  if (p.batch_groups != 1) {
    if (p.groups != 1) refuse("conv_general", "groups and batch_groups cannot both differ from 1");
    if (x.shape()[1] != w.shape()[1]) check_channels("conv_general", x, w, 1);
    x = examples_to_channels("conv_general", std::move(x), w, p.batch_groups);
    p.groups = p.batch_groups;
  }
  check_channels("conv_general", x, w, p.groups);
  const ConvGeometry g =
      geometry("conv_general", x, w, {p.strides, p.lhs_dilation, p.rhs_dilation, p.padding, p.groups});
  return transpose(convolve_ordered(g, std::move(x), std::move(w)), orders.back);
}

namespace {

/// The padding of the dilated image that lax.conv_transpose means.
Padding transposed_padding(const Padding& padding, const Shape& window, const Shape& strides) {
  if (padding.mode().empty()) return padding;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (int i = 0; i < window.size(); ++i) {
    const std::int64_t k = window[i], s = strides[i];
    std::int64_t total = k + s - 2, low = 0;
    if (padding.mode() == "SAME") {
      low = s > k - 1 ? k - 1 : (total + 1) / 2;
    } else {
      total += std::max<std::int64_t>(k - s, 0);
      low = k - 1;
    }
    pairs.emplace_back(low, total - low);
  }
  return Padding(pairs);
}

}  // namespace

Tensor conv_transpose(Tensor x, Tensor w, ConvTranspose p) {
  constexpr const char* op = "conv_transpose";
  demand_ranks(op, x, w);
  const int spatial = x.ndim() - 2;
  const Orders orders(op, p.layout, spatial);
  promote_both(x, w);
  x = transpose(std::move(x), orders.x);
  w = transpose(std::move(w), orders.w);
  if (p.transpose_kernel) w = exchange_channels(reversed(std::move(w)), p.groups);
  check_channels(op, x, w, p.groups);
  const Shape strides = p.strides.empty() ? Shape::filled(spatial, 1) : p.strides;
  Shape window = w.shape().slice(2, w.ndim());
  for (int i = 0; i < window.size() && !p.rhs_dilation.empty() && i < p.rhs_dilation.size(); ++i)
    window[i] = (window[i] - 1) * p.rhs_dilation[i] + 1;
  if (p.padding.mode() != "SAME" && p.padding.mode() != "VALID" && !p.padding.mode().empty())
    refuse(op, "padding \"" + p.padding.mode() + "\" is neither \"SAME\" nor \"VALID\" nor pairs");
  if (strides.size() != spatial)
    refuse(op, "strides " + to_string(strides) + " should have " + std::to_string(spatial) + " sizes");
  const ConvGeometry g =
      geometry(op, x, w, {{}, strides, p.rhs_dilation, transposed_padding(p.padding, window, strides), p.groups});
  return transpose(convolve_ordered(g, std::move(x), std::move(w)), orders.back);
}

namespace {

template <class Options, class F>
Sample conv_sample(std::string label, Shape x, Shape w, Options p, F f) {
  return {std::move(label), {{x}, {w}}, [p, f](std::span<const Tensor> t) {
            return std::vector<Tensor>{f(t[0], t[1], p)};
          }};
}

Samples conv_general_samples() {
  const auto one = [](const char* label, Shape x, Shape w, Conv p) {
    return conv_sample(label, x, w, p, &conv_general);
  };
  return {one("two axes, SAME", {2, 2, 4, 5}, {3, 2, 3, 2}, {.padding = "SAME"}),
          one("strides, channels last", {1, 5, 4, 2}, {3, 2, 2, 3},
              {.strides = {2, 1}, .layout = {"NHWC", "HWIO", "NHWC"}}),
          one("dilations", {1, 2, 5}, {2, 2, 2}, {.padding = {{1, 2}}, .lhs_dilation = {2}, .rhs_dilation = {2}}),
          one("groups", {2, 4, 5}, {4, 2, 3}, {.padding = "SAME", .groups = 2}),
          one("groups of examples", {4, 2, 4}, {4, 2, 2}, {.batch_groups = 2}),
          one("three axes", {1, 1, 2, 3, 3}, {2, 1, 2, 2, 2}, {}),
          one("empty", {0, 2, 4}, {3, 2, 2}, {})};
}

Samples conv_transpose_samples() {
  const auto one = [](const char* label, Shape x, Shape w, ConvTranspose p) {
    return conv_sample(label, x, w, p, &conv_transpose);
  };
  return {one("strides", {1, 2, 3, 3}, {3, 2, 2, 3}, {.strides = {2, 2}}),
          one("VALID", {2, 2, 4}, {2, 2, 3}, {.strides = {3}, .padding = "VALID"}),
          one("the transpose of", {1, 3, 4}, {3, 2, 3}, {.strides = {2}, .transpose_kernel = true}),
          one("empty", {0, 2, 3}, {3, 2, 2}, {})};
}

}  // namespace

std::vector<Entry> convolution_entries() {
  return {composite("conv_general", &conv_general_samples), composite("conv_transpose", &conv_transpose_samples)};
}

}  // namespace strata
