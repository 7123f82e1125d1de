// See while.hpp.
#include "strata/functorch/while.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/functorch/rows.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {
namespace {

constexpr std::int64_t lives = 0;  // read_predicate's number for "holds"

bool nobody_lives(const Choice& live) { return live.uniform() && (live.value.empty() || live.value[0] != lives); }
bool all_live(const Choice& live) { return live.uniform() && !nobody_lives(live); }

std::ptrdiff_t index_of(const Choice& live, const Level& level) {
  const auto at = std::find(live.levels.begin(), live.levels.end(), &level);
  return at == live.levels.end() ? -1 : at - live.levels.begin();
}

/// The lanes along level number `at` in which anybody lives, and the others, as positions.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> split(const Choice& live, std::size_t at) {
  std::int64_t inner = 1;
  for (std::size_t i = at + 1; i < live.sizes.size(); ++i) inner *= live.sizes[i];
  std::vector<bool> any(static_cast<std::size_t>(live.sizes[at]), false);
  auto value = live.value.begin();
  while (value != live.value.end()) {
    for (std::size_t lane = 0; lane < any.size(); ++lane, value += inner)
      any[lane] = any[lane] || std::find(value, value + inner, lives) != value + inner;
  }
  std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> parts;
  for (std::size_t lane = 0; lane < any.size(); ++lane)
    (any[lane] ? parts.first : parts.second).push_back(static_cast<std::int64_t>(lane));
  return parts;
}

/// Whether so many lanes go on by themselves rather than masked among the others: taking them out costs about as much
/// as one masked step.
bool worth_leaving(std::size_t alive, std::size_t dead) { return 3 * dead > alive; }

std::vector<Tensor> narrow_leaves(std::vector<Tensor> x, LevelId level, const RowsRef& from, const RowsRef& to) {
  for (Tensor& leaf : x) {
    if (leaf.defined()) leaf = narrow_rows(std::move(leaf), level, from, to);
  }
  return x;
}

LevelId id_of(Level& level) { return {&level, level.serial.load(std::memory_order_relaxed)}; }

bool grad_is_running() {
  for (int i = 1; i <= level_stack.depth; ++i) {
    if (level_stack.levels[i]->kind == LevelKind::grad) return true;
  }
  return false;
}

}  // namespace

/// Lanes that have left the loop, with what they carried.
class Loop::Finished {
 public:
  explicit Finished(std::size_t counters) : counters_(counters) {}
  void add(const RowsRef& rows, std::vector<Tensor> carry) {
    rows_.push_back(rows);
    parts_.push_back(std::move(carry));
  }
  std::vector<Tensor> merged(Level& level) {
    if (parts_.size() == 1) return std::move(parts_[0]);
    for (auto& part : parts_) {
      for (std::size_t i = 0; i < counters_; ++i) part[i] = Tensor();
    }
    return merge_leaves(level, rows_, parts_);
  }

 private:
  std::size_t counters_;
  std::vector<RowsRef> rows_;
  std::vector<std::vector<Tensor>> parts_;
};

void LoopIndex::refuse(std::int64_t value) {
  throw ValueError("fori_loop: step " + std::to_string(value) +
                   " does not fit into the number that the body takes; let it take a std::int64_t or a Tensor");
}

Loop::Loop(const char* op, Test test, Body body, std::size_t counters)
    : op_(op), test_(std::move(test)), body_(std::move(body)), counters_(counters), at_once_(grad_is_running()) {}

Choice Loop::read(const Tensor& go) const { return read_predicate(std::string(op_) + ": the test", go); }

std::vector<Tensor> Loop::step(std::vector<Tensor> carry) {
  carry = body_(std::move(carry));
  if (level_stack.narrowed) narrow_arguments(carry);
  return carry;
}

std::vector<Tensor> Loop::masked_step(const Tensor& go, std::vector<Tensor> carry) {
  const Tensor live = astype(go, bool_);
  std::vector<Tensor> next = step(carry);
  for (std::size_t i = counters_; i < next.size(); ++i) {
    if (!next[i].defined()) continue;
    Shape ones;  // of the leaf's rank, so that the lanes stay where the leaf has them
    while (ones.size() < next[i].ndim()) ones.push_back(1);
    next[i] = where(reshape(live, ones), std::move(next[i]), std::move(carry[i]));
  }
  return next;
}

