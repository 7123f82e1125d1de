// Pytrees: any nesting of plain structs, tuples, pairs, arrays, vectors, maps by string, optionals and st::Tree, with
// tensors as leaves and everything else (numbers, strings, functions) static: carried along, not mapped. Every
// transform, optimiser and file format goes through here. Leaves come in declaration order; an undefined tensor is a
// leaf too. See NOTE [one walker a type].
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/core/args.hpp"
#include "strata/core/callable.hpp"
#include "strata/core/dynamic_tree.hpp"
#include "strata/core/none.hpp"
#include "strata/core/outline.hpp"
#include "strata/core/reflect.hpp"
#include "strata/core/tensor.hpp"
#include "strata/core/tree_kind.hpp"

namespace strata {

// NOTE [one walker a type]  Reflection is instantiated twice for a type, whatever is done with its trees: visit_leaves
// hands each leaf to a plain function pointer, outline describes the structure for paths, comparisons and errors. Both
// take const trees: a bit-field has no mutable reference. A mutable leaf is a const_cast away, which is right because
// the tree belongs to the caller as a mutable object and const tensor members are refused.

namespace detail {

struct LeafVisitor {
  void* context;
  void (*call)(void* context, const Tensor& leaf);
};

template <class T>
constexpr void refuse_hidden_tensors() {
  static_assert(
      !hides_tensor<T>(),
      "strata: this member is static, so the tensors behind it would get no gradient and no axis: a pointer, a "
      "smart pointer, a variant, or a container other than vector, array, map<string, T> and optional; hold the "
      "tensors by value");
}

[[noreturn]] void throw_leaf_count(std::string_view function, const Outline& like, std::size_t given);

template <class T>
struct EntryTypes;
template <template <class...> class C, class... E>
struct EntryTypes<C<E...>> {
  using type = std::tuple<std::type_identity<E>...>;
};

template <class... M>
constexpr void refuse_const_tensors(std::tuple<std::type_identity<M>...>) {
  static_assert(!((std::is_const_v<M> && hides_tensor<std::remove_const_t<M>>()) || ...),
                "strata: a const tensor member of a struct (or tuple) cannot be given a new value: drop the const");
}

// Only a type that cannot be assigned has const members.
template <class T>
constexpr void refuse_const_members() {
  if constexpr (!std::is_copy_assignable_v<T>) {
    if constexpr (tree_kind<T> == TreeKind::record) {
      refuse_const_tensors(reflect::field_types<T>{});
    } else {
      refuse_const_tensors(typename EntryTypes<T>::type{});
    }
  }
}

template <class T>
void visit_leaves(const T& tree, LeafVisitor visitor) {
  constexpr TreeKind kind = tree_kind<T>;
  if constexpr (kind == TreeKind::tensor) {
    visitor.call(visitor.context, tree);
  } else if constexpr (kind == TreeKind::record) {
    refuse_const_members<T>();
    reflect::visit_fields(tree, [&](const auto&... field) { (visit_leaves(field, visitor), ...); });
  } else if constexpr (kind == TreeKind::tuple) {
    refuse_const_members<T>();
    std::apply([&](const auto&... entry) { (visit_leaves(entry, visitor), ...); }, tree);
  } else if constexpr (kind == TreeKind::args) {
    visit_leaves(tree.values(), visitor);
  } else if constexpr (kind == TreeKind::array) {
    for (const auto& entry : tree) visit_leaves(entry, visitor);
  } else if constexpr (kind == TreeKind::map) {
    for (const auto& item : tree) visit_leaves(item.second, visitor);
  } else if constexpr (kind == TreeKind::optional) {
    if (tree) visit_leaves(*tree, visitor);
  } else if constexpr (kind == TreeKind::dynamic) {
    tree.visit_leaves(visitor.context, visitor.call);
  } else {
    refuse_hidden_tensors<T>();
  }
}

template <class T>
void outline_record(const T& tree, Outline& out);

template <class T>
void outline(const T& tree, Outline& out) {
  constexpr TreeKind kind = tree_kind<T>;
  if constexpr (kind == TreeKind::tensor) {
    out.leaf(tree);
  } else if constexpr (kind == TreeKind::record) {
    outline_record(tree, out);
  } else if constexpr (kind == TreeKind::tuple) {
    const std::size_t node = out.open(Outline::Kind::list, std::tuple_size_v<T>);
    std::apply([&](const auto&... entry) { (outline(entry, out), ...); }, tree);
    out.close(node);
  } else if constexpr (kind == TreeKind::args) {
    outline(tree.values(), out);
  } else if constexpr (kind == TreeKind::array) {
    const std::size_t node = out.open(Outline::Kind::list, std::size(tree));
    for (const auto& entry : tree) outline(entry, out);
    out.close(node);
  } else if constexpr (kind == TreeKind::map) {
    const std::size_t node = out.open(Outline::Kind::dict, tree.size());
    for (const auto& item : tree) {
      out.name(item.first);
      outline(item.second, out);
    }
    out.close(node);
  } else if constexpr (kind == TreeKind::optional) {
    tree ? outline(*tree, out) : out.empty(Outline::Kind::none);
  } else if constexpr (kind == TreeKind::dynamic) {
    tree.outline(out);
  } else {
    out.empty(kind == TreeKind::none ? Outline::Kind::none : Outline::Kind::fixed);
  }
}

template <class T>
void outline_record(const T& tree, Outline& out) {
  const std::size_t node = out.open(Outline::Kind::record, reflect::field_count<T>, reflect::type_name<T>);
  reflect::visit_fields(tree, [&](const auto&... field) {
    [[maybe_unused]] std::size_t i = 0;
    ((out.name(reflect::field_names<T>[i++]), outline(field, out)), ...);
  });
  out.close(node);
}

}  // namespace detail

/// Calls f(leaf) on each tensor in order, undefined ones too. `tree` may be const (f takes const Tensor&) or not (f may
/// take Tensor& and assign). Allocates nothing. A static value has no leaves.
///     for_each_leaf(params, [](Tensor& w) { w = stop_gradient(w); });
template <class T, class F>
void for_each_leaf(T&& tree, F&& f) {
  using Function = std::remove_reference_t<F>;
  constexpr bool is_const = std::is_const_v<std::remove_reference_t<T>> || !std::is_lvalue_reference_v<T>;
  using Leaf = std::conditional_t<is_const, const Tensor, Tensor>;
  static_assert(std::is_invocable_v<Function&, Leaf&>,
                "for_each_leaf: f must be callable with the leaf: const Tensor& of a "
                "const or temporary tree, Tensor& of another");
  if constexpr (std::is_function_v<Function>) {
    for_each_leaf(tree, [&f](Leaf& leaf) { f(leaf); });
  } else if constexpr (is_tree<T>) {
    auto call = [](void* context, const Tensor& leaf) {
      std::invoke(*static_cast<Function*>(context), const_cast<Leaf&>(leaf));
    };
    const void* context = std::addressof(f);
    detail::visit_leaves(tree, {const_cast<void*>(context), call});
  }
}

/// The structure of a tree: its paths, its shape for comparisons. Views `tree`: keep that alive and unchanged.
template <class T>
Outline outline_of(const T& tree) {
  Outline out;
  detail::outline(tree, out);
  return out;
}

/// How many leaves, undefined ones too.
template <class T>
std::size_t leaf_count(const T& tree) {
  std::size_t count = 0;
  for_each_leaf(tree, [&](const Tensor&) { ++count; });
  return count;
}

/// The leaves in order; tensors are shared, not copied. Undefined ones keep their places.
///     std::vector<Tensor> all = tree_leaves(params);
template <class T>
std::vector<Tensor> tree_leaves(const T& tree) {
  std::vector<Tensor> leaves;
  leaves.reserve(leaf_count(tree));
  for_each_leaf(tree, [&](const Tensor& leaf) { leaves.push_back(leaf); });
  return leaves;
}

/// The paths of the leaves in order: ".w" a field, "[0]" an entry of a tuple, array or vector, "[\"k\"]" of a map or
/// dict, one after another: ".layers[1].w". A tree that is one tensor has the path "".
template <class T>
std::vector<std::string> tree_paths(const T& tree) {
  return outline_of(tree).leaf_paths();
}

/// `like` with its leaves replaced, in order, static values kept. ValueError if the number of leaves differs.
///     Params q = tree_unflatten(p, tree_leaves(p));
template <class T>
T tree_unflatten(T like, std::vector<Tensor> leaves) {
  if (leaf_count(like) != leaves.size()) detail::throw_leaf_count("tree_unflatten", outline_of(like), leaves.size());
  std::size_t i = 0;
  for_each_leaf(like, [&](Tensor& leaf) { leaf = std::move(leaves[i++]); });
  return like;
}

/// Whether two trees, of the same or of different types, have leaves, lists, structs and dicts in the same places.
/// Static values are not compared.
template <class A, class B>
bool same_structure(const A& a, const B& b) {
  return first_difference(outline_of(a), outline_of(b)) < 0;
}

/// Throws ValueError with the path where two trees differ:
///     "optim: trees differ at .layers[1].w: the first has a tensor, the second a list of 2"
template <class A, class B>
void require_same_structure(std::string_view function, const A& first, const B& second) {
  require_same_structure(function, outline_of(first), outline_of(second), 1);
}

namespace detail {

Tree to_tree(const Outline& outline);

// The leaves of `other`, which must have the structure of `first`.
template <class T, class Other>
std::vector<const Tensor*> matched_leaves(std::string_view function, const T& first, const Other& other,
                                          std::size_t position) {
  if constexpr (!std::is_same_v<T, Other> || !has_fixed_structure<T>()) {
    strata::require_same_structure(function, outline_of(first), outline_of(other), position);
  }
  std::vector<const Tensor*> leaves;
  leaves.reserve(leaf_count(other));
  for_each_leaf(other, [&](const Tensor& leaf) { leaves.push_back(&leaf); });
  return leaves;
}

template <class F, class... Other>
Tensor mapped(const F& f, Tensor& leaf, const Other&... other) {
  if (!(leaf.defined() && ... && other.defined())) return {};
  if constexpr (std::is_invocable_v<const F&, Tensor, const Other&...>) {
    static_assert(std::is_convertible_v<std::invoke_result_t<const F&, Tensor, const Other&...>, Tensor>,
                  "tree_map: f must return a Tensor; for_each_leaf calls a function for its effect");
    return f(std::move(leaf), other...);
  } else {
    static_assert(std::is_invocable_v<const F&, const Tensor&, const Other&...>,
                  "tree_map: f must be callable with one const Tensor& for each tree (a mutable lambda is not)");
    return f(std::as_const(leaf), other...);
  }
}

// leaf = f(i, leaf, other...) for the i-th leaf of each tree.
template <class F, class T, class... Rest>
void map_in_place(std::string_view function, const F& f, T& tree, const Rest&... rest) {
  std::size_t i = 0;
  if constexpr (sizeof...(Rest) == 0) {
    for_each_leaf(tree, [&](Tensor& leaf) { leaf = f(i++, leaf); });
  } else {
    std::size_t position = 0;
    const std::array<std::vector<const Tensor*>, sizeof...(Rest)> others = {
        matched_leaves(function, tree, rest, ++position)...};
    for_each_leaf(tree, [&](Tensor& leaf) {
      std::apply([&](const auto&... other) { leaf = f(i, leaf, *other[i]...); }, others);
      ++i;
    });
  }
}

}  // namespace detail

/// A tree like the first with every leaf x replaced by f(x, y...), y... being the leaves in the same places of the
/// others. Where a leaf of any of them is undefined, the result's is, and f is not called. Trees of different structure
/// are a ValueError. Give the first with std::move to let f reuse its buffers.
///     Params q = tree_map([](const Tensor& w, const Tensor& g) { return w - 0.1 * g; }, p, grads);
template <class F, class T, class... Rest>
T tree_map(F&& f, T tree, const Rest&... rest) {
  static_assert(is_tree<T>, "tree_map: the first argument is a static value (a number, a function...), not a tree");
  const auto function = callable(std::forward<F>(f));
  auto one = [&](std::size_t, Tensor& leaf, const auto&... other) { return detail::mapped(function, leaf, other...); };
  detail::map_in_place("tree_map", one, tree, rest...);
  return tree;
}

/// As tree_map, with the leaf's path first: f(const std::string& path, x, y...).
///     Params decayed = tree_map_with_path([](const std::string& path, const Tensor& w) {
///       return path.ends_with(".b") ? w : 0.9 * w; }, params);
template <class F, class T, class... Rest>
T tree_map_with_path(F&& f, T tree, const Rest&... rest) {
  static_assert(is_tree<T>, "tree_map_with_path: the first tree is a static value (a number, a function...)");
  const auto function = callable(std::forward<F>(f));
  const std::vector<std::string> paths = tree_paths(tree);
  auto one = [&](std::size_t i, Tensor& leaf, const auto&... other) {
    auto at_path = [&](auto&&... x) -> decltype(function(paths[i], std::forward<decltype(x)>(x)...)) {
      return function(paths[i], std::forward<decltype(x)>(x)...);
    };
    return detail::mapped(at_path, leaf, other...);
  };
  detail::map_in_place("tree_map_with_path", one, tree, rest...);
  return tree;
}

/// f(...f(f(init, x0), x1)..., xn) over the defined leaves in order; `init` if there are none. A number as `init`
/// becomes a tensor where f returns one.
///     Tensor n = tree_reduce([](Tensor sum, const Tensor& x) { return sum + st::sum(square(x)); }, grads, 0.0);
template <class F, class T, class Init>
auto tree_reduce(F&& f, const T& tree, Init init) {
  const auto function = callable(std::forward<F>(f));
  using Result = std::decay_t<decltype(function(std::declval<Init>(), std::declval<const Tensor&>()))>;
  using Sum = std::conditional_t<std::is_arithmetic_v<Init> && std::is_same_v<Result, Tensor>, Tensor, Init>;
  Sum sum = std::move(init);
  for_each_leaf(tree, [&](const Tensor& leaf) {
    if (leaf.defined()) sum = function(std::move(sum), leaf);
  });
  return sum;
}

/// The same structure as a dynamic tree: structs and maps are dicts, tuples, arrays and vectors lists, static values
/// null.
///     Tree t = to_tree(params);  t["w"].tensor();
template <class T>
Tree to_tree(const T& tree) {
  return detail::to_tree(outline_of(tree));
}

}  // namespace strata
