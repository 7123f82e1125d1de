// How many fields a plain struct has, found without registration. Called by core/reflect.hpp only.
// The most initialisers that T{any, any, ...} accepts, with each C array (whose braces may be left out) folded into
// one. What cannot be counted rightly (bases, unnamed unions, references, more than 32 fields) is refused by a
// static_assert. Right on g++ 12 and clang 14 for every kind of struct in tests/reflect_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace strata::reflect {

inline constexpr std::size_t max_fields = 32;

namespace detail {

// Stands for an initialiser of any type. By value: class members convert directly, so only C arrays elide their braces.
struct Any {
  Any(std::size_t);
  template <class U>
  operator U() const noexcept;
};

template <class T>
struct AnyBaseOf {
  template <class U>
  requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>) operator U() const noexcept;
};

template <class T>
constexpr std::string_view pretty_type() {
  return __PRETTY_FUNCTION__;
}

template <class U>
constexpr bool is_unnamed_union() {
  if constexpr (std::is_union_v<U>) {
    constexpr std::string_view text = pretty_type<U>();
    return text.find("<unnamed union>") != text.npos || text.find(" union at ") != text.npos;
  } else {
    return false;
  }
}

struct AnyUnnamedUnion {
  template <class U>
  requires(is_unnamed_union<U>()) operator U() const noexcept;
};

template <class T, std::size_t... I>
constexpr bool accepts(std::index_sequence<I...>) {
  return requires { T{Any(I)...}; };
}
template <class T, std::size_t N>
inline constexpr bool accepts_n = accepts<T>(std::make_index_sequence<N>{});

// Members without a default constructor refuse small counts: search upward for the first count that compiles.
template <class T, std::size_t N = 0>
constexpr std::size_t first_accepted() {
  if constexpr (N > 8 * sizeof(T) || N > 4 * max_fields) {
    return 0;
  } else if constexpr (accepts_n<T, N>) {
    return N;
  } else {
    return first_accepted<T, N + 1>();
  }
}

template <class T, std::size_t Good, std::size_t Bad>
constexpr std::size_t bisect() {
  if constexpr (Bad - Good == 1) {
    return Good;
  } else if constexpr (constexpr std::size_t middle = (Good + Bad) / 2; accepts_n<T, middle>) {
    return bisect<T, middle, Bad>();
  } else {
    return bisect<T, Good, middle>();
  }
}

template <class T, std::size_t Good, std::size_t Step = 1>
constexpr std::size_t last_accepted() {
  if constexpr (accepts_n<T, Good + Step>) {
    return last_accepted<T, Good + Step, 2 * Step>();
  } else {
    return bisect<T, Good, Good + Step>();
  }
}

// T{any x P, {}, any x M}: the braces take one whole member, an array too.
template <class T, std::size_t... P, std::size_t... M>
constexpr bool accepts_empty(std::index_sequence<P...>, std::index_sequence<M...>) {
  return requires { T{Any(P)..., {}, Any(M)...}; };
}
template <class T, std::size_t P, std::size_t M>
inline constexpr bool empty_then = accepts_empty<T>(std::make_index_sequence<P>{}, std::make_index_sequence<M>{});

// T{any x P, {any x K}, any x M}
template <class T, std::size_t... P, std::size_t... K, std::size_t... M>
constexpr bool accepts_list(std::index_sequence<P...>, std::index_sequence<K...>, std::index_sequence<M...>) {
  return requires { T{Any(P)..., {Any(K)...}, Any(M)...}; };
}
template <class T, std::size_t P, std::size_t K, std::size_t M>
inline constexpr bool list_then = accepts_list<T>(std::make_index_sequence<P>{}, std::make_index_sequence<K>{},
                                                  std::make_index_sequence<M>{});

// The array at P has elements with a default constructor: the members after it take at most Total - P - extent
// initialisers.
template <class T, std::size_t P, std::size_t Good, std::size_t Bad>
constexpr std::size_t most_after_empty() {
  if constexpr (Bad - Good == 1) {
    return Good;
  } else if constexpr (constexpr std::size_t middle = (Good + Bad) / 2; empty_then<T, P, middle>) {
    return most_after_empty<T, P, middle, Bad>();
  } else {
    return most_after_empty<T, P, Good, middle>();
  }
}

