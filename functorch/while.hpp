// while_loop and fori_loop: the body runs as often as the values say, in every mode, reverse mode included (the tape
// sees each step). Called by users. Under vmap a test may differ from lane to lane: finished lanes stay as they were
// and soon leave the batch, so that the loop ends and costs what its live lanes cost. Always holds: with a grad on the
// stack lanes leave at once, so that no gradient holds the NaN of a step that a finished lane would not have made;
// otherwise when more than a quarter of those present have finished.
#pragma once
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/functorch/cond.hpp"
#include "strata/functorch/scan.hpp"

namespace strata {
namespace detail {

/// A loop on leaves.
class Loop {
 public:
  using Test = std::function<Tensor(const std::vector<Tensor>&)>;
  using Body = std::function<std::vector<Tensor>(std::vector<Tensor>)>;
  /// The first `counters` leaves need not stay as they were in finished lanes.
  Loop(const char* op, Test test, Body body, std::size_t counters = 0);
  std::vector<Tensor> run(std::vector<Tensor> carry);

 private:
  class Finished;
  Choice read(const Tensor& go) const;
  std::vector<Tensor> step(std::vector<Tensor> carry);
  std::vector<Tensor> masked_step(const Tensor& go, std::vector<Tensor> carry);
  std::vector<Tensor> diverged(std::vector<Tensor> carry, Tensor go, Choice live);
  std::vector<Tensor> in_groups(std::vector<Tensor> carry, const Choice& live, std::size_t at);
  std::vector<Tensor> shrinking(Level& level, std::vector<Tensor> carry, Tensor go, Choice live);

  const char* op_;
  Test test_;
  Body body_;
  std::size_t counters_;
  bool at_once_;  // finished lanes leave at once
};

/// A carry of type C as leaves and back; body and test on leaves.
template <class C>
class LoopCarry {
 public:
  LoopCarry(const char* op, const C& init) : op_(op), like_(init), shapes_(op, tree_leaves(init)) {
    for_each_leaf(like_, [](Tensor& leaf) { leaf = Tensor(); });
  }
  /// leaves[skip], leaves[skip + 1], ... as a carry.
  C build(std::vector<Tensor> leaves, std::size_t skip) const {
    C carry = like_;
    for_each_leaf(carry, [&](Tensor& leaf) { leaf = std::move(leaves[skip++]); });
    return carry;
  }
  template <class Next>
  C checked(Next&& next) const {
    static_assert(std::is_same_v<treeified_t<Next>, C>,
                  "strata: the body must return a carry of the type of init (numbers count as tensors)");
    C carry = treeify(std::forward<Next>(next));
    check_carry(op_, shapes_, like_, carry);
    return carry;
  }

 private:
  const char* op_;
  C like_;  // leaves undefined
  CarryShapes shapes_;
};

template <class F, class... A>
decltype(auto) call_with_carry(const F& f, A&&... a) {
  if constexpr (std::is_invocable_v<const F&, A...>)
    return f(std::forward<A>(a)...);
  else
    return f(std::as_const(a)...);
}

/// Bounds that are one value each: first and one past last.
struct Bounds {
  bool mapped = false;
  std::int64_t low = 0, high = 0;
  Type type{};
  /// i in the bounds' dtype.
  Tensor counter(std::int64_t i) const;
};
Bounds read_bounds(const Tensor& low, const Tensor& high);

/// The counter for a body that wants a C++ number. ValueError where the number's type cannot hold it.
struct LoopIndex {
  std::int64_t value;
  template <class I>
  requires std::is_arithmetic_v<I>
  operator I() const {
    const I i = static_cast<I>(value);
    if (static_cast<std::int64_t>(i) != value) refuse(value);
    return i;
  }
  [[noreturn]] static void refuse(std::int64_t value);
};

template <class F, class C>
C call_fori_body(const F& body, const LoopCarry<C>& carries, const Tensor& i, C carry) {
  if constexpr (std::is_invocable_v<const F&, const Tensor&, C> ||
                std::is_invocable_v<const F&, const Tensor&, const C&>)
    return carries.checked(call_with_carry(body, i, std::move(carry)));
  else
    return carries.checked(call_with_carry(body, LoopIndex{i.item<std::int64_t>()}, std::move(carry)));
}

}  // namespace detail

/// carry = body(carry) as long as test(carry) (one bool) holds. The carry is any tree; it keeps its structure and
/// shapes. Numbers become tensors. Under vmap the test may be mapped. ShapeError when the carry's shape changes.
///     Tensor y = while_loop([](Tensor x) { return x < 100; }, [](Tensor x) { return x * 2; }, 3);
template <class T, class F, class C>
treeified_t<C> while_loop(T&& test, F&& body, const C& init) {
  const auto tests = callable(std::forward<T>(test));
  const auto steps = callable(std::forward<F>(body));
  const treeified_t<C> first = treeify(init);
  const detail::LoopCarry<treeified_t<C>> carries("while_loop", first);
  detail::Loop loop(
      "while_loop",
      [&](const std::vector<Tensor>& leaves) {
        return Tensor(treeify(tests(std::as_const(carries).build(leaves, 0))));
      },
      [&](std::vector<Tensor> leaves) {
        return tree_leaves(carries.checked(detail::call_with_carry(steps, carries.build(std::move(leaves), 0))));
      });
  return carries.build(loop.run(tree_leaves(first)), 0);
}

/// carry = body(i, carry) for i = low, ..., high - 1. `i` is an int32 tensor (of the bounds' dtype when these are
/// tensors), or a std::int64_t if the body wants that. Bounds are integers, under vmap also mapped ones: the counter
/// itself is mapped only if `low` is. DtypeError for other bounds.
///     Tensor y = fori_loop(0, 10, [](Tensor i, Tensor x) { return x + i; }, 0.0);
template <class F, class C>
treeified_t<C> fori_loop(Tensor low, Tensor high, F&& body, const C& init) {
  const auto steps = callable(std::forward<F>(body));
  treeified_t<C> carry = treeify(init);
  const detail::LoopCarry<treeified_t<C>> carries("fori_loop", carry);
  const detail::Bounds bounds = detail::read_bounds(low, high);
  if (!bounds.mapped) {
    for (std::int64_t i = bounds.low; i < bounds.high; ++i)
      carry = detail::call_fori_body(steps, carries, bounds.counter(i), std::move(carry));
    return carry;
  }
  detail::Loop loop(
      "fori_loop", [&](const std::vector<Tensor>& leaves) { return leaves[0] < high; },
      [&](std::vector<Tensor> leaves) {
        std::vector<Tensor> next{leaves[0] + 1};
        const Tensor i = leaves[0];
        const auto after = detail::call_fori_body(steps, carries, i, carries.build(std::move(leaves), 1));
        for_each_leaf(after, [&](const Tensor& leaf) { next.push_back(leaf); });
        return next;
      },
      1);
  std::vector<Tensor> leaves{std::move(low)};
  for_each_leaf(std::as_const(carry), [&](const Tensor& leaf) { leaves.push_back(leaf); });
  return carries.build(loop.run(std::move(leaves)), 1);
}

}  // namespace strata
