// The menu: running reductions along an axis. Results have the argument's shape; without `.axis` the argument is
// flattened first, as in NumPy. `.reverse` runs from the end; `.exclusive` leaves each element itself out.
#pragma once
#include <optional>

#include "strata/core/tensor.hpp"

namespace strata {

struct Cumulative {
  std::optional<int> axis{};
  bool reverse = false;
  bool exclusive = false;
};

/// Running sum; bool counts in int32, half types add up in float32 and more.     Tensor y = cumsum(x, {.axis = -1});
Tensor cumsum(Tensor x, Cumulative p = {});
/// Running product. Derivatives are exact where factors are zero.                Tensor y = cumprod(x, {.axis = 0});
Tensor cumprod(Tensor x, Cumulative p = {});
/// Running maximum, minimum; NaN from the first NaN on. At a tie the derivative halves.
///     Tensor y = cummax(x, {.axis = 0, .reverse = true});
Tensor cummax(Tensor x, Cumulative p = {});
Tensor cummin(Tensor x, Cumulative p = {});

/// Running log(sum(exp(x))), without overflow.            Tensor y = cumlogsumexp(x, {.axis = 0});
Tensor cumlogsumexp(Tensor x, Cumulative p = {});

/// h[k] = a[k] * h[k - 1] + b[k] along `.axis` (the last when absent), from h = 0; a and b broadcast, floats. The
/// derivative of a linear recurrence is one: this is how running products are differentiated, and a building block for
/// filters and state-space layers.
///     Tensor smooth = linear_recurrence(0.9, 0.1 * x);
Tensor linear_recurrence(Tensor a, Tensor b, Cumulative p = {});

}  // namespace strata
