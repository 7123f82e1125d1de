// Arguments as one value: st::args(x, y), which unlike std::tuple never unwraps a tuple given to it; and the rule that
// numbers become tensors (treeify) where a transform differentiates, carries or returns them. Called by the transforms.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "strata/core/tensor.hpp"

namespace strata {

/// The arguments of a function, in order; as a tree, a list of them.
template <class... T>
class Args {
 public:
  Args() = default;
  constexpr explicit Args(std::tuple<T...> values) : values_(std::move(values)) {}

  static constexpr std::size_t size = sizeof...(T);
  constexpr const std::tuple<T...>& values() const& { return values_; }
  constexpr std::tuple<T...>& values() & { return values_; }
  constexpr std::tuple<T...>&& values() && { return std::move(values_); }

 private:
  std::tuple<T...> values_;
};

/// args(x, y) holds copies of x and y; args(t) with t a tuple holds one argument, the tuple.
///     auto [y, dy] = jvp(f, st::args(x, t), st::args(dx, dt));
template <class... T>
constexpr Args<std::decay_t<T>...> args(T&&... values) {
  return Args<std::decay_t<T>...>(std::tuple<std::decay_t<T>...>(std::forward<T>(values)...));
}

template <class T>
inline constexpr bool is_args = false;
template <class... T>
inline constexpr bool is_args<Args<T...>> = true;

namespace detail {

template <class T>
struct Treeified {
  using type = std::conditional_t<std::is_arithmetic_v<T>, Tensor, T>;
};
template <class A, class B>
struct Treeified<std::pair<A, B>> {
  using type = std::pair<typename Treeified<std::decay_t<A>>::type, typename Treeified<std::decay_t<B>>::type>;
};
template <class... T>
struct Treeified<std::tuple<T...>> {
  using type = std::tuple<typename Treeified<std::decay_t<T>>::type...>;
};
template <class... T>
struct Treeified<Args<T...>> {
  using type = Args<typename Treeified<std::decay_t<T>>::type...>;
};

}  // namespace detail

/// T with numbers turned into Tensor: double -> Tensor, std::pair<double, P> -> std::pair<Tensor, P>, and so in tuples
/// and Args at any depth. References in tuples become values. Other types are unchanged (a double in a struct stays
/// static).
template <class T>
using treeified_t = typename detail::Treeified<std::decay_t<T>>::type;

/// The value of type treeified_t<T>.  treeify(2.0) is the weak scalar tensor 2.
template <class T>
treeified_t<T> treeify(T&& value) {
  using From = std::decay_t<T>;
  if constexpr (is_args<From>) {
    return treeified_t<T>(treeified_t<decltype(std::declval<From>().values())>(std::forward<T>(value).values()));
  } else if constexpr (std::is_same_v<From, treeified_t<T>>) {
    return std::forward<T>(value);
  } else {
    return treeified_t<T>(std::forward<T>(value));
  }
}

}  // namespace strata