std::vector<Tensor> Loop::run(std::vector<Tensor> carry) {
  if (level_stack.narrowed) narrow_arguments(carry);
  while (true) {
    Tensor go = test_(carry);
    Choice live = read(go);
    if (nobody_lives(live)) return carry;
    if (!all_live(live)) return diverged(std::move(carry), std::move(go), std::move(live));
    carry = step(std::move(carry));
  }
}

std::vector<Tensor> Loop::diverged(std::vector<Tensor> carry, Tensor go, Choice live) {
  std::size_t at = 0, varying = 0, fewest = 0;
  double smallest = 2;
  for (std::size_t i = 0; i < live.levels.size(); ++i) {
    const std::size_t n = live.distinct(i);
    if (n < 2) continue;
    ++varying;
    const double share = static_cast<double>(split(live, i).first.size()) / static_cast<double>(live.sizes[i]);
    if (at_once_ ? fewest == 0 || n < fewest : share < smallest) at = i, fewest = n, smallest = share;
  }
  if (at_once_ && varying > 1) return in_groups(std::move(carry), live, at);
  Level& level = *live.levels[at];
  return shrinking(level, std::move(carry), std::move(go), std::move(live));
}

/// Lanes of several levels differ: each group of lanes that agree along one level loops by itself.
std::vector<Tensor> Loop::in_groups(std::vector<Tensor> carry, const Choice& live, std::size_t at) {
  Level& level = *live.levels[at];
  Finished finished(counters_);
  for (const Choice::Group& group : live.groups(at)) {
    const RowsRef rows = make_rows(level, lanes_at(level, group.positions));
    std::vector<Tensor> part = narrow_leaves(carry, id_of(level), level.rows, rows);
    const RowsScope scope(level, rows);
    finished.add(rows, run(std::move(part)));
  }
  return finished.merged(level);
}

std::vector<Tensor> Loop::shrinking(Level& level, std::vector<Tensor> carry, Tensor go, Choice live) {
  const RowsRef outer = level.rows;
  std::optional<RowsScope> scope;
  Finished finished(counters_);
  while (!nobody_lives(live)) {
    const std::ptrdiff_t at = index_of(live, level);
    if (at >= 0) {
      const auto [alive, dead] = split(live, static_cast<std::size_t>(at));
      if (!dead.empty() && (at_once_ || worth_leaving(alive.size(), dead.size()))) {
        const RowsRef here = level.rows, out = make_rows(outer, lanes_at(level, dead)),
                      in = make_rows(outer, lanes_at(level, alive));
        finished.add(out, narrow_leaves(carry, id_of(level), here, out));
        carry = narrow_leaves(std::move(carry), id_of(level), here, in);
        go = narrow_rows(std::move(go), id_of(level), here, in);
        scope.reset();
        scope.emplace(level, in);
        live = live.only(static_cast<std::size_t>(at), alive);
      }
    }
    if (all_live(live)) {
      carry = step(std::move(carry));
    } else if (live.levels.size() > 1 && at_once_) {  // another level's lanes differ, too
      carry = run(std::move(carry));
      break;
    } else {
      carry = masked_step(go, std::move(carry));
    }
    go = test_(carry);
    live = read(go);
  }
  finished.add(level.rows, std::move(carry));
  scope.reset();
  return finished.merged(level);
}

Tensor Bounds::counter(std::int64_t i) const { return type.weak ? Tensor(i) : astype(Tensor(i), type.dtype); }

Bounds read_bounds(const Tensor& low, const Tensor& high) {
  for (const Tensor* bound : {&low, &high}) {
    if (is_integer(bound->dtype())) continue;
    throw DtypeError(std::string("fori_loop: the ") + (bound == &low ? "lower" : "upper") + " bound is " +
                     std::string(name(bound->dtype())) + "; it must be an integer" + level_context());
  }
  const Choice from = read_choice("fori_loop: the lower bound", low),
               to = read_choice("fori_loop: the upper bound", high);
  Bounds bounds{!from.levels.empty() || !to.levels.empty(), 0, 0, promote(low.type(), high.type())};
  if (!bounds.mapped) {
    bounds.low = from.value[0];
    bounds.high = to.value[0];
  }
  return bounds;
}

}  // namespace strata::detail
