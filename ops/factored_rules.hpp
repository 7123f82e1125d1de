// The rules of pointwise ops on factored tensors, for the ops' own headers. See factored.hpp.
// Each returns an undefined tensor where it wants dense arguments; at least one argument is deferred.
#pragma once
#include "strata/core/op.hpp"

namespace strata::factored {

Tensor multiply(Out x);
Tensor divide(Out x);
Tensor negate(Out x);
Tensor square(Out x);
/// x[0] + sign * x[1].
Tensor add(Out x, int sign);
/// where(x[0], x[1], x[2]).
Tensor choose(Out x);

}  // namespace strata::factored
