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
  ConvLayout layout{};
};
/// lax.conv_transpose: a convolution of x with `strides` - 1 zeros between its elements; "SAME" gives size * stride.
/// x [N, C, H, W], w [O, C / groups, h, w] -> [N, O, H', W'].
///     Tensor y = conv_transpose(x, w, {.strides = {2, 2}});
Tensor conv_transpose(Tensor x, Tensor w, ConvTranspose p = {});

}  // namespace strata
