// The menu: rounding. Derivatives are zero. Integers are whole already and come back as they are (rint: as floats).
#pragma once
#include "strata/core/tensor.hpp"

namespace strata {

/// Down, up, towards zero.                                   Tensor y = floor(x);
Tensor floor(Tensor x);
Tensor ceil(Tensor x);
Tensor trunc(Tensor x);
/// To the nearest whole number, ties to even; ties away from zero.   Tensor y = rint(x);
Tensor rint(Tensor x);
Tensor round_away(Tensor x);
struct Rounding {
  int decimals = 0;  ///< digits to keep after the point; negative: before it
};
/// To the nearest decimal number, ties to even.              Tensor y = round(x, {.decimals = 2});
Tensor round(Tensor x, Rounding p = {});

}  // namespace strata
