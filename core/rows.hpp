// Rows: the lanes of a vmap level that are present while a branch or a loop runs for some of them only.
// Called by control flow (functorch/cond.hpp, while.hpp), which opens the scopes, and by dispatch, which brings tensors
// from outside to the lanes present. Always holds: rows are ascending and a subset of the rows of the scope around.
// NOTE [branches run on their rows]  A tensor from outside a branch has more lanes than are present in it. Dispatch
// passes it through `narrow`, a linear op applied from the outermost wrapper down, so that every tape and dual above
// and below the vmap records it; its transpose puts zeros for the lanes that are absent. A tensor that a tape above the
// vmap watches goes through it even if no lane distinguishes it: its cotangent will have the branch's lanes. Whether a
// taped tensor is from outside is told by its birth: level_stack.clock counts.
#pragma once
#include <unordered_map>
#include <utility>
#include <vector>

#include "strata/core/level.hpp"

namespace strata {

struct Rows {
  std::vector<std::int64_t> index;  ///< lane numbers, of all that the level has, ascending
  RowsRef outer;                    ///< the rows in force around the branch
  std::uint64_t since;  ///< level_stack.clock when the branch began: taped tensors born before are from outside
};

/// Rows for a branch that begins now, around which `level`'s present rows are in force.
RowsRef make_rows(const Level& level, std::vector<std::int64_t> index);
/// The same inside the rows `outer`.
RowsRef make_rows(const RowsRef& outer, std::vector<std::int64_t> index);
/// How many lanes `rows` of `level` are.
std::int64_t lane_count(const Level& level, const RowsRef& rows);

/// The rows of `level` that x has: those of its lanes, or, when none are its own, those in force when it was recorded.
RowsRef rows_of(const Tensor& x, const Level& level);

/// Only `rows` of the level are present while this lives; null means all. The level is on the stack.
class RowsScope {
 public:
  RowsScope(Level& level, RowsRef rows);
  ~RowsScope();
  RowsScope(const RowsScope&) = delete;
  RowsScope& operator=(const RowsScope&) = delete;

  /// x on the rows present. What somebody else holds too is narrowed once.
  Tensor narrow(Tensor x);

 private:
  Level& level_;
  RowsRef before_;
  RowsScope* outer_;
  std::unordered_map<const Impl*, std::pair<Tensor, Tensor>> narrowed_;  // x itself, so that its address stays its own
};

/// The rows of all levels now, to be put back later around a function that was recorded inside a branch.
class RowsSnapshot {
 public:
  RowsSnapshot();
  /// Calls f with those rows in force on the levels that are on the stack.
  template <class F>
  auto with(F&& f) const {
    const std::vector<std::unique_ptr<RowsScope>> scopes = enter();
    return f();
  }

 private:
  std::vector<std::unique_ptr<RowsScope>> enter() const;
  std::vector<std::pair<LevelId, RowsRef>> rows_;
};

}  // namespace strata
