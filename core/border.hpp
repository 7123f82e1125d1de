// The border of a region inside which values are this process's own: pmap's function. Called by dispatch, which brings
// tensors from outside across it; implemented by distributed/axis.cpp. Always holds: a tensor that a tape from outside
// recorded before the region began crosses the border once, by an op whose transpose sums over the processes, so that
// what a mapped function captures gets the gradient of all processes.
#pragma once
#include <span>

#include "strata/core/host_device.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

class Border {
 public:
  virtual ~Border() = default;
  /// Replaces the tensors that come from outside.
  virtual void enter(std::span<Tensor> x) = 0;
};

/// The innermost border on this thread; null outside of any.
extern thread_local Border* border STRATA_THREAD_POINTER;

}  // namespace strata
