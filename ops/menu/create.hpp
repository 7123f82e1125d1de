// The menu: making tensors and changing their dtype or device.
#pragma once
#include <optional>

#include "strata/core/tensor.hpp"

namespace strata {

struct Creation {
  Dtype dtype = Dtype::float32;
  std::optional<Device> device{};
};
/// Tensors filled with 0, 1.      Tensor z = zeros({2, 3}, {.dtype = st::int32});
Tensor zeros(Shape shape, Creation p = {});
Tensor ones(Shape shape, Creation p = {});

/// x converted to `dtype`, strongly typed. float -> integer saturates and NaN becomes 0; -> bool is `x != 0`.
///     Tensor y = astype(x, st::float64);
Tensor astype(Tensor x, Dtype dtype);
/// The same, but a weak x stays weak: what promotion does to numbers.
Tensor astype_weak(Tensor x, Dtype dtype);
/// x with a row-major buffer of its own.      Tensor y = copy(mT(x));
Tensor copy(Tensor x);

}  // namespace strata
