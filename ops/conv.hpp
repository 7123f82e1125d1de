// Convolution as one trilinear form in image x, kernel w and result y: three ops, each giving one of the three from the
// other two, so that each is the transpose of the others and every rule is again one of them. Called by the menu
// (ops/convolution.cpp), which brings axes into the order here.
// Always holds: x is [N, G * C, X...], w is [G * O, C, W...], y is [N, G * O, Y...], with one to three axes after the
// first two; G is the number of groups.
#pragma once
#include <array>
#include <cstdint>

#include "strata/core/tensor.hpp"

namespace strata {

/// How positions meet: y[o] takes w[k] x[i] where i * x_dilation == o * stride - low + k * w_dilation.
struct ConvGeometry {
  using Sizes = std::array<std::int64_t, 3>;
  int rank = 1;
  std::int64_t groups = 1;
  Sizes x{1, 1, 1}, w{1, 1, 1}, y{1, 1, 1};  // spatial sizes
  Sizes stride{1, 1, 1}, low{}, x_dilation{1, 1, 1}, w_dilation{1, 1, 1};
  int shared = -1;  // of a kernel's cotangent: as in Contraction
};

/// y from x and w.
Tensor conv_result(const ConvGeometry& p, Tensor x, Tensor w);
/// x from y and w: the transpose of conv_result in x.
Tensor conv_image(const ConvGeometry& p, Tensor y, Tensor w);
/// w from x and y: the transpose of conv_result in w.
Tensor conv_kernel(const ConvGeometry& p, Tensor x, Tensor y);

}  // namespace strata
