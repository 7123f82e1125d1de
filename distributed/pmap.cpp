// See pmap.hpp.
#include "strata/distributed/pmap.hpp"

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

void require_slice_for_each(int processes, const Tensor& leaf, const AxisSpec& spec, std::size_t argument,
                            const std::string& path) {
  const std::string what = "pmap: argument " + std::to_string(argument) + (path.empty() ? "" : " (" + path + ")");
  const int axis = spec.axis < 0 ? spec.axis + leaf.ndim() : spec.axis;
  if (axis < 0 || axis >= leaf.ndim()) {
    throw TransformError(what + " is mapped along axis " + std::to_string(spec.axis) + ", but has shape " +
                         to_string(leaf.shape()) + level_context());
  }
  throw TransformError(what + " has size " + std::to_string(leaf.shape()[axis]) + " along axis " +
                       std::to_string(axis) + ", but there " +
                       (processes == 1 ? "is 1 process" : "are " + std::to_string(processes) + " processes") +
                       ": st::shard makes a slice for each" + level_context());
}

Tensor shard_leaf(int processes, const Tensor& leaf) {
  if (leaf.ndim() == 0 || leaf.shape()[0] % processes != 0) {
    throw ShapeError("shard: shape " + to_string(leaf.shape()) + " cannot be divided among " +
                     std::to_string(processes) + (processes == 1 ? " process" : " processes") + " along axis 0" +
                     level_context());
  }
  Shape shape = leaf.shape();
  shape[0] /= processes;
  shape.insert(0, processes);
  return reshape(leaf, shape);
}

}  // namespace strata::detail
