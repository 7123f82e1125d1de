// vmap's interpreter: unwraps lanes, runs an op's batching rule, wraps what it gives.
// Called by vmap (functorch/vmap.hpp) and by functions with rules of their own. One level per running vmap, always held
// by shared_ptr: a custom function recorded on an outer tape puts the level back on the stack when its pullback runs.
// NOTE [a lane keeps its axis]  Rules may leave the batch axis anywhere; only vmap's exit moves it. Moving early would
// cost a copy per op.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "strata/core/op.hpp"

namespace strata {

class VmapLevel final : public Interpreter, public std::enable_shared_from_this<VmapLevel> {
 public:
  static std::shared_ptr<VmapLevel> make(std::int64_t size, std::string axis_name = {});
  Level& level() const { return lease_.level(); }
  LevelId id() const { return lease_.id(); }

  /// x mapped along `axis` (of the value x is to levels below); -1: x as it is.
  Tensor wrap(const Lane& x) const;
  /// The value and where its lanes are; -1 when x does not depend on the mapped axis.
  Lane unwrap(const Tensor& x) const;

  void run(Call& call) override;
  bool quick(const Op& op, const void* params, const Impl* const* x, Tensor& y) override;
  std::vector<Tensor> run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) override;
  Tensor narrow(const Tensor& x) override;

 private:
  VmapLevel() : lease_(LevelKind::vmap, this) {}
  LevelLease lease_;
};

}  // namespace strata
