// scan and map: a function folded over the slices of its inputs, its outputs stacked.
// Called by users. The function runs step by step on real values, so a carry may change its dtype or come to be mapped
// or differentiated on the way; its structure and shapes stay. Works under and over every transform.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "strata/core/args.hpp"
#include "strata/core/callable.hpp"
#include "strata/core/error.hpp"
#include "strata/core/tree.hpp"
#include "strata/functorch/stacked.hpp"
#include "strata/functorch/vmap.hpp"

namespace strata {

struct ScanOptions {
  bool reverse = false;                  ///< from the last slice to the first; outputs stay at their slice's place
  std::optional<std::int64_t> length{};  ///< number of steps: needed when there are no inputs
};

namespace detail {

/// The inputs' leaves, taken apart along axis 0.
class ScanInputs {
 public:
  /// ShapeError when leaves have no axis 0, when their lengths differ or disagree with `length`; ValueError when
  /// nothing gives the length. `op` is "scan" or "map"; `paths` is asked only for an error's words.
  ScanInputs(const char* op, const std::vector<Tensor>& leaves, const std::function<std::vector<std::string>()>& paths,
             std::optional<std::int64_t> length);
  std::int64_t length() const { return length_; }
  /// Slice t of a leaf; each is handed out once. With length 0, zeros of a slice's shape.
  Tensor slice(std::size_t leaf, std::int64_t t);

 private:
  std::vector<Tensor> leaves_;
  std::vector<std::vector<Tensor>> slices_;
  std::int64_t length_ = 0;
};

/// What a loop's carry must keep from step to step.
class CarryShapes {
 public:
  CarryShapes(const char* op, const std::vector<Tensor>& carry);
  /// Whether leaf number `leaf` has its shape.
  bool fits(const Tensor& t, std::size_t leaf) const;
  /// The ShapeError that names the leaf whose shape changed.
  [[noreturn]] void shape_error(const std::vector<Tensor>& carry, const Outline& outline) const;
  [[noreturn]] static void structure_error(const char* op, const Outline& before, const Outline& after);

 private:
  const char* op_;
  std::vector<std::optional<Shape>> shapes_;
};

/// Throws unless `after` fits the carry from before a step.
template <class C>
void check_carry(const char* op, const CarryShapes& shapes, const C& like, const C& after) {
  if constexpr (!has_fixed_structure<C>()) {
    const Outline before = outline_of(like), outline = outline_of(after);
    if (first_difference(before, outline) >= 0) CarryShapes::structure_error(op, before, outline);
  }
  bool fit = true;
  std::size_t k = 0;
  for_each_leaf(after, [&](const Tensor& leaf) { fit = shapes.fits(leaf, k++) && fit; });
  if (!fit) shapes.shape_error(tree_leaves(after), outline_of(after));
}

template <class F, class C, class X>
class Scan {
  static constexpr bool takes_ownership = std::is_invocable_v<const F&, C, const X&>;
  using Step = std::invoke_result_t<const F&, std::conditional_t<takes_ownership, C, const C&>, const X&>;
  using Y = treeified_t<decltype(std::declval<Step>().second)>;
  static_assert(std::is_same_v<treeified_t<decltype(std::declval<Step>().first)>, C>,
                "strata: scan: f returns std::pair{carry, y}, and the carry it returns must have the type of init "
                "(numbers count as tensors)");

 public:
  Scan(const char* op, const F& f, const X& xs, const ScanOptions& options)
      : op_(op),
        f_(f),
        x_(xs),
        inputs_(
            op, tree_leaves(xs), [&xs] { return tree_paths(xs); }, options.length),
        options_(options) {}

  std::pair<C, Y> operator()(C carry) {
    const std::int64_t n = inputs_.length();
    const CarryShapes shapes(op_, tree_leaves(carry));
    const C like = without_leaves(carry);
    if (n == 0) {
      Step step = call(C(carry), 0);
      check_carry(op_, shapes, like, C(treeify(std::move(step.first))));
      Y y = treeify(std::move(step.second));
      for_each_leaf(y, [](Tensor& leaf) { leaf = no_slices(leaf); });
      return {std::move(carry), std::move(y)};
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t t = options_.reverse ? n - 1 - i : i;
      Step step = call(std::move(carry), t);
      carry = treeify(std::move(step.first));
      check_carry(op_, shapes, like, carry);
      keep(treeify(std::move(step.second)), t);
    }
    std::size_t k = 0;
    for_each_leaf(*y_, [&](Tensor& leaf) { leaf = outputs_[k++].finish(); });
    return {std::move(carry), *std::move(y_)};
  }

 private:
  template <class T>
  static T without_leaves(T tree) {
    for_each_leaf(tree, [](Tensor& leaf) { leaf = Tensor(); });
    return tree;
  }
  Step call(C&& carry, std::int64_t t) {
    std::size_t k = 0;
    for_each_leaf(x_, [&](Tensor& leaf) { leaf = inputs_.slice(k++, t); });
    if constexpr (takes_ownership)
      return f_(std::move(carry), std::as_const(x_));
    else
      return f_(std::as_const(carry), std::as_const(x_));
  }
  void keep(Y y, std::int64_t t) {
    if (y_) {
      if constexpr (!has_fixed_structure<Y>())
        require_same_structure(std::string(op_) + ": the outputs of two steps", *y_, y);
    } else {
      outputs_.assign(leaf_count(y), StackedLeaf(op_, inputs_.length()));
    }
    std::size_t k = 0;
    for_each_leaf(y, [&](Tensor& leaf) { outputs_[k++].put(t, std::move(leaf)); });
    if (!y_) y_ = without_leaves(std::move(y));
  }

  const char* op_;
  const F& f_;
  X x_;  // its leaves are the current slices
  ScanInputs inputs_;
  ScanOptions options_;
  std::vector<StackedLeaf> outputs_;
  std::optional<Y> y_;
};

}  // namespace detail

/// f(carry, x) -> std::pair{carry, y} folded over the slices of xs (a tree) along axis 0: std::pair{last carry, all y
/// stacked}. Numbers carried or returned become tensors; a carry keeps its structure and shapes, not its dtype. Without
/// inputs xs is st::none and .length is given. Length 0 runs f once on zeros for its shapes. ShapeError when lengths
/// differ or the carry's shape changes.
///     auto [sum, partial] = scan([](Tensor c, Tensor x) { return std::pair{c + x, c}; }, 0.0, xs);
template <class F, class C, class X>
auto scan(F&& f, const C& init, const X& xs, ScanOptions options = {}) {
  const auto function = callable(std::forward<F>(f));
  return detail::Scan<callable_t<F>, treeified_t<C>, X>("scan", function, xs, options)(treeify(init));
}

struct MapOptions {
  std::optional<std::int64_t> chunk{};  ///< so many slices at once, by vmap
};

/// f applied to each slice of xs (a tree) along axis 0, one after another, the results stacked; with .chunk, that many
/// at once. ShapeError when the leaves' lengths differ.
///     Tensor y = map([](Tensor x) { return dot(x, x) * x; }, xs, {.chunk = 64});
template <class F, class X>
auto map(F&& f, const X& xs, MapOptions options = {}) {
  const auto function = callable(std::forward<F>(f));
  const auto step = [&](None, const X& x) { return std::pair{none, treeify(function(x))}; };
  using Y = treeified_t<decltype(function(xs))>;
  if (options.chunk) return Y(vmap(function, {.chunk = options.chunk})(xs));
  return Y(detail::Scan<decltype(step), None, X>("map", step, xs, {})(none).second);
}

}  // namespace strata
