// See axis.hpp.
#include "strata/distributed/axis.hpp"

#include "strata/core/error.hpp"
#include "strata/core/rows.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/process_ops.hpp"

namespace strata::detail {
namespace {

struct Scope {
  ProcessAxisRef axis;
  int depth;  // of the level stack when it was entered
};
thread_local std::vector<Scope> scopes;

/// "'i', 'j'", innermost first.
std::string names_in_scope() {
  std::string names;
  const auto add = [&](const std::string& name) {
    if (!name.empty()) names += (names.empty() ? "'" : ", '") + name + "'";
  };
  std::size_t left = scopes.size();
  for (int i = level_stack.depth; i >= 0; --i) {
    for (; left > 0 && scopes[left - 1].depth >= i; --left) add(scopes[left - 1].axis->name);
    if (i > 0 && level_stack.levels[i]->kind == LevelKind::vmap) add(level_stack.levels[i]->axis_name);
  }
  return names;
}

const Scope* find_scope(const std::string& name) {
  for (auto s = scopes.rbegin(); s != scopes.rend(); ++s) {
    if (s->axis->name == name && !name.empty()) return &*s;
  }
  return nullptr;
}

}  // namespace

ProcessAxis::ProcessAxis(std::string axis_name, std::shared_ptr<distributed::Group> processes)
    : name(std::move(axis_name)),
      group(std::move(processes)),
      serial(LevelLease(LevelKind::vmap, nullptr).id().serial),
      since(++level_stack.clock) {}

ProcessAxisScope::ProcessAxisScope(ProcessAxisRef axis) : axis_(std::move(axis)), outer_(std::exchange(border, this)) {
  scopes.push_back({axis_, level_stack.depth});
}
ProcessAxisScope::~ProcessAxisScope() {
  scopes.pop_back();
  border = outer_;
}

/// Some tape around the mapped function recorded x before it began.
bool ProcessAxisScope::from_outside(const Tensor& x) const {
  for (Tensor t = x; t.is_wrapped(); t = Tensor(wrapper(t).value)) {
    const Wrapper& w = wrapper(t);
    if (t.kind() == Kind::taped && w.id.serial < axis_->serial && w.id.alive_here() &&
        static_cast<const Taped&>(w).born < axis_->since)
      return true;
    if (t.kind() == Kind::dual && static_cast<const Dual&>(w).tangent.defined() &&
        from_outside(static_cast<const Dual&>(w).tangent))
      return true;
  }
  return false;
}

void ProcessAxisScope::enter(std::span<Tensor> x) {
  for (Tensor& t : x) {
    if (!t.defined() || !t.is_wrapped() || !from_outside(t)) continue;
    const auto known = entered_.find(t.impl());
    if (known != entered_.end()) {
      t = known->second.second;
      continue;
    }
    border = outer_;  // crossing is not crossed again
    struct Restore {
      Border* value;
      ~Restore() { border = value; }
    } restore{this};
    Tensor inside = over_processes({{}, axis_->group->size(), axis_}, Move::enter, t);
    entered_.emplace(t.impl(), std::pair{t, inside});
    t = std::move(inside);
  }
}

Axis find_named_axis(const char* op, const std::string& name) {
  Level* level = find_axis(name);
  const Scope* scope = find_scope(name);
  if (!level && !scope) {
    const std::string names = names_in_scope();
    throw TransformError(std::string(op) + ": no axis is called '" + name + "' here; " +
                         (names.empty()
                              ? "no axis has a name: give one with st::vmap(f, {.axis_name = \"" + name + "\"})"
                              : "the axes in scope are " + names) +
                         level_context());
  }
  if (scope && (!level || scope->depth >= level->depth)) return {{}, scope->axis->group->size(), scope->axis};
  Axis axis{{level, level->serial.load(std::memory_order_relaxed)}, level->size};
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
