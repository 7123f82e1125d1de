// The reducer: averages the gradients of one step over the ranks, in buckets. Called by data_parallel.
// Buckets hold leaves of one dtype in reverse order (the order in which a backward pass completes them), the first
// small, so that it leaves early; their order is the same on all ranks whatever order leaves complete in. With overlap
// a thread of its own sends bucket after bucket while the backward pass goes on. The results are views into the
// buckets.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "strata/core/tensor.hpp"
#include "strata/distributed/group.hpp"

namespace strata::distributed {

/// Dtype and shape of a leaf; a leaf without gradient (an integer) is left out.
struct LeafSpec {
  bool reduced = false;
  Dtype dtype = Dtype::float32;
  Shape shape;
};

class Reducer {
 public:
  struct Limits {
    std::int64_t first_bucket, bucket;  // bytes
  };
  /// With `overlap` the group is used by another thread: it must be the reducer's alone.
  Reducer(std::shared_ptr<Group> group, std::string axis_name, std::vector<LeafSpec> leaves, Limits limits,
          bool overlap);
  ~Reducer();
  Reducer(const Reducer&) = delete;
  Reducer& operator=(const Reducer&) = delete;

  /// Starts a step in which this rank's gradients weigh `weight`.
  void begin(double weight);
  /// The gradient of leaf i, dense; undefined is zero. Once for each leaf, in any order.
  void put(std::size_t i, const Tensor& g);
  /// The weighted sums over the ranks; leaves that were not put count as zero.
  std::vector<Tensor> finish();

  std::size_t buckets() const;
  bool overlaps() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata::distributed
