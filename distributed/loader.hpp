// Loader: batches of a data set that fits in memory, in an order drawn from a key, each process its part of the global
// batch. Called by training loops. Always holds: the global batches depend on key, epoch and sizes alone, not on the
// number of processes; the state is two integers, so that a job goes on where another one stopped, with other
// processes.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "strata/core/tree.hpp"
#include "strata/distributed/communicator.hpp"

namespace strata {

struct LoaderOptions {
  std::int64_t batch = 0;  ///< examples in a global batch, of all processes together
  Tensor key{};            ///< order of each epoch; undefined: as they stand
  bool drop_last = true;   ///< an epoch's last batch, if smaller, is left out; else dealt out as evenly as possible
  std::vector<distributed::Communicator> over{};  ///< one: these processes instead of the whole job
};

/// Where a loader stands: a tree, so that a checkpoint can hold it.
struct LoaderState {
  Tensor epoch, step;  // int32 []
};

/// Which rows: plain arithmetic, apart from the data.
class BatchRows {
 public:
  BatchRows(std::int64_t examples, LoaderOptions options);
  /// The row numbers of this process's part of the next global batch, int32.
  Tensor next();
  std::int64_t steps_per_epoch() const;
  std::int64_t epoch() const { return epoch_; }
  /// Number of the next step in its epoch.
  std::int64_t step() const { return step_; }
  LoaderState state() const;
  void resume(const LoaderState& state);

 private:
  std::int64_t examples_;
  LoaderOptions options_;
  int rank_, processes_;
  std::int64_t epoch_ = 0, step_ = 0;
  std::int64_t drawn_ = -1;  // the epoch whose order is in order_
  Tensor order_;
};

/// Batches of a tree whose leaves are [N, ...].
///     st::Loader loader(train, {.batch = 64, .key = key});  const Batch b = loader.next();
template <class T>
class Loader {
 public:
  Loader(T data, LoaderOptions options) : data_(std::move(data)), rows_(examples(data_), std::move(options)) {}

  /// This process's examples of the next global batch: the data's own tree, leaves [B / n, ...].
  T next() {
    const Tensor rows = rows_.next();
    return tree_map([&](const Tensor& x) { return rows_at(x, rows); }, data_);
  }
  std::int64_t steps_per_epoch() const { return rows_.steps_per_epoch(); }
  std::int64_t epoch() const { return rows_.epoch(); }
  std::int64_t step() const { return rows_.step(); }
  /// For checkpoints: the same on all processes, and for any number of them.
  LoaderState state() const { return rows_.state(); }
  void resume(const LoaderState& state) { rows_.resume(state); }

 private:
  static std::int64_t examples(const T& data);
  static Tensor rows_at(const Tensor& x, const Tensor& rows);
  T data_;
  BatchRows rows_;
};

namespace detail {
/// The common size along axis 0. ShapeError when leaves differ.
std::int64_t common_rows(const std::vector<Tensor>& leaves, const std::vector<std::string>& paths);
Tensor take_rows(const Tensor& x, const Tensor& rows);
}  // namespace detail

template <class T>
std::int64_t Loader<T>::examples(const T& data) {
  return detail::common_rows(tree_leaves(data), tree_paths(data));
}
template <class T>
Tensor Loader<T>::rows_at(const Tensor& x, const Tensor& rows) {
  return detail::take_rows(x, rows);
}

}  // namespace strata
