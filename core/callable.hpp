// callable(f): what a transform stores of the function it is given. A pointer to a function has lost its default
// arguments, so that st::grad(st::sum) would want its options: Pointer gives trailing options structs and shapes back
// their defaults. Every transform calls it once, at its entry; other function objects pass through unchanged.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "strata/core/shape.hpp"

namespace strata {

namespace detail {

// What may be left out at the end of a call: an options struct, a Shape, a class that says so by a type LeftOut.
template <class P, class T = std::remove_cvref_t<P>>
inline constexpr bool has_default_value = std::is_default_constructible_v<T>&& std::is_convertible_v<T&&, P> &&
                                          ((std::is_aggregate_v<T> && std::is_class_v<T>) || std::is_same_v<T, Shape> ||
                                           requires { typename T::LeftOut; });

}  // namespace detail

/// A function pointer that may be called without its trailing options structs and shapes, which are then default ones.
template <class R, class... P>
class Pointer {
  template <std::size_t i>
  using Param = std::tuple_element_t<i, std::tuple<P...>>;

  template <class... A, std::size_t... I>
  static constexpr bool accepts(std::index_sequence<I...>) {
    if constexpr ((detail::has_default_value<Param<sizeof...(A) + I>> && ...)) {
      return std::is_invocable_v<R (*)(P...), A..., Param<sizeof...(A) + I>...>;
    } else {
      return false;
    }
  }

 public:
  constexpr explicit Pointer(R (*f)(P...)) : f_(f) {}

  constexpr R operator()(P... p) const { return f_(std::forward<P>(p)...); }

  template <class... A>
  requires(sizeof...(A) < sizeof...(P) &&
           Pointer::template accepts<A...>(std::make_index_sequence<sizeof...(P) - sizeof...(A)>{})) constexpr R
  operator()(A&&... a) const {
    return fill(std::make_index_sequence<sizeof...(P) - sizeof...(A)>{}, std::forward<A>(a)...);
  }

 private:
  template <std::size_t... I, class... A>
  constexpr R fill(std::index_sequence<I...>, A&&... a) const {
    return f_(std::forward<A>(a)..., std::remove_cvref_t<Param<sizeof...(A) + I>>{}...);
  }

  R (*f_)(P...);
};

namespace detail {

template <class R, class... P>
constexpr Pointer<R, P...> pointer(R (*f)(P...)) {
  return Pointer<R, P...>(f);
}

}  // namespace detail

/// f itself, or a Pointer for a function. Takes functions, pointers to them (noexcept too) and function objects.
///     auto s = callable(st::sum);  s(x);  s(x, {.axes = {0}});
template <class F>
constexpr auto callable(F&& f) {
  using D = std::decay_t<F>;
  if constexpr (std::is_pointer_v<D> && std::is_function_v<std::remove_pointer_t<D>>) {
    return detail::pointer(static_cast<D>(f));
  } else {
    return D(std::forward<F>(f));
  }
}

template <class F>
using callable_t = decltype(callable(std::declval<F>()));

}  // namespace strata
