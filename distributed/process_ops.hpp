// Collectives over an axis of processes as ops with all derivatives and batching rules. Called by the public
// collectives (collectives.cpp, exchange.cpp) and by pmap at its border. Always holds: one call is one exchange of the
// whole tensor, lanes of any vmap around it included; one that a tape recorded runs in the backward pass on every rank,
// with zeros where no cotangent came, so that the ranks stay in step.
#pragma once
#include "strata/distributed/axis.hpp"
#include "strata/functorch/lanes.hpp"
#include "strata/ops/registry.hpp"

namespace strata::detail {

/// The linear moves. Each transposes to another: sum to itself, gather to scatter, all_to_all and permute to their
/// inverses, broadcast to reduce_to, sum_invariant and vary to each other. The last five stand at the border of a
/// mapped function, outside of which a value is one value, the same on all ranks: enter and total, take and put
/// transpose to each other.
enum class Move : std::uint8_t {
  sum,
  sum_invariant,
  vary,        // identity: a value that is the same on all ranks goes on to be used differently
  gather,      // ranks as axis a
  scatter,     // sums; axis a is dealt out
  all_to_all,  // axis a is dealt out, ranks become axis b
  permute,
  broadcast,  // of rank a
  reduce_to,  // the sum on rank a, zeros elsewhere
  enter,      // identity, inwards
  total,      // the sum, outwards
  take,       // this rank's slice along axis a, inwards
  put,        // all ranks' slices along axis a, outwards
  same        // identity on a value that must be the same on all ranks, outwards
};

Tensor over_processes(const Axis& axis, Move move, Tensor x, int a = 0, int b = 0, Positions from = {},
                      Positions to = {});
/// The largest or the smallest over the ranks; those that tie share the derivative.
Tensor extreme_over_processes(const Axis& axis, bool largest, Tensor x);

std::vector<Entry> process_entries();

}  // namespace strata::detail
