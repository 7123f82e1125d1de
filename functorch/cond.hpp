// cond and switch_case: which of several functions runs is told by a value, which may differ from lane to lane.
// Called by users; while_loop shares what reads the value. A value that no vmap maps: one branch runs, also under grad
// and jvp. A mapped one: each branch runs on the lanes that chose it and on no others (core/rows.hpp), so that nothing
// runs for nobody and gradients hold no NaN of a branch not taken, captured tensors included.
#pragma once
#include <functional>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "strata/core/args.hpp"
#include "strata/core/callable.hpp"
#include "strata/core/rows.hpp"
#include "strata/core/tree.hpp"

namespace strata {

struct CondOptions {
  bool select = false;  ///< a mapped value: every branch runs on all lanes, then each lane's result is selected
};

namespace detail {

/// A scalar read on the host: for each lane of the levels that map it.
struct Choice {
  std::vector<Level*> levels;       // lowest first; none when it has one value
  std::vector<std::int64_t> sizes;  // lanes present at each
  std::vector<std::int64_t> value;  // row-major over the levels; empty when a level has no lanes

  bool uniform() const;
  /// How many different slices there are along level number `at`.
  std::size_t distinct(std::size_t at) const;
  /// The lanes (positions among those present) that agree in their slices along level number `at`, and those slices.
  struct Group {
    std::vector<std::int64_t> positions;
    std::vector<std::int64_t> slice;
  };
  std::vector<Group> groups(std::size_t at) const;
  /// One slice along level number `at`: the level is gone.
  Choice without(std::size_t at, std::vector<std::int64_t> slice) const;
  /// Only these lanes along level number `at`.
  Choice only(std::size_t at, const std::vector<std::int64_t>& positions) const;
};
/// Reads x, which has shape []. `what` is what messages call it: "cond: the predicate".
Choice read_choice(const std::string& what, Tensor x);
/// The predicate as a branch number: 0 where it holds, 1 elsewhere.
Choice read_predicate(const std::string& what, const Tensor& pred);
/// The lane numbers of positions among the lanes present.
std::vector<std::int64_t> lanes_at(const Level& level, const std::vector<std::int64_t>& positions);
/// Leaves that disjoint rows gave, put together: parts[i] holds rows[i]. Weak dtypes yield to strong ones.
std::vector<Tensor> merge_leaves(Level& level, const std::vector<RowsRef>& rows,
                                 const std::vector<std::vector<Tensor>>& parts);

/// Runs branches by number and checks that what they return fits together.
class Branches {
 public:
  using Run = std::function<std::vector<Tensor>(int)>;
  /// `op` is "cond" or "switch_case".
  Branches(const char* op, Run run) : op_(op), run_(std::move(run)) {}

  /// Each branch on the lanes that chose it.
  std::vector<Tensor> on_rows(const Choice& choice);
  /// All branches on all lanes, then each lane's choice among the results.
  std::vector<Tensor> select(const Choice& choice, int branches);
  /// The same without reading the choice on the host, for st::capture.
  std::vector<Tensor> by_where(const Tensor& index, int branches);
  /// Which branch each lane takes: reads the index, or the predicate, on the host.
  Choice choose(const Tensor& index, int branches) const;
  std::string name(int branch) const;

 private:
  std::vector<Tensor> run(int branch);
  void check(int branch, const std::vector<Tensor>& y) const;

  bool is_cond() const;

  const char* op_;
  Run run_;
  int first_ = -1;  // the branch that ran first, and what it returned
  std::vector<Tensor> expected_;
};

[[noreturn]] void structures_differ(const char* op, const std::string& first, const std::string& second,
                                    const Outline& a, const Outline& b);

template <class F, class... X>
using branch_result_t = treeified_t<std::invoke_result_t<const F&, const X&...>>;

/// One call of cond or switch_case: functions F on operands X, all returning R.
template <class R, class Functions, class... X>
class BranchCall {
 public:
  BranchCall(const char* op, const Functions& functions, const X&... x)
      : functions_(functions), x_(x...), branches_(op, [this](int k) { return run(k); }), op_(op) {}

