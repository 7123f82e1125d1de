// See axis.hpp.
#include "strata/distributed/axis.hpp"

#include "strata/core/error.hpp"
#include "strata/core/rows.hpp"

namespace strata::detail {
namespace {

/// "'i', 'j'", innermost first.
std::string names_in_scope() {
  std::string names;
  for (int i = level_stack.depth; i >= 1; --i) {
    const Level& l = *level_stack.levels[i];
    if (l.kind == LevelKind::vmap && !l.axis_name.empty()) names += (names.empty() ? "'" : ", '") + l.axis_name + "'";
  }
  return names;
}

}  // namespace

Axis find_named_axis(const char* op, const std::string& name) {
  Level* level = find_axis(name);
  if (!level) {
    const std::string names = names_in_scope();
    throw TransformError(std::string(op) + ": no axis is called '" + name + "' here; " +
                         (names.empty()
                              ? "no axis has a name: give one with st::vmap(f, {.axis_name = \"" + name + "\"})"
                              : "the axes in scope are " + names) +
                         level_context());
  }
  const Axis axis{{level, level->serial.load(std::memory_order_relaxed)}, level->size};
  require_all_lanes(op, axis.level);
  return axis;
}

void require_all_lanes(std::string_view op, const LevelId& id) {
  const Level& level = *id.level;
  if (!id.alive_here() || !level.rows) return;
  throw TransformError(std::string(op) + ": only " + std::to_string(level.rows->index.size()) + " of the " +
                       std::to_string(level.size) + " lanes of axis '" + level.axis_name +
                       "' are here: a collective cannot run inside a branch (or a loop) that some lanes do not take; "
                       "take it out of the branch, or use st::cond({.select = true}, ...)" +
                       level_context());
}

}  // namespace strata::detail
