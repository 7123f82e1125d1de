// What the laws' files share: comparison and plain loops over memory, which use no op of the library.
#pragma once
#include <functional>
#include <string>

#include "strata/tests/support/laws.hpp"

namespace strata::laws {

using Function = std::function<Tensors(Xs)>;

/// "float32[2, 3]".
std::string describe(const Tensor& x);
/// How far two ways to compute the same value may be apart, relative to the largest element.
double tolerance(Dtype d);
/// How a differs from b, which is right; nothing when shape, dtype and values agree.
Failure difference(const Tensor& a, const Tensor& b, double relative);
Failure same_bytes(const Tensor& a, const Tensor& b);
/// x in row-major memory of its own.
Tensor compact(const Tensor& x);
/// The same on the host.
Tensor on_host(const Tensor& x);
/// The lanes side by side along a new axis.
Tensor stack_lanes(const Tensors& lanes, int axis);
/// The law's failure; an exception is one.
Failure guarded(const std::function<Failure()>& law);

}  // namespace strata::laws
