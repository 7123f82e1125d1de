// The tape's node for a function that brought its own pullback (custom_vjp, custom_jvp, checkpoint).
#pragma once
#include "strata/autograd/custom.hpp"
#include "strata/core/op.hpp"

namespace strata {

struct PullbackParams {
  Custom::Pullback pullback;
  std::vector<detail::LeafSpec> results;
};

/// The row of such a node: its vjp calls the pullback; its jvp transposes the pullback, which is linear.
extern const Op pullback_op;
/// The same where the function made collectives over processes: the pullback runs even without a cotangent.
extern const Op collective_pullback_op;

}  // namespace strata
