// The menu: choosing between values, and what depends on signs. Derivatives choose too.
#pragma once
#include <limits>
#include <optional>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata {

/// a where the condition is not zero, b elsewhere; all three broadcast.   Tensor y = where(x > 0, x, 0);
Tensor where(Tensor condition, Tensor a, Tensor b);
/// cases[which]: bool (two cases) or integers, which clamp; of one shape and dtype after promotion.
///     Tensor y = select_n(k, {a, b, c});
Tensor select_n(Tensor which, std::vector<Tensor> cases);
/// The larger, the smaller; NaN if either is. At ties each side gets half of the derivative.   Tensor y = maximum(x,
/// 0);
Tensor maximum(Tensor a, Tensor b);
Tensor minimum(Tensor a, Tensor b);
/// The same, but the other one where one is NaN.                          Tensor y = fmax(x, y);
Tensor fmax(Tensor a, Tensor b);
Tensor fmin(Tensor a, Tensor b);
/// minimum(maximum(x, low), high); an undefined bound ({}) is none. At a bound half of the derivative passes.
///     Tensor y = clip(x, 0, 1);  Tensor z = clip(x, {}, 5);
Tensor clip(Tensor x, Tensor low = {}, Tensor high = {});
/// The same values, but no derivative passes at a bound: lax.clamp.       Tensor y = clamp(0, x, 1);
Tensor clamp(Tensor low, Tensor x, Tensor high);
/// a + t (b - a).                                                         Tensor y = lerp(a, b, 0.25);
Tensor lerp(Tensor a, Tensor b, Tensor t);
/// |x|; its derivative at 0 is 1. The most negative integer stays.        Tensor y = abs(x);
Tensor abs(Tensor x);
/// -1, 0 or 1; NaN stays NaN.                                             Tensor s = sign(x);
Tensor sign(Tensor x);
/// a with b's sign; the next float after a towards b.                     Tensor y = copysign(x, -1);
Tensor copysign(Tensor a, Tensor b);
Tensor nextafter(Tensor a, Tensor b);
/// 0 below 0, 1 above, `at_zero` at 0; NaN stays.                          Tensor y = heaviside(x, 0.5);
Tensor heaviside(Tensor x, Tensor at_zero);

struct Replacements {
  double nan = 0;
  std::optional<double> posinf{}, neginf{};  ///< absent: the largest, the smallest finite number of x's dtype
};
/// x with NaN and infinities replaced; no derivative passes there.        Tensor y = nan_to_num(x, {.nan = -1});
Tensor nan_to_num(Tensor x, Replacements p = {});

}  // namespace strata
