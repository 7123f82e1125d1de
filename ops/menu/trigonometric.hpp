// The menu: trigonometric and hyperbolic functions, in radians. Integers become floats first; NaN outside the domain.
// NumPy's long names (arcsin, ...) are in ops/menu/aliases.hpp.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// Exact to the last places also for large x.          Tensor y = sin(x);
Tensor sin(Tensor x);
Tensor cos(Tensor x);
Tensor tan(Tensor x);
/// Their inverses.                                     Tensor y = asin(x);
Tensor asin(Tensor x);
Tensor acos(Tensor x);
Tensor atan(Tensor x);
/// The angle of the point (x, y), in [-pi, pi].        Tensor a = atan2(y, x);
Tensor atan2(Tensor y, Tensor x);
/// Hyperbolic functions and their inverses.            Tensor y = tanh(x);
Tensor sinh(Tensor x);
Tensor cosh(Tensor x);
Tensor tanh(Tensor x);
Tensor asinh(Tensor x);
Tensor acosh(Tensor x);
Tensor atanh(Tensor x);
/// sin(pi x) / (pi x), 1 at 0.                         Tensor y = sinc(x);
Tensor sinc(Tensor x);

}  // namespace strata
