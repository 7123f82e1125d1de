// Forward mode: pushes tangents through ops beside the primals.
// Called by jvp (autograd/grad.hpp). One level per running jvp.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "strata/core/op.hpp"

namespace strata {

/// Held by shared_ptr, it may be put back on the stack: by a checkpoint that an outer tape runs again.
class Duals final : public Interpreter, public std::enable_shared_from_this<Duals> {
 public:
  Duals() : lease_(LevelKind::jvp, this) {}
  Level& level() const { return lease_.level(); }
  LevelId id() const { return lease_.id(); }

  /// x with tangent dx; x itself when dx is undefined or x is not a float tensor.
  Tensor pack(const Tensor& x, const Tensor& dx) const;
  /// Primal and tangent to levels below; the tangent is undefined (zero) when x is not this level's.
  std::pair<Tensor, Tensor> unpack(const Tensor& x) const;

  void run(Call& call) override;
  std::vector<Tensor> run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) override;

 private:
  std::vector<Tensor> run_segment(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x);
  LevelLease lease_;
};

}  // namespace strata
