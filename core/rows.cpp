// See rows.hpp.
#include "strata/core/rows.hpp"

#include "strata/core/error.hpp"

namespace strata {

RowsRef make_rows(const Level& level, std::vector<std::int64_t> index) {
  return make_rows(level.rows, std::move(index));
}
RowsRef make_rows(const RowsRef& outer, std::vector<std::int64_t> index) {
  return std::make_shared<const Rows>(Rows{std::move(index), outer, ++level_stack.clock});
}

std::int64_t lane_count(const Level& level, const RowsRef& rows) {
  return rows ? static_cast<std::int64_t>(rows->index.size()) : level.size;
}

namespace {

bool is_at(const Wrapper& w, const Level& level) {
  return w.id.level == &level && w.id.serial == level.serial.load(std::memory_order_relaxed);
}

/// A tape above `level` recorded x.
bool taped_above(const Tensor& x, const Level& level) {
  return x.kind() == Kind::taped && wrapper(x).id.alive_here() && wrapper(x).id.level->depth > level.depth;
}

/// The rows of x's lanes, if it has any of `level`.
const RowsRef* lanes_of(const Tensor& x, const Level& level) {
  if (!x.defined() || !x.is_wrapped()) return nullptr;
  const Wrapper& w = wrapper(x);
  if (is_at(w, level)) return &static_cast<const Batched&>(w).rows;
  if (const RowsRef* rows = lanes_of(w.value, level)) return rows;
  return x.kind() == Kind::dual ? lanes_of(static_cast<const Dual&>(w).tangent, level) : nullptr;
}

[[noreturn]] void other_lanes(const Tensor& x) {
  throw TransformError("a tensor of shape " + to_string(x.shape()) +
                       " holds other lanes than are present here: it comes from another branch or another step of a "
                       "loop; return it from there instead of storing it outside" +
                       level_context());
}

/// x is from outside the branch that runs on level.rows. Fewer lanes than are present: it comes from a branch within,
/// whose backward pass runs now.
bool is_wider(const Tensor& x, const Level& level) {
  if (!x.defined() || !x.is_wrapped()) return false;
  const Wrapper& w = wrapper(x);
  if (is_at(w, level)) {
    const RowsRef& rows = static_cast<const Batched&>(w).rows;
    if (rows == level.rows) return false;
    const std::int64_t has = lane_count(level, rows), present = lane_count(level, level.rows);
    if (has == present) other_lanes(x);
    return has > present;
  }
  if (taped_above(x, level) && static_cast<const Taped&>(w).born < level.rows->since) return true;
  if (x.kind() == Kind::dual && is_wider(static_cast<const Dual&>(w).tangent, level)) return true;
  return is_wider(w.value, level);
}

}  // namespace

RowsRef rows_of(const Tensor& x, const Level& level) {
  if (const RowsRef* rows = lanes_of(x, level)) return *rows;
  RowsRef rows = level.rows;
  for (Tensor t = x; t.defined() && t.is_wrapped(); t = Tensor(wrapper(t).value)) {
    if (!taped_above(t, level)) continue;
    while (rows && static_cast<const Taped&>(wrapper(t)).born < rows->since) rows = rows->outer;
    break;
  }
  return rows;
}

RowsScope::RowsScope(Level& level, RowsRef rows)
    : level_(level), before_(std::exchange(level.rows, std::move(rows))), outer_(std::exchange(level.scope, this)) {
  level_stack.narrowed += (level_.rows ? 1 : 0) - (before_ ? 1 : 0);
}

RowsScope::~RowsScope() {
  level_stack.narrowed += (before_ ? 1 : 0) - (level_.rows ? 1 : 0);
  level_.rows = std::move(before_);
  level_.scope = outer_;
}

Tensor RowsScope::narrow(Tensor x) {
  if (x.impl()->refs.alone()) return level_.interpreter->narrow(x);
  const auto known = narrowed_.find(x.impl());
  if (known != narrowed_.end()) return known->second.second;
  Tensor narrow = level_.interpreter->narrow(x);
  narrowed_.emplace(x.impl(), std::pair{x, narrow});
  return narrow;
}

void narrow_arguments(std::span<Tensor> x) {
  const int saved = std::exchange(level_stack.narrowed, 0);  // narrowing itself is not narrowed
  struct Restore {
    int value;
    ~Restore() { level_stack.narrowed = value; }
  } restore{saved};
  for (int i = 1; i <= level_stack.depth; ++i) {
    Level& level = *level_stack.levels[i];
    if (!level.rows) continue;
    for (Tensor& t : x) {
      if (is_wider(t, level)) t = level.scope->narrow(std::move(t));
    }
  }
}

RowsSnapshot::RowsSnapshot() {
  for (int i = 1; i <= level_stack.depth; ++i) {
    Level& level = *level_stack.levels[i];
    if (level.rows) rows_.push_back({{&level, level.serial.load(std::memory_order_relaxed)}, level.rows});
  }
}

std::vector<std::unique_ptr<RowsScope>> RowsSnapshot::enter() const {
  std::vector<std::unique_ptr<RowsScope>> scopes;
  for (const auto& [id, rows] : rows_) {
    if (id.alive_here() && id.level->rows != rows) scopes.push_back(std::make_unique<RowsScope>(*id.level, rows));
  }
  return scopes;
}

}  // namespace strata
