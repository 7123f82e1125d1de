// Named axes: what a collective runs over. Called by the collectives and by pmap.
// This is the one place that finds out what a name stands for: today a vmap level of this thread. A process axis will
// be the other kind of Axis, looked up here after the levels inside pmap; the ops ask only what is written here.
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

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

namespace detail {

/// What a name stands for.
struct Axis {
  LevelId level;
  std::int64_t size = 0;
};

/// The innermost axis called `name`. TransformError that lists the names in scope when there is none, or when the axis
/// has not all its lanes here. `op` is for messages.
Axis find_named_axis(const char* op, const std::string& name);
/// TransformError inside a branch that only some lanes of the axis take.
void require_all_lanes(std::string_view op, const LevelId& level);

}  // namespace detail
}  // namespace strata
