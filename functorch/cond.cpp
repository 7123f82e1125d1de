// See cond.hpp.
#include "strata/functorch/cond.hpp"

#include <algorithm>
#include <map>

#include "strata/core/error.hpp"
#include "strata/functorch/rows.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

bool Choice::uniform() const {
  return std::all_of(value.begin(), value.end(), [&](std::int64_t v) { return v == value.front(); });
}

std::vector<Choice::Group> Choice::groups(std::size_t at) const {
  std::int64_t inner = 1;
  for (std::size_t i = at + 1; i < sizes.size(); ++i) inner *= sizes[i];
  const std::int64_t n = sizes[at],
                     outer = static_cast<std::int64_t>(value.size()) / std::max<std::int64_t>(n * inner, 1);
  std::map<std::vector<std::int64_t>, std::vector<std::int64_t>> found;
  std::vector<std::int64_t> slice(static_cast<std::size_t>(outer * inner));
  for (std::int64_t lane = 0; lane < n; ++lane) {
    for (std::int64_t o = 0; o < outer; ++o) {
      std::copy_n(value.begin() + (o * n + lane) * inner, inner, slice.begin() + o * inner);
    }
    found[slice].push_back(lane);
  }
  std::vector<Group> groups;
  for (auto& [values, positions] : found) groups.push_back({std::move(positions), values});
  return groups;
}

std::size_t Choice::distinct(std::size_t at) const { return groups(at).size(); }

Choice Choice::without(std::size_t at, std::vector<std::int64_t> slice) const {
  Choice rest = *this;
  rest.levels.erase(rest.levels.begin() + static_cast<std::ptrdiff_t>(at));
  rest.sizes.erase(rest.sizes.begin() + static_cast<std::ptrdiff_t>(at));
  rest.value = std::move(slice);
  return rest;
}

Choice Choice::only(std::size_t at, const std::vector<std::int64_t>& positions) const {
  std::int64_t inner = 1;
  for (std::size_t i = at + 1; i < sizes.size(); ++i) inner *= sizes[i];
  Choice some = *this;
  some.value.clear();
  some.sizes[at] = static_cast<std::int64_t>(positions.size());
  const std::int64_t slab = sizes[at] * inner;
  for (std::int64_t begin = 0; slab > 0 && begin < static_cast<std::int64_t>(value.size()); begin += slab) {
    for (const std::int64_t p : positions) {
      const auto from = value.begin() + begin + p * inner;
      some.value.insert(some.value.end(), from, from + inner);
    }
  }
  return some;
}

Choice read_choice(const std::string& what, Tensor x) {
  if (x.ndim() != 0) {
    throw ShapeError(what + " has shape " + to_string(x.shape()) + "; it must be one value (shape [])" +
                     level_context());
  }
  if (level_stack.narrowed) narrow_arguments({&x, 1});
  Choice choice;
  while (x.is_wrapped()) {
    Level& level = level_of(x);
    if (x.kind() == Kind::batched) {
      const auto& b = static_cast<const Batched&>(wrapper(x));
      choice.levels.push_back(&level);
      x = moveaxis(b.value, b.axis, 0);  // lanes of lower levels come to stand before these
    } else {
      x = Tensor(wrapper(x).value);
    }
  }
  std::reverse(choice.levels.begin(), choice.levels.end());
  choice.sizes.assign(x.shape().begin(), x.shape().end());
  choice.value = x.to_vector<std::int64_t>();
  return choice;
}

Choice read_predicate(const std::string& what, const Tensor& pred) {
  Choice choice = read_choice(what, astype(pred, bool_));
  for (std::int64_t& v : choice.value) v = v ? 0 : 1;
  return choice;
}

std::vector<std::int64_t> lanes_at(const Level& level, const std::vector<std::int64_t>& positions) {
  if (!level.rows) return positions;
  std::vector<std::int64_t> lanes;
  for (const std::int64_t p : positions) lanes.push_back(level.rows->index[static_cast<std::size_t>(p)]);
  return lanes;
}

namespace {

/// Parts of one leaf in the dtype to which all promote.
void unify(std::vector<Tensor>& parts) {
  Type type = parts[0].type();
  for (const Tensor& t : parts) type = promote(type, t.type());
  for (Tensor& t : parts) t = type.weak ? astype_weak(std::move(t), type.dtype) : astype(std::move(t), type.dtype);
}

/// b, which is weak, may be given a's dtype.
bool yields(const Tensor& a, const Tensor& b) { return b.weak() && promote(a.type(), b.type()).dtype == a.dtype(); }

}  // namespace

std::vector<Tensor> merge_leaves(Level& level, const std::vector<RowsRef>& rows,
                                 const std::vector<std::vector<Tensor>>& parts) {
  const LevelId id{&level, level.serial.load(std::memory_order_relaxed)};
  std::vector<Tensor> y;
  for (std::size_t leaf = 0; leaf < parts[0].size(); ++leaf) {
    std::vector<Tensor> of_leaf;
    for (const auto& part : parts) of_leaf.push_back(part[leaf]);
    if (!of_leaf[0].defined()) {
      y.emplace_back();
      continue;
    }
    unify(of_leaf);
    y.push_back(merge_rows(id, level.rows, rows, std::move(of_leaf)));
  }
  return y;
}