  R operator()(const Tensor& index, bool select) {
    constexpr int count = static_cast<int>(std::tuple_size_v<Functions>);
    if (recording) return tree_unflatten(*std::move(like_), branches_.by_where(index, count));
    const Choice choice = branches_.choose(index, count);
    std::vector<Tensor> y =
        select && !choice.levels.empty() ? branches_.select(choice, count) : branches_.on_rows(choice);
    return tree_unflatten(*std::move(like_), std::move(y));
  }

 private:
  std::vector<Tensor> run(int branch) {
    std::optional<R> result;
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      ((static_cast<int>(K) == branch ? call<K>(result) : void()), ...);
    }
    (std::make_index_sequence<std::tuple_size_v<Functions>>{});
    std::vector<Tensor> y = tree_leaves(*result);
    for_each_leaf(*result, [](Tensor& leaf) { leaf = Tensor(); });
    if (!like_) {
      like_ = std::move(result);
      first_ = branch;
    } else if (const Outline a = outline_of(*like_), b = outline_of(*result); first_difference(a, b) >= 0) {
      structures_differ(op_, branches_.name(first_), branches_.name(branch), a, b);
    }
    return y;
  }
  template <std::size_t K>
  void call(std::optional<R>& result) {
    result.emplace(treeify(std::apply(std::get<K>(functions_), std::as_const(x_))));
  }

  const Functions& functions_;
  std::tuple<X...> x_;
  Branches branches_;
  const char* op_;
  std::optional<R> like_;
  int first_ = -1;
};

template <class... F, class... X>
auto run_branches(const char* op, bool select, const Tensor& index, const std::tuple<F...>& f, const X&... x) {
  static_assert((std::is_invocable_v<const F&, const X&...> && ...),
                "strata: a branch cannot be called with these operands (tensors arrive as const st::Tensor&)");
  using R = std::tuple_element_t<0, std::tuple<branch_result_t<F, X...>...>>;
  static_assert((std::is_same_v<R, branch_result_t<F, X...>> && ...), "strata: the branches must return the same type");
  return BranchCall<R, std::tuple<F...>, X...>(op, f, x...)(index, select);
}

}  // namespace detail

/// on_true(operands...) where `pred` (shape []) holds, else on_false(operands...). Branches return trees of the same
/// structure, shapes and dtypes; numbers become tensors. Under vmap with a mapped predicate each branch runs on its
/// lanes only, none runs for no lanes; a collective over the mapped axis inside a branch is a TransformError, unless
/// .select. Inside st::capture it is always selected. ShapeError and DtypeError when results differ.
///     Tensor y = cond(x > 0, [](Tensor x) { return log(x); }, [](Tensor x) { return x; }, x);
template <class T, class F, class... X>
auto cond(CondOptions options, Tensor pred, T&& on_true, F&& on_false, const X&... operands) {
  const std::tuple functions(callable(std::forward<T>(on_true)), callable(std::forward<F>(on_false)));
  return detail::run_branches("cond", options.select, std::move(pred), functions, treeify(operands)...);
}
template <class T, class F, class... X>
auto cond(Tensor pred, T&& on_true, F&& on_false, const X&... operands) {
  return cond(CondOptions{}, std::move(pred), std::forward<T>(on_true), std::forward<F>(on_false), operands...);
}

/// branches[index](operands...); an index out of range is clamped. `index` is an integer of shape []. As cond
/// otherwise.
///     Tensor y = switch_case(i, std::tuple{f0, f1, f2}, x);
template <class... F, class... X>
auto switch_case(CondOptions options, Tensor index, const std::tuple<F...>& branches, const X&... operands) {
  static_assert(sizeof...(F) > 0, "strata: switch_case needs a branch");
  const auto functions = std::apply([](const auto&... f) { return std::tuple(callable(f)...); }, branches);
  return detail::run_branches("switch_case", options.select, std::move(index), functions, treeify(operands)...);
}
template <class... F, class... X>
auto switch_case(Tensor index, const std::tuple<F...>& branches, const X&... operands) {
  return switch_case(CondOptions{}, std::move(index), branches, operands...);
}

}  // namespace strata
