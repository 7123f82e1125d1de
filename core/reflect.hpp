// Looks into plain structs without registration: each field by reference, the fields' names and the struct's own name.
// Called by core/tree.hpp; nothing here knows tensors. Fields come from a structured binding of field_count names,
// names from the compiler's spelling of a field's address. A struct with bit-fields, which have none, has numbers for
// names.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "strata/core/field_count.hpp"

namespace strata::reflect {

namespace detail {

// clang-format off
template <std::size_t count, class Object, class Visit>
constexpr decltype(auto) visit_few(Object& object, Visit&& visit) {
  if constexpr (count == 1) { auto& [a] = object; return visit(a); }
  if constexpr (count == 2) { auto& [a, b] = object; return visit(a, b); }
  if constexpr (count == 3) { auto& [a, b, c] = object; return visit(a, b, c); }
  if constexpr (count == 4) { auto& [a, b, c, d] = object; return visit(a, b, c, d); }
  if constexpr (count == 5) { auto& [a, b, c, d, e] = object; return visit(a, b, c, d, e); }
  if constexpr (count == 6) { auto& [a, b, c, d, e, f] = object; return visit(a, b, c, d, e, f); }
  if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = object; return visit(a, b, c, d, e, f, g); }
  if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = object; return visit(a, b, c, d, e, f, g, h); }
  if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = object;
    return visit(a, b, c, d, e, f, g, h, i);
  }
  if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = object;
    return visit(a, b, c, d, e, f, g, h, i, j);
  }
  if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k);
  }
  if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l);
  }
  if constexpr (count == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m);
  }
  if constexpr (count == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  }
  if constexpr (count == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  }
  if constexpr (count == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}

template <std::size_t count, class Object, class Visit>
constexpr decltype(auto) visit_many(Object& object, Visit&& visit) {
  if constexpr (count == 17) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
  }
  if constexpr (count == 18) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
  }
  if constexpr (count == 19) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
  }
  if constexpr (count == 20) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
  }
  if constexpr (count == 21) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
  }
  if constexpr (count == 22) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
  }
  if constexpr (count == 23) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
  }
  if constexpr (count == 24) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
  }
  if constexpr (count == 25) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y);
  }
  if constexpr (count == 26) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z);
  }
  if constexpr (count == 27) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A);
  }
  if constexpr (count == 28) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B);
  }
  if constexpr (count == 29) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C);
  }
  if constexpr (count == 30) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D);
  }
  if constexpr (count == 31) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E);
  }
  if constexpr (count == 32) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F);
  }
}
// clang-format on

}  // namespace detail

namespace detail {

template <class Object, class Visit>
constexpr decltype(auto) visit_any(Object& object, Visit&& visit) {
  constexpr std::size_t n = count_fields<std::remove_const_t<Object>>();
  if constexpr (n == 0) {
    return visit();
  } else if constexpr (n <= 16) {
    return visit_few<n>(object, visit);
  } else {
    return visit_many<n>(object, visit);
  }
}

struct FieldTypes {
  template <class... M>
  constexpr std::tuple<std::type_identity<M>...> operator()(M&...) const {
    return {};
  }
};

}  // namespace detail

/// Calls f(field...) once with all fields of `object`, as const references in declaration order, and returns what f
/// returns.
///     std::size_t bytes = reflect::visit_fields(p, [](const auto&... field) { return (sizeof(field) + ... + 0); });
/// Const, so that a bit-field binds to a temporary; who owns a mutable object may cast a field's const away.
template <class T, class F>
constexpr decltype(auto) visit_fields(const T& object, F&& f) {
  return detail::visit_any(object, f);
}

/// std::tuple<std::type_identity<M>...> of the fields' types M with their const; a reference counts as what it refers
/// to. Not for a struct with bit-fields.
template <class T>
using field_types = decltype(detail::visit_any(std::declval<T&>(), detail::FieldTypes{}));

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif

namespace detail {

// An object of type T that is never made: only the addresses of its fields are named. The union lets T be
// function-local or of an anonymous namespace, which `extern const T` does not.
template <class T>
union Shell {
  char nothing;
  T value;
  Shell();
  ~Shell();
};
template <class T>
extern const Shell<T> ghost;

// clang before 18 takes a field's address as a template argument only inside a class.
template <class P>
struct Box {
  P p;
};

template <auto B>
constexpr std::string_view pretty_value() {
  return __PRETTY_FUNCTION__;
}

// g++: "{(& ghost<P>.Shell<P>::value.P::w)}; std::string_view = ..."   clang: "{&ghost.value.w}]"
constexpr std::string_view trailing_identifier(std::string_view text) {
#ifdef __clang__
  const std::size_t end = text.rfind("}]");
#else
  const std::size_t end = text.rfind(")}");
#endif
  if (end == text.npos) return {};
  std::size_t begin = end;
  auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 128;
  };
  while (begin > 0 && in_name(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

constexpr std::array<std::string_view, max_fields> number_names() {
  return {"0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "11", "12", "13", "14", "15",
          "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31"};
}

struct TakeAddresses {
  template <class... M>
  constexpr std::tuple<Box<const M*>...> operator()(const M&... field) const {
    return {Box<const M*>{std::addressof(field)}...};
  }
};

template <auto B>
struct Constant;
template <class T, std::size_t I>
concept HasAddress = requires {
  typename Constant<std::get<I>(visit_fields(ghost<T>.value, TakeAddresses{}))>;
};

template <class T, std::size_t I>
constexpr std::string_view field_name() {
  if constexpr (HasAddress<T, I>) {
    constexpr std::string_view name =
        trailing_identifier(pretty_value<std::get<I>(visit_fields(ghost<T>.value, TakeAddresses{}))>());
    if constexpr (!name.empty()) return name;
  }
  return number_names()[I];
}

template <class T, std::size_t... I>
constexpr std::array<std::string_view, sizeof...(I)> field_names_of(std::index_sequence<I...>) {
  return {field_name<T, I>()...};
}

// The text of T in "... [with T = ns::P; ...]" (g++) or "... [T = ns::P]" (clang), without what encloses it.
constexpr std::string_view last_component(std::string_view text) {
  const std::size_t start = text.find("T = ") + 4;
  std::size_t end = text.find(';', start);
  if (end == text.npos) end = text.rfind(']');
  std::size_t begin = end;
  for (int depth = 0; begin > start; --begin) {
    const char c = text[begin - 1];
    if (c == '>' || c == ')' || c == '}') ++depth;
    if (c == '<' || c == '(' || c == '{') --depth;
    if (c == ':' && depth == 0) break;
  }
  return text.substr(begin, end - begin);
}

}  // namespace detail

#ifdef __clang__
#pragma clang diagnostic pop
#endif

/// The names of T's fields in declaration order. Compiled only where it is used.
///     struct Params { Tensor w, b; };  reflect::field_names<Params>[0] == "w"
template <class T>
inline constexpr std::array<std::string_view, field_count<T>> field_names =
    detail::field_names_of<T>(std::make_index_sequence<field_count<T>>{});

/// The name of the type T without its namespaces: "Params".
template <class T>
inline constexpr std::string_view type_name = detail::last_component(detail::pretty_type<T>());

}  // namespace strata::reflect
