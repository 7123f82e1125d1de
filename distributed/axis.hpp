// Named axes: what a collective runs over. Called by the collectives and by pmap.
// This is the one place that finds out what a name stands for: a vmap level of this thread, or an axis of processes
// that pmap put in scope. The innermost of a name is meant, whichever its kind.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "strata/core/border.hpp"
#include "strata/core/level.hpp"

namespace strata {

/// One axis name or several: "batch", {"i", "j"}.
class AxisNames {
 public:
  AxisNames(const char* name) : names_{name} {}             // NOLINT: implicit on purpose
  AxisNames(std::string name) : names_{std::move(name)} {}  // NOLINT: implicit on purpose
  AxisNames(std::initializer_list<std::string> names) : names_(names) {}
  AxisNames(std::vector<std::string> names) : names_(std::move(names)) {}  // NOLINT: implicit on purpose
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

namespace distributed {
class Group;
}

namespace detail {

/// Processes under a name, for one call of a mapped function. Levels with later serials, and tensors that tapes
/// recorded since then (level_stack.clock), are inside.
struct ProcessAxis {
  std::string name;
  std::shared_ptr<distributed::Group> group;
  std::uint64_t serial, since;
  ProcessAxis(std::string axis_name, std::shared_ptr<distributed::Group> processes);
};
using ProcessAxisRef = std::shared_ptr<const ProcessAxis>;

/// What a name stands for: a level, or processes.
struct Axis {
  LevelId level;
  std::int64_t size = 0;
  ProcessAxisRef processes{};
};

/// An axis of processes is in scope on this thread while this lives; tensors that tapes around it recorded cross its
/// border when they are used.
class ProcessAxisScope final : public Border {
 public:
  explicit ProcessAxisScope(ProcessAxisRef axis);
  ~ProcessAxisScope() override;
  ProcessAxisScope(const ProcessAxisScope&) = delete;
  ProcessAxisScope& operator=(const ProcessAxisScope&) = delete;

 private:
  void enter(std::span<Tensor> x) override;
  bool from_outside(const Tensor& x) const;
  ProcessAxisRef axis_;
  Border* outer_;
  std::uint64_t since_;                                                 // level_stack.clock
  std::unordered_map<const Impl*, std::pair<Tensor, Tensor>> entered_;  // x itself, so that its address stays its own
};

/// The innermost axis called `name`. TransformError that lists the names in scope when there is none, or when the axis
/// has not all its lanes here. `op` is for messages.
Axis find_named_axis(const char* op, const std::string& name);
/// TransformError inside a branch that only some lanes of the axis take.
void require_all_lanes(std::string_view op, const LevelId& level);

}  // namespace detail
}  // namespace strata
