// The menu: convolution and pooling. Arguments promote by JAX's lattice; half types accumulate in float32.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata {

/// Elements added before and after each axis: "VALID" (none), "SAME" (the result has ceil(size / stride); the odd one
/// comes after), "SAME_LOWER" (before), or a pair for each axis; negative ones crop.
class Padding {
 public:
  Padding(const char* mode) : mode_(mode) {}             // NOLINT: implicit on purpose
  Padding(std::string mode) : mode_(std::move(mode)) {}  // NOLINT: implicit on purpose
  Padding(std::initializer_list<std::pair<std::int64_t, std::int64_t>> pairs) : pairs_(pairs) {}
  explicit Padding(std::vector<std::pair<std::int64_t, std::int64_t>> pairs) : pairs_(std::move(pairs)) {}
  const std::string& mode() const { return mode_; }  // empty when pairs are given
  const std::vector<std::pair<std::int64_t, std::int64_t>>& pairs() const { return pairs_; }

 private:
  std::string mode_;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs_;
};

/// Which axis is which, a letter each: N examples, C channels, O and I the kernel's output and input channels, any
/// other letters the spatial axes, in the same order in all three. Empty: examples and channels first ("NCHW", "OIHW").
struct ConvLayout {
  std::string x{}, w{}, y{};
};
struct Conv {
  Shape strides{};  // 1 when absent
  Padding padding = "VALID";
  Shape lhs_dilation{};           // zeros between the elements of x: 1 (none) when absent
  Shape rhs_dilation{};           // and of w
  std::int64_t groups = 1;        // input and output channels fall into groups that do not meet
  std::int64_t batch_groups = 1;  // examples and output channels fall into groups
  ConvLayout layout{};
};
/// Convolution as networks have it (the kernel is not reversed), over one to three spatial axes. x [N, C, H, W], w
/// [O, C / groups, h, w] -> [N, O, H', W']. ShapeError when channels or groups do not fit.
///     Tensor y = conv_general(x, w, {.strides = {2, 2}, .padding = "SAME"});
///     Tensor z = conv_general(x, w, {.layout = {"NHWC", "HWIO", "NHWC"}});
Tensor conv_general(Tensor x, Tensor w, Conv p = {});

struct ConvTranspose {
  Shape strides{};
  Padding padding = "SAME";
  Shape rhs_dilation{};
  std::int64_t groups = 1;
  bool transpose_kernel = false;  // w is that of the convolution whose transpose this is
  ConvLayout layout{};
};
/// lax.conv_transpose: a convolution of x with `strides` - 1 zeros between its elements; "SAME" gives size * stride.
/// x [N, C, H, W], w [O, C / groups, h, w] -> [N, O, H', W'].
///     Tensor y = conv_transpose(x, w, {.strides = {2, 2}});
Tensor conv_transpose(Tensor x, Tensor w, ConvTranspose p = {});

/// Windows over the last axes of a tensor, as many as `window` has sizes; give all axes for the layout of lax.
struct Window {
  Shape window;
  Shape strides{};  // the window itself when absent
  Padding padding = "VALID";
  Shape base_dilation{};  // 1 when absent
  Shape window_dilation{};
};
enum class WindowReduction : std::uint8_t { sum, max, min };
/// Sum, largest or smallest element of each window; padding counts as 0, or as lower (higher) than everything. An
/// extremum's derivative goes to the first element that reaches it; NaN wins. [8, 28, 28] -> [8, 14, 14] for {2, 2}.
///     Tensor y = reduce_window(x, st::WindowReduction::max, {.window = {3, 3}, .strides = {1, 1}, .padding = "SAME"});
Tensor reduce_window(Tensor x, WindowReduction reduction, Window p);
/// The largest element of each window.      Tensor y = max_pool(x, {.window = {2, 2}});
Tensor max_pool(Tensor x, Window p);

struct AvgPool {
  Shape window;
  Shape strides{};  // the window itself when absent
  Padding padding = "VALID";
  Shape window_dilation{};
  bool count_include_pad = true;  // false: divide by the number of elements that are not padding
};
/// The mean of each window; integers become floats first.      Tensor y = avg_pool(x, {.window = {2, 2}});
Tensor avg_pool(Tensor x, AvgPool p);

/// The windows themselves: the elements of a window join the axis before the windowed ones. [N, C, H, W] -> [N, C * h *
/// w, H', W']; strides are 1 when absent.      Tensor patches = im2col(x, {.window = {3, 3}, .padding = "SAME"});
Tensor im2col(Tensor x, Window p);

struct Convolve {
  std::string mode =
      "full";  // "full": wherever they overlap; "same": as long as the longer; "valid": all of the shorter
};
/// NumPy's convolution of two vectors.                  Tensor y = convolve(a, v, {.mode = "same"});
Tensor convolve(Tensor a, Tensor v, Convolve p = {});
struct Correlate {
  std::string mode = "valid";
};
/// NumPy's correlation of two vectors: v is not reversed.      Tensor y = correlate(a, v);
Tensor correlate(Tensor a, Tensor v, Correlate p = {});

}  // namespace strata
