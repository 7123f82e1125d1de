// A user's function of elements as one kernel on a GPU (ops/elementwise): which calls it serves, and from tensors to
// its plain operands. Called by ops/elementwise/rows.hpp, in users' files.
#pragma once
#include "strata/core/op.hpp"
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

inline constexpr int max_fused_in = 16, max_fused_out = 8;

/// y_j[i] = f_j(x_0[i], ...) over `axes`. An operand without memory is a number, a result without memory is not wanted.
template <int inputs, int outputs>
struct FusedCall {
  Axes axes;
  bool vector;  // every operand lies as the results do or is one element; in a kernel also: where several are one load
  Operand x[inputs];
  alignas(8) unsigned char value[inputs][8];
  void* y[outputs];
};
using AnyFusedCall = FusedCall<max_fused_in, max_fused_out>;

/// C++ numbers among x get the dtype of the others, if these have one float dtype.
void settle_numbers(Out x);
/// Whether one kernel serves a call: some argument lies on a GPU, and all have one float dtype.
bool fuses(In x);
/// A number of this dtype, in the place of a tangent or cotangent that is zero.
Tensor no_tangent(Dtype dtype);
/// Each y gets the shape that all of x broadcast to.
void spread(In x, Out y);

/// The operands of dense x, and results in memory of their own: y[j] of dtype stored[j].
AnyFusedCall plan_fused(Out x, std::span<const Dtype> stored, Out y);

}  // namespace strata::gpu
