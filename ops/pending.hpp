// Pending pointwise chains: the result of a large pointwise op is not computed but remembered, {op, operands}, until
// somebody looks. Pointwise consumers make the chain longer; a reduction over the last axes consumes it tile by tile;
// anything else gets the dense form. Called by eval_pointwise (makes them) and the reductions (consume them).
// Always holds: shapes and errors were settled at the call; values are those of the ops one by one, bit for bit; no
// chain has more than max_steps ops or max_leaves operands.
// NOTE [who is written out]  When a chain runs, members exist as tiles in the cache only. A member that somebody still
// holds (a tape, a variable, another chain) is stored in the same pass and becomes dense if it was dear: a tanh is, a
// few sums and products are not. Those stay pending: to compute them again costs no more than to read them back.
#pragma once
#include <cstddef>

#include "strata/core/deferred.hpp"
#include "strata/ops/cpu/reduce.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Pending : Deferred {
  static constexpr std::size_t max_params = 32;
  static constexpr int max_steps = 32, max_leaves = 16;

  const PointwiseInfo* info;
  int steps = 1, leaves = 0;    // of the whole chain, at most: shared members may count more than once
  mutable Tensor x[max_arity];  // all of this shape if pending; gone when the dense form is there
  alignas(16) std::byte params[max_params];

  Pending(const PointwiseInfo& i, Type type, const Shape& shape);
};
inline const Pending& pending(const Tensor& x) { return *static_cast<const Pending*>(x.impl()); }

/// The result of a pointwise op as a chain; undefined (and x as it was) when it should be computed at once.
Tensor defer_pointwise(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, Type type);
/// Computes it at once.
Tensor eval_pointwise_now(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, bool weak);
/// Reduces pending x while its chain runs. False, and nothing done, when it must be dense for that.
bool reduce_pending(const ReduceKernel& kernel, const Tensor& x, const ReduceResults& results);

}  // namespace strata
