// See loader.hpp.
#include "strata/distributed/loader.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"

namespace strata {

BatchRows::BatchRows(std::int64_t examples, LoaderOptions options) : examples_(examples), options_(std::move(options)) {
  const distributed::Communicator over = options_.over.empty() ? distributed::Communicator() : options_.over.front();
  rank_ = over.rank();
  processes_ = over.size();
  if (options_.batch < 1 || options_.batch > examples_) {
    throw ValueError("Loader: a batch of " + std::to_string(options_.batch) + " examples out of " +
                     std::to_string(examples_) + "; it must be from 1 to all");
  }
}

std::int64_t BatchRows::steps_per_epoch() const {
  return options_.drop_last ? examples_ / options_.batch : (examples_ + options_.batch - 1) / options_.batch;
}

Tensor BatchRows::next() {
  if (drawn_ != epoch_) {
    order_ = options_.key.defined() ? random::permutation(random::fold_in(options_.key, epoch_), examples_)
                                    : arange(examples_);
    order_ = astype(std::move(order_), int32);
    drawn_ = epoch_;
  }
  const std::int64_t begin = step_ * options_.batch, size = std::min(options_.batch, examples_ - begin);
  const auto cut = [&](std::int64_t r) { return begin + r * (size / processes_) + std::min(r, size % processes_); };
  if (++step_ == steps_per_epoch()) {
    step_ = 0;
    ++epoch_;
  }
  return slice_in_dim(order_, cut(rank_), cut(rank_ + 1), 1, {.axis = 0});
}

LoaderState BatchRows::state() const { return {full({}, epoch_, {.dtype = int32}), full({}, step_, {.dtype = int32})}; }

void BatchRows::resume(const LoaderState& state) {
  const auto epoch = state.epoch.item<std::int64_t>(), step = state.step.item<std::int64_t>();
  if (epoch < 0 || step < 0 || step >= steps_per_epoch()) {
    throw ValueError("Loader: cannot resume at step " + std::to_string(step) + " of epoch " + std::to_string(epoch) +
                     ": an epoch has " + std::to_string(steps_per_epoch()) + " steps");
  }
  epoch_ = epoch;
  step_ = step;
}

namespace detail {

std::int64_t common_rows(const std::vector<Tensor>& leaves, const std::vector<std::string>& paths) {
  std::int64_t rows = -1;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].defined()) continue;
    const std::int64_t n = leaves[i].ndim() > 0 ? leaves[i].shape()[0] : -1;
    if (n >= 0 && (rows < 0 || rows == n)) {
      rows = n;
      continue;
    }
    throw ShapeError(
        "Loader: the data's leaf " + (paths[i].empty() ? "itself" : paths[i]) + " has shape " +
        to_string(leaves[i].shape()) +
        (n < 0 ? ", which has no axis of examples" : ", but others have " + std::to_string(rows) + " examples"));
  }
  if (rows < 0) throw ShapeError("Loader: the data holds no tensor");
  return rows;
}

Tensor take_rows(const Tensor& x, const Tensor& rows) { return take(x, rows, {.axis = 0}); }

}  // namespace detail
}  // namespace strata
