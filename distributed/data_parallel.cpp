// See data_parallel.hpp.
#include "strata/distributed/data_parallel.hpp"

#include "strata/core/error.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/reducer.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

using distributed::Group;
using distributed::LeafSpec;
using distributed::Reducer;

struct DataParallelState::Impl {
  std::vector<std::string> paths;
  std::unique_ptr<Reducer> reducer;
  double weight = 1;
  std::vector<Tensor> carried;
  std::int64_t parts = 1;
};

namespace {

bool wants_overlap(Overlap overlap, const Group& group) {
  if (group.size() == 1) return false;
  if (overlap == Overlap::automatic) return group.options().simulated_link > 0;
  return overlap == Overlap::on;
}

LeafSpec spec_of(const Tensor& leaf) {
  if (!leaf.defined() || !is_float(leaf.dtype())) return {};
  return {true, leaf.dtype(), leaf.shape()};
}

}  // namespace

DataParallelState::DataParallelState(DataParallelOptions options)
    : options_(std::move(options)),
      communicator_(options_.over.empty() ? distributed::Communicator() : options_.over.front()),
      impl_(std::make_unique<Impl>()) {
  if (options_.micro_batches < 1) {
    throw ValueError("data_parallel: micro_batches is " + std::to_string(options_.micro_batches) +
                     "; it must be at least 1");
  }
}

DataParallelState::~DataParallelState() = default;

ProcessAxisRef DataParallelState::axis() const {
  return std::make_shared<const ProcessAxis>(options_.axis_name, communicator_.group());
}

void DataParallelState::prepare(const std::vector<Tensor>& params, const std::vector<std::string>& paths) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!params[i].defined() || !params[i].is_wrapped()) continue;
    throw TransformError("data_parallel: the model (" + paths[i] +
                         ") belongs to a transform around it; use st::pmap and st::pmean inside transforms" +
                         level_context());
  }
  std::vector<LeafSpec> specs;
  for (const Tensor& p : params) specs.push_back(spec_of(p));
  if (impl_->reducer) {
    if (impl_->paths == paths) return;
    throw ValueError("data_parallel: this step was first given a model of " + std::to_string(impl_->paths.size()) +
                     " leaves, now one of " + std::to_string(paths.size()) +
                     " or with other names: make a step for each model");
  }
  communicator_.require_equal_leaves(params, paths, "parameters");
  const bool overlap = wants_overlap(options_.overlap, *communicator_.group());
  std::shared_ptr<Group> group = communicator_.group();
  if (overlap) group = group->duplicate();
  impl_->paths = paths;
  impl_->reducer =
      std::make_unique<Reducer>(std::move(group), options_.axis_name, std::move(specs),
                                Reducer::Limits{options_.first_bucket_bytes, options_.bucket_bytes}, overlap);
}

void DataParallelState::begin(std::int64_t examples) {
  Group& group = *communicator_.group();
  const std::string op = "data_parallel step over '" + options_.axis_name + "'";
  impl_->carried.clear();
  impl_->parts = 1;
  if (options_.uneven == Uneven::weighted) {
    std::int64_t total = 0;
    group.run({op, "examples weighted"},
              [&](distributed::Backend& b) { b.all_reduce(&examples, &total, 1, int64, distributed::Reduction::sum); });
    impl_->weight = total > 0 ? static_cast<double>(examples) / static_cast<double>(total) : 0;
  } else {
    if (group.options().verify) {
      group.agree(
          {op, std::to_string(examples) + " examples (.uneven = st::Uneven::weighted allows different numbers)"});
    }
    impl_->weight = 1.0 / group.size();
  }
  impl_->reducer->begin(impl_->weight);
}

void DataParallelState::carry(std::vector<Tensor> sum, std::int64_t parts) {
  impl_->carried = std::move(sum);
  impl_->parts = parts;
  impl_->reducer->begin(impl_->weight / static_cast<double>(parts));
}

void DataParallelState::put(std::size_t leaf, const Tensor& g) {
  if (g.defined() && g.is_wrapped())
    throw TransformError("data_parallel: a gradient belongs to a transform around the step" + level_context());
  const Tensor total = leaf < impl_->carried.size() ? sum_of(impl_->carried[leaf], g) : g;
  impl_->reducer->put(leaf, total.defined() ? concrete(total, "data_parallel").to(cpu) : total);
}

std::vector<Tensor> DataParallelState::finish(const std::vector<Tensor>& g) {
  if (g.size() != impl_->paths.size()) {
    throw ValueError("data_parallel: the gradient has " + std::to_string(g.size()) + " leaves, but the model " +
                     std::to_string(impl_->paths.size()) + ": differentiate with respect to the model alone");
  }
  for (std::size_t i = g.size(); i-- > 0;) put(i, g[i]);
  std::vector<Tensor> sums = impl_->reducer->finish();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].defined() && g[i].defined()) sums[i] = sums[i].to(g[i].device());  // processes exchange the host's memory
  }
  return sums;
}

Tensor DataParallelState::average(const Tensor& loss) const {
  const Tensor mine = impl_->weight == 0 ? zeros_like(loss) : loss * impl_->weight;
  const Tensor in = pack(astype(concrete(mine, "data_parallel"), loss.dtype()).to(cpu));
  Tensor out = empty_dense(in.shape(), in.dtype());
  communicator_.group()->all_reduce(
      {"loss over '" + options_.axis_name + "'", distributed::what_tensor(in.dtype(), in.shape())}, dense(in).data,
      dense(out).data, in.size(), in.dtype(), distributed::Reduction::sum);
  return out.to(mine.device());
}

bool DataParallelState::overlaps() const { return impl_->reducer && impl_->reducer->overlaps(); }

Tensor part_of(const Tensor& leaf, std::int64_t k, std::int64_t n) {
  if (leaf.ndim() == 0 || leaf.shape()[0] % n != 0) {
    throw ShapeError("data_parallel: shape " + to_string(leaf.shape()) + " cannot be divided into " +
                     std::to_string(n) + " micro-batches along axis 0");
  }
  const std::int64_t size = leaf.shape()[0] / n;
  return slice_in_dim(leaf, k * size, (k + 1) * size, 1, {.axis = 0});
}

std::int64_t examples_in(const Tensor& x) { return x.defined() && x.ndim() > 0 ? x.shape()[0] : 1; }

Tensor sum_of(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? a + b : a;
}

}  // namespace strata::detail
