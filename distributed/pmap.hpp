// pmap and what goes with it: a function mapped over processes. This build knows one process, so the mapped axis has
// size 1. Called by users. The mapped axis vanishes inside, as in JAX; collectives over `.axis_name` work as over a
// vmap axis.
#pragma once
#include <string>
#include <utility>

#include "strata/distributed/collectives.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace distributed {

/// The processes of a job.
class Communicator {
 public:
  int rank() const { return 0; }
  int size() const { return 1; }
};

/// Joins the job: one process.      auto world = st::distributed::init();
inline Communicator init() { return {}; }

}  // namespace distributed

struct PmapOptions {
  ArgAxes in_axes{};        ///< as in vmap; a mapped axis has the number of processes as its size
  ArgAxes out_axes{};       ///< likewise
  std::string axis_name{};  ///< for collectives
};

/// f on every process's share.      auto step = st::pmap(f, {.in_axes = {st::none, 0}, .axis_name = "data"});
/// TransformError when a mapped axis has another size than there are processes: st::shard makes [n, B/n] of [B].
template <class F>
auto pmap(F&& f, PmapOptions options = {}) {
  return vmap(std::forward<F>(f), {.in_axes = std::move(options.in_axes),
                                   .out_axes = std::move(options.out_axes),
                                   .axis_name = std::move(options.axis_name),
                                   .axis_size = distributed::Communicator{}.size()});
}

/// A global batch [B, ...] as [n, B/n, ...], n being the number of processes; every leaf of a tree.
///     auto y = step(params, st::shard(batch));
template <class T>
T shard(T batch) {
  for_each_leaf(batch, [](Tensor& leaf) {
    if (leaf.defined()) leaf = expand_dims(std::move(leaf), 0);
  });
  return batch;
}

}  // namespace strata
