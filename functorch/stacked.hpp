// Stacking the results of a loop's steps. Called by scan and map.
// Always holds: plain results, and results that only vmap wraps, are written into the stacked tensor as they come, so
// that a step's own result is not kept; results on a tape are kept and stacked at the end as one op.
#pragma once
#include <vector>

#include "strata/core/level.hpp"

namespace strata::detail {

/// One output leaf over all steps.
class StackedLeaf {
 public:
  StackedLeaf(const char* op, std::int64_t steps) : op_(op), steps_(steps) {}
  /// Step t's result. ShapeError when its shape is not that of the steps before.
  void put(std::int64_t t, Tensor y);
  /// All steps' results along a new axis 0. Every step has been put.
  Tensor finish();

 private:
  struct Layer {  // of vmap's wrappers, outermost first
    LevelId id;
    int axis;
    RowsRef rows;
    bool operator==(const Layer&) const = default;
  };
  static Tensor peel(Tensor y, std::vector<Layer>& layers);
  /// `value` with the layers around it; axes count from `shift`.
  Tensor wrap(Tensor value, int shift) const;
  bool fits(const Tensor& value, const std::vector<Layer>& layers) const;
  void keep_parts();

  const char* op_;
  std::int64_t steps_;
  std::int64_t first_ = -1;  // the step that came first
  Shape shape_;
  Tensor buffer_;              // [steps] + value's shape, while results are written as they come
  std::vector<Layer> layers_;  // around each value
  std::vector<bool> written_;
  std::vector<Tensor> parts_;  // otherwise
};

/// What stacking no results like y gives: shape [0] + y's.
Tensor no_slices(const Tensor& y);

}  // namespace strata::detail