bool Branches::is_cond() const { return std::string_view(op_) == "cond"; }

std::string Branches::name(int branch) const {
  if (is_cond()) return branch == 0 ? "on_true" : "on_false";
  return "branch " + std::to_string(branch);
}

void Branches::check(int branch, const std::vector<Tensor>& y) const {
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Tensor &a = expected_[i], &b = y[i];
    const std::string where = y.size() > 1 ? " for leaf " + std::to_string(i) + " of its result" : "";
    const auto say = [&](const std::string& first, const std::string& second) {
      return std::string(op_) + ": " + name(first_) + " gives " + first + where + ", " + name(branch) + " gives " +
             second;
    };
    if (a.defined() != b.defined()) {
      throw TransformError(
          say(a.defined() ? "a tensor" : "an undefined tensor", b.defined() ? "a tensor" : "an undefined tensor") +
          ": branches must agree" + level_context());
    }
    if (!a.defined()) continue;
    if (!(a.shape() == b.shape())) {
      throw ShapeError(say("shape " + to_string(a.shape()), "shape " + to_string(b.shape())) + ": branches must agree" +
                       level_context());
    }
    if (a.dtype() != b.dtype() && !yields(a, b) && !yields(b, a)) {
      throw DtypeError(say(std::string(strata::name(a.dtype())), std::string(strata::name(b.dtype()))) +
                       ": branches must agree; convert one with st::astype" + level_context());
    }
  }
}

Choice Branches::choose(const Tensor& index, int branches) const {
  if (is_cond()) return read_predicate("cond: the predicate", index);
  if (!is_integer(index.dtype())) {
    throw DtypeError("switch_case: the index is " + std::string(strata::name(index.dtype())) +
                     "; it must be an integer" + level_context());
  }
  Choice choice = read_choice("switch_case: the index", index);
  for (std::int64_t& v : choice.value) v = std::clamp<std::int64_t>(v, 0, branches - 1);
  return choice;
}

std::vector<Tensor> Branches::run(int branch) {
  std::vector<Tensor> y = run_(branch);
  if (first_ < 0) {
    first_ = branch;
    expected_ = y;
  } else {
    check(branch, y);
  }
  return y;
}

std::vector<Tensor> Branches::on_rows(const Choice& choice) {
  if (choice.value.empty()) return run(0);
  if (choice.uniform()) return run(static_cast<int>(choice.value.front()));
  // Each group of lanes that agree along one level runs by itself: with one level, a group is a branch.
  std::size_t at = 0, fewest = 0;
  for (std::size_t i = 0; i < choice.levels.size(); ++i) {
    const std::size_t n = choice.distinct(i);
    if (n > 1 && (fewest == 0 || n < fewest)) at = i, fewest = n;
  }
  Level& level = *choice.levels[at];
  std::vector<RowsRef> rows;
  std::vector<std::vector<Tensor>> parts;
  for (Choice::Group& group : choice.groups(at)) {
    rows.push_back(make_rows(level, lanes_at(level, group.positions)));
    const RowsScope scope(level, rows.back());
    parts.push_back(on_rows(choice.without(at, std::move(group.slice))));
    narrow_arguments(parts.back());
  }
  return merge_leaves(level, rows, parts);
}

std::vector<Tensor> Branches::select(const Choice& choice, int branches) {
  std::vector<std::vector<Tensor>> all;
  for (int k = 0; k < branches; ++k) all.push_back(run(k));
  return Branches(op_, [&](int k) { return all[static_cast<std::size_t>(k)]; }).on_rows(choice);
}

std::vector<Tensor> Branches::by_where(const Tensor& index, int branches) {
  const Tensor number = is_cond() ? astype(logical_not(astype(index, bool_)), int32) : clip(index, 0, branches - 1);
  std::vector<std::vector<Tensor>> all;
  for (int k = 0; k < branches; ++k) all.push_back(run(k));
  std::vector<Tensor> y = all.back();
  for (std::size_t k = all.size() - 1; k-- > 0;) {
    const Tensor chosen = number == static_cast<std::int64_t>(k);
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i].defined()) y[i] = where(chosen, all[k][i], std::move(y[i]));
    }
  }
  return y;
}

void structures_differ(const char* op, const std::string& first, const std::string& second, const Outline& a,
                       const Outline& b) {
  const auto at = static_cast<std::size_t>(first_difference(a, b));
  const std::string path = a.path(at);
  throw ValueError(std::string(op) +
                   ": the branches return different trees: " + (path.empty() ? "" : "at " + path + " ") + first +
                   " gives " + a.describe(at) + ", " + second + " " + b.describe(at) + level_context());
}

}  // namespace strata::detail
