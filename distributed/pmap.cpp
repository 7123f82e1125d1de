// See pmap.hpp.
#include "strata/distributed/pmap.hpp"

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/process_ops.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {
namespace {

std::string processes_text(int n) { return n == 1 ? "is 1 process" : "are " + std::to_string(n) + " processes"; }

}  // namespace

PmapCall::PmapCall(const PmapOptions& options) {
  const distributed::Communicator over = options.over.empty() ? distributed::Communicator() : options.over.front();
  axis_ = std::make_shared<const ProcessAxis>(options.axis_name, over.group());
}

int PmapCall::size() const { return axis_->group->size(); }

Tensor PmapCall::enter(const Tensor& leaf, const AxisSpec& spec, std::size_t argument, const std::string& path) const {
  if (!leaf.defined()) return leaf;
  const Axis axis{{}, size(), axis_};
  if (!spec.mapped()) return leaf.is_wrapped() ? over_processes(axis, Move::enter, leaf) : leaf;
  const std::string what = "pmap: argument " + std::to_string(argument) + (path.empty() ? "" : " (" + path + ")");
  const int at = spec.axis < 0 ? spec.axis + leaf.ndim() : spec.axis;
  if (at < 0 || at >= leaf.ndim()) {
    throw TransformError(what + " is mapped along axis " + std::to_string(spec.axis) + ", but has shape " +
                         to_string(leaf.shape()) + level_context());
  }
  if (leaf.shape()[at] != size()) {
    throw TransformError(what + " has size " + std::to_string(leaf.shape()[at]) + " along axis " + std::to_string(at) +
                         ", but there " + processes_text(size()) + ": st::shard makes a slice for each" +
                         level_context());
  }
  return over_processes(axis, Move::take, leaf, at);
}

Tensor PmapCall::leave(const Tensor& leaf, const AxisSpec& spec, std::size_t k) const {
  if (!leaf.defined()) return leaf;
  const Axis axis{{}, size(), axis_};
  switch (spec.kind) {
    case AxisSpec::Kind::none:
      return over_processes(axis, Move::same, leaf);
    case AxisSpec::Kind::sum:
      return over_processes(axis, Move::total, leaf);
    case AxisSpec::Kind::mean:
      return over_processes(axis, Move::total, leaf) / size();
    case AxisSpec::Kind::local:
      return leaf;
    default:
      break;
  }
  const int rank = leaf.ndim() + 1, at = spec.axis < 0 ? spec.axis + rank : spec.axis;
  if (at < 0 || at >= rank) {
    throw TransformError("pmap: out_axes puts the slices of result " + std::to_string(k) + " along axis " +
                         std::to_string(spec.axis) + ", but the stacked result has " + std::to_string(rank) +
                         (rank == 1 ? " axis" : " axes") + level_context());
  }
  return over_processes(axis, Move::put, leaf, at);
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