template <class T, std::size_t Total, std::size_t P, std::size_t K = 2>
constexpr std::size_t listed_extent() {
  if constexpr (K > Total - P) {
    return 1;
  } else if constexpr (list_then<T, P, K, Total - P - K> && !list_then<T, P, K, Total - P - K + 1>) {
    return K;
  } else {
    return listed_extent<T, Total, P, K + 1>();
  }
}

// How many of the flat initialisers belong to the member that starts at P: more than one only for a C array.
template <class T, std::size_t Total, std::size_t P>
constexpr std::size_t extent() {
  constexpr std::size_t after = Total - P - 1;
  if constexpr (after == 0 || empty_then<T, P, after>) {
    return 1;
  } else if constexpr (empty_then<T, P, 0>) {
    return Total - P - most_after_empty<T, P, 0, after>();
  } else {
    return listed_extent<T, Total, P>();
  }
}

template <class T, std::size_t Total, std::size_t P = 0, std::size_t Count = 0>
constexpr std::size_t count_members() {
  if constexpr (P >= Total) {
    return Count;
  } else {
    return count_members<T, Total, P + extent<T, Total, P>(), Count + 1>();
  }
}

// T{any x P, init, any x M}
template <class T, class Init, std::size_t... P, std::size_t... M>
constexpr bool accepts_at(std::index_sequence<P...>, std::index_sequence<M...>) {
  return requires { T{Any(P)..., Init{}, Any(M)...}; };
}
template <class T, std::size_t Total, std::size_t... P>
constexpr bool has_unnamed_union(std::index_sequence<P...>) {
  return (accepts_at<T, AnyUnnamedUnion>(std::make_index_sequence<P>{}, std::make_index_sequence<Total - P - 1>{}) ||
          ...);
}

enum class Problem { none, uncountable, base, unnamed_union, too_many };

struct Counted {
  Problem problem;
  std::size_t count;
};

template <class T>
constexpr Counted examine() {
  if constexpr (std::is_empty_v<T>) {
    return {Problem::none, 0};
  } else if constexpr (constexpr std::size_t first = first_accepted<T>(); !accepts_n<T, first>) {
    return {Problem::uncountable, 0};
  } else {
    constexpr std::size_t total = last_accepted<T, first>();
    if constexpr (total == 0) {
      return {Problem::uncountable, 0};
    } else if constexpr (accepts_at<T, AnyBaseOf<T>>(std::index_sequence<>{}, std::make_index_sequence<total - 1>{})) {
      return {Problem::base, 0};
    } else {
      constexpr std::size_t count = count_members<T, total>();
      if constexpr (count > max_fields) {
        return {Problem::too_many, 0};
      } else if constexpr (has_unnamed_union<T, total>(std::make_index_sequence < total <= max_fields ? total
                                                                                                      : 0 > {})) {
        return {Problem::unnamed_union, 0};
      } else {
        return {Problem::none, count};
      }
    }
  }
}

template <class T>
inline constexpr Counted counted = examine<T>();

template <class T>
constexpr std::size_t count_fields() {
  static_assert(std::is_aggregate_v<T> && std::is_class_v<T>, "strata: only a plain struct can be looked into");
  static_assert(
      counted<T>.problem != Problem::uncountable,
      "strata: the fields of this struct cannot be counted: it has a reference member, or a member that cannot "
      "be initialised; hold values, not references");
  static_assert(counted<T>.problem != Problem::base,
                "strata: a struct with a base class cannot be a tree: make the base a member, or give the struct a "
                "constructor so that it is carried along as a static value");
  static_assert(counted<T>.problem != Problem::unnamed_union,
                "strata: a struct with an unnamed union cannot be a tree: name the union's type, or use std::variant");
  static_assert(
      counted<T>.problem != Problem::too_many,
      "strata: a struct with more than 32 fields cannot be a tree: group some in a struct of their own, or use an "
      "array or a vector");
  return counted<T>.count;
}

}  // namespace detail

/// The number of fields of the aggregate T (a C array is one field). An empty struct has none.
template <class T>
inline constexpr std::size_t field_count = detail::count_fields<T>();

}  // namespace strata::reflect
