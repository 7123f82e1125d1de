// Which part a type plays in a tree, decided at compile time from the type alone; and the refusal, in words, of types
// that would silently be static although tensors hide in them. Called by core/tree.hpp and by the transforms'
// signatures. The kind never depends on whether a struct holds tensors: a recursive struct would make the answer depend
// on itself.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/core/args.hpp"
#include "strata/core/dynamic_tree.hpp"
#include "strata/core/none.hpp"
#include "strata/core/reflect.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

/// fixed: a static value, carried along and not mapped: numbers, strings, enums, functions and lambdas (also those that
/// capture tensors), classes with constructors or private members, and containers of such values.
enum class TreeKind { tensor, none, tuple, args, array, map, optional, record, dynamic, fixed };

namespace detail {

template <class T>
constexpr TreeKind kind();

template <class E>
constexpr TreeKind unless_fixed(TreeKind container) {
  return kind<std::remove_cv_t<E>>() == TreeKind::fixed ? TreeKind::fixed : container;
}

template <class T>
struct KindOf {
  static constexpr TreeKind value = std::is_aggregate_v<T> && std::is_class_v<T> ? TreeKind::record : TreeKind::fixed;
};
template <TreeKind k>
using IsKind = std::integral_constant<TreeKind, k>;

template <>
struct KindOf<Tensor> : IsKind<TreeKind::tensor> {};
template <>
struct KindOf<None> : IsKind<TreeKind::none> {};
template <>
struct KindOf<Tree> : IsKind<TreeKind::dynamic> {};
template <class... T>
struct KindOf<std::tuple<T...>> : IsKind<TreeKind::tuple> {};
template <class A, class B>
struct KindOf<std::pair<A, B>> : IsKind<TreeKind::tuple> {};
template <class... T>
struct KindOf<Args<T...>> : IsKind<TreeKind::args> {};
template <class E, std::size_t n>
struct KindOf<E[n]> : IsKind<unless_fixed<E>(TreeKind::array)> {};
template <class E, std::size_t n>
struct KindOf<std::array<E, n>> : IsKind<unless_fixed<E>(TreeKind::array)> {};
template <class E, class A>
struct KindOf<std::vector<E, A>> : IsKind<unless_fixed<E>(TreeKind::array)> {};
template <class E, class C, class A>
struct KindOf<std::map<std::string, E, C, A>> : IsKind<unless_fixed<E>(TreeKind::map)> {};
template <class E>
struct KindOf<std::optional<E>> : IsKind<unless_fixed<E>(TreeKind::optional)> {};

template <class T>
constexpr TreeKind kind() {
  return KindOf<T>::value;
}

}  // namespace detail

/// The part that a T plays in trees.
template <class T>
inline constexpr TreeKind tree_kind = detail::kind<std::remove_cvref_t<T>>();

/// True unless a T is static: it can be mapped, differentiated, carried. It may still hold no tensor, as an empty
/// struct.
template <class T>
inline constexpr bool is_tree = tree_kind<T> != TreeKind::fixed;

template <class T>
concept TreeLike = is_tree<T>;

namespace detail {

template <class... T>
struct Types {};

struct FieldTypes {
  template <class... M>
  constexpr Types<M...> operator()(const M&...) const {
    return {};
  }
};

template <class T, class... Seen>
constexpr bool hides_tensor();

template <class... T, class... Seen>
constexpr bool any_hides_tensor(Types<T...>, Types<Seen...>) {
  return (hides_tensor<std::remove_cvref_t<T>, Seen...>() || ...);
}

// What T, static by its kind, may own or point to: pointers, smart pointers, containers, variants, reference wrappers.
template <class T>
struct Content {
  using types = Types<>;
};
template <class T>
struct Content<T*> {
  using types = Types<T>;
};
template <class T>
requires requires { typename T::element_type; }
struct Content<T> {
  using types = Types<typename T::element_type>;
};
template <class T>
requires(
    requires { typename T::value_type; } && !requires { typename T::element_type; }) struct Content<T> {
  using types = Types<typename T::value_type>;
};
template <template <class...> class V, class... T>
requires requires(const V<T...>& v) { v.valueless_by_exception(); }
struct Content<V<T...>> {
  using types = Types<T...>;
};
template <template <class> class W, class T>
requires requires(const W<T>& w) { static_cast<T&>(w.get()); }
struct Content<W<T>> {
  using types = Types<T>;
};

template <class... T>
struct Content<std::tuple<T...>> {
  using types = Types<T...>;
};
template <class... T>
struct Content<Args<T...>> {
  using types = Types<T...>;
};
template <class A, class B>
struct Content<std::pair<A, B>> {
  using types = Types<A, B>;
};
template <class E, std::size_t n>
struct Content<E[n]> {
  using types = Types<E>;
};

template <class T>
inline constexpr bool is_std_array = false;
template <class E, std::size_t n>
inline constexpr bool is_std_array<std::array<E, n>> = true;

// Whether all trees of type T have one structure: no vector, map, optional or dynamic tree in it.
template <class T>
constexpr bool has_fixed_structure();

template <class... T>
constexpr bool all_fixed_structure(Types<T...>) {
  return (has_fixed_structure<std::remove_cvref_t<T>>() && ...);
}

template <class T>
constexpr bool has_fixed_structure() {
  constexpr TreeKind kind = KindOf<T>::value;
  if constexpr (kind == TreeKind::tensor || kind == TreeKind::none || kind == TreeKind::fixed) {
    return true;
  } else if constexpr (kind == TreeKind::record) {
    return all_fixed_structure(decltype(reflect::visit_fields(std::declval<const T&>(), FieldTypes{})){});
  } else if constexpr (kind == TreeKind::tuple || kind == TreeKind::args || std::is_array_v<T> || is_std_array<T>) {
    return all_fixed_structure(typename Content<T>::types{});
  } else {
    return false;
  }
}

// Whether a tensor can be reached from a T. Types under examination count as holding none, so that recursion ends.
template <class T, class... Seen>
constexpr bool hides_tensor() {
  if constexpr ((std::is_same_v<T, Seen> || ...) || std::is_void_v<T> || std::is_function_v<T> ||
                std::is_arithmetic_v<T>) {
    return false;
  } else if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, Tree>) {
    return true;
  } else if constexpr (!requires { sizeof(T); }) {
    return false;  // incomplete: nothing of ours can be in it
  } else if constexpr (std::is_aggregate_v<T> && KindOf<T>::value == TreeKind::record) {
    if constexpr (reflect::detail::counted<T>.problem == reflect::detail::Problem::none) {
      using Fields = decltype(reflect::visit_fields(std::declval<const T&>(), FieldTypes{}));
      return any_hides_tensor(Fields{}, Types<T, Seen...>{});
    } else {
      return false;
    }
  } else {
    return any_hides_tensor(typename Content<T>::types{}, Types<T, Seen...>{});
  }
}

}  // namespace detail

}  // namespace strata
