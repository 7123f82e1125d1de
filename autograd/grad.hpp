// grad, value_and_grad, vjp, jvp, linearize, hvp: the user's types around autograd/run.hpp.
// Called by users and by the Jacobians. Each transform runs its function once.
#pragma once
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "strata/autograd/run.hpp"
#include "strata/core/error.hpp"
#include "strata/core/tree.hpp"

namespace strata {

struct HasAux {};
/// The function returns std::pair{loss, aux}; aux is passed through, not differentiated.
inline constexpr HasAux has_aux{};

namespace detail {

template <std::size_t i, std::size_t... I>
inline constexpr bool is_one_of = ((i == I) || ...);

template <std::size_t i, class A, std::size_t... I>
using differentiated_t = std::conditional_t<is_one_of<i, I...>, treeified_t<A>, std::decay_t<A>>;

template <class T, class Watch>
void watch_argument(T& tree, Watch&& watch) {
  static_assert(is_tree<T>,
                "strata: a differentiated argument must be a tensor, a number or a tree of tensors; choose others by "
                "st::grad<0, 2>(f)");
  for_each_leaf(tree, watch);
}

inline void require_scalar(const char* transform, const Tensor& y) {
  if (!y.defined() || y.ndim() != 0 || !is_float(y.dtype())) not_scalar(transform, y);
}

/// What a call of f with these arguments gives, numbers as tensors.
template <class F, class... A>
using result_t = treeified_t<std::invoke_result_t<const F&, const A&...>>;

template <class F, bool with_value, bool with_aux, std::size_t... I>
class Grad {
 public:
  explicit Grad(F f) : f_(std::move(f)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    static_assert(((I < sizeof...(A)) && ...), "strata: grad<I...> names an argument that the call does not have");
    return call(std::index_sequence_for<A...>{}, args...);
  }

 private:
  static constexpr const char* name = with_value ? "value_and_grad" : "grad";

  template <std::size_t... K, class... A>
  auto call(std::index_sequence<K...>, const A&... args) const {
    std::tuple<differentiated_t<K, A, I...>...> x(args...);
    static_assert(std::is_invocable_v<const F&, const differentiated_t<K, A, I...>&...>,
                  "strata: grad: the function cannot be called with these arguments (a differentiated number arrives "
                  "as a st::Tensor)");
    ReverseRun run(name);
    const LevelScope scope(run.level());
    (watch_argument(std::get<I>(x), [&](Tensor& leaf) { run.watch(leaf); }), ...);
    run.require_float();
    auto y = treeify(std::apply([&](const auto&... a) { return f_(a...); }, x));
    using Y = decltype(y);
    if constexpr (with_aux) {
      static_assert(
          requires {
            y.first;
            y.second;
          },
          "strata: with has_aux the function returns std::pair{loss, aux}");
      Tensor loss = y.first;
      auto aux = std::move(y.second);
      for_each_leaf(aux, [&](Tensor& leaf) { run.aux(leaf); });
      auto g = gradients(run, loss, x);
      if constexpr (with_value)
        return std::pair{std::pair{std::move(loss), std::move(aux)}, std::move(g)};
      else
        return std::pair{std::move(g), std::move(aux)};
    } else {
      static_assert(std::is_same_v<Y, Tensor>,
                    "strata: grad: f must return a scalar Tensor (or, with st::has_aux, std::pair{loss, aux})");
      auto g = gradients(run, y, x);
      if constexpr (with_value)
        return std::pair{std::move(y), std::move(g)};
      else
        return g;
    }
  }

  template <class X>
  static auto gradients(ReverseRun& run, Tensor& loss, X& x) {
    require_scalar(name, loss);
    run.root(loss);
    const std::vector<Tensor> g = run.gradients();
    std::size_t at = 0;
    const auto fill = [&](auto& tree) { for_each_leaf(tree, [&](Tensor& leaf) { leaf = g[at++]; }); };
    (fill(std::get<I>(x)), ...);
    if constexpr (sizeof...(I) == 1)
      return std::get<I...>(std::move(x));
    else
      return std::make_tuple(std::get<I>(std::move(x))...);
  }

  F f_;
};

}  // namespace detail

/// The gradient of a scalar function with respect to arguments I (0 by default), in the argument's own type; several
/// give a std::tuple. Integer leaves get undefined tensors. ShapeError when f returns more than one number; DtypeError
/// when no leaf is a float.
///     auto df = st::grad([](const st::Tensor& x) { return st::sum(x * x); });  df(x);
template <std::size_t... I, class F>
auto grad(F&& f) {
  if constexpr (sizeof...(I) == 0)
    return detail::Grad<callable_t<F>, false, false, 0>(callable(std::forward<F>(f)));
  else
    return detail::Grad<callable_t<F>, false, false, I...>(callable(std::forward<F>(f)));
}
/// The same for f returning std::pair{loss, aux}: gives std::pair{gradient, aux}.
template <std::size_t... I, class F>
auto grad(F&& f, HasAux) {
  if constexpr (sizeof...(I) == 0)
    return detail::Grad<callable_t<F>, false, true, 0>(callable(std::forward<F>(f)));
  else
    return detail::Grad<callable_t<F>, false, true, I...>(callable(std::forward<F>(f)));
}
/// std::pair{value, gradient} from one run.      auto [loss, g] = st::value_and_grad(f)(params, x);
template <std::size_t... I, class F>
auto value_and_grad(F&& f) {
  if constexpr (sizeof...(I) == 0)
    return detail::Grad<callable_t<F>, true, false, 0>(callable(std::forward<F>(f)));
  else
    return detail::Grad<callable_t<F>, true, false, I...>(callable(std::forward<F>(f)));
}
/// std::pair{std::pair{loss, aux}, gradient}.
template <std::size_t... I, class F>
auto value_and_grad(F&& f, HasAux) {
  if constexpr (sizeof...(I) == 0)
    return detail::Grad<callable_t<F>, true, true, 0>(callable(std::forward<F>(f)));
  else
    return detail::Grad<callable_t<F>, true, true, I...>(callable(std::forward<F>(f)));
}

namespace detail {

/// A run kept for later: what vjp's pullback and linearize's push hold.
template <class Y, class... X>
class LinearMap {
 public:
  LinearMap(std::shared_ptr<ReverseRun> run, Y y, std::tuple<X...> x)
      : run_(std::move(run)), y_(std::move(y)), x_(std::move(x)) {}

  auto pull(const Y& g) const {
    require_same_structure("vjp: result and cotangent", y_, g);
    return unpack(run_->pull(tree_leaves(g), true, [&](std::size_t leaf) { return leaf_in(y_, leaf); }));
  }
  Y push(const X&... dx) const {
    std::vector<Tensor> tangents;
    std::apply([&](const auto&... x) { (require_same_structure("linearize: primal and tangent", x, dx), ...); }, x_);
    (for_each_leaf(dx, [&](const Tensor& t) { tangents.push_back(t); }), ...);
    return tree_unflatten(y_, run_->push(tangents, [&](std::size_t leaf) { return argument_leaf(leaf); }));
  }

 private:
  std::string argument_leaf(std::size_t leaf) const {
    std::string name;
    std::size_t k = 0, begin = 0;
    const auto look = [&](const auto& tree) {
      const std::size_t n = leaf_count(tree);
      if (leaf >= begin && leaf < begin + n)
        name = (sizeof...(X) > 1 ? " of argument " + std::to_string(k) : std::string()) + leaf_in(tree, leaf - begin);
      begin += n;
      ++k;
    };
    std::apply([&](const auto&... tree) { (look(tree), ...); }, x_);
    return name;
  }
  auto unpack(std::vector<Tensor> g) const {
    std::tuple<X...> x = x_;
    std::size_t at = 0;
    std::apply([&](auto&... tree) { (for_each_leaf(tree, [&](Tensor& leaf) { leaf = std::move(g[at++]); }), ...); }, x);
    if constexpr (sizeof...(X) == 1)
      return std::get<0>(std::move(x));
    else
      return x;
  }

  std::shared_ptr<ReverseRun> run_;
  Y y_;  // structure and static values; leaves are the results'
  std::tuple<X...> x_;
};

template <class Y, class... X>
class Pullback : LinearMap<Y, X...> {
 public:
  using LinearMap<Y, X...>::LinearMap;
  /// The arguments' cotangents from the result's; may be called any number of times.
  auto operator()(const Y& g) const { return this->pull(g); }
};

template <class Y, class... X>
class Push : LinearMap<Y, X...> {
 public:
  using LinearMap<Y, X...>::LinearMap;
  /// The result's tangent from the arguments'; may be called any number of times.
  Y operator()(const X&... dx) const { return this->push(dx...); }
};

template <template <class, class...> class Map, class F, class... A>
auto record(const char* name, bool linearize, const F& f, const A&... args) {
  std::tuple<treeified_t<A>...> x{treeify(args)...};
  std::tuple<treeified_t<A>...> watched = x;
  auto run = std::make_shared<ReverseRun>(name, linearize);
  const LevelScope scope(run->level());
  std::apply([&](auto&... a) { (watch_argument(a, [&](Tensor& leaf) { run->watch(leaf); }), ...); }, watched);
  run->require_float();
  auto y = treeify(std::apply([&](const auto&... a) { return f(a...); }, std::as_const(watched)));
  for_each_leaf(y, [&](Tensor& leaf) { run->root(leaf); });
  using Y = decltype(y);
  return std::pair<Y, Map<Y, treeified_t<A>...>>(y, Map<Y, treeified_t<A>...>(run, y, std::move(x)));
}

}  // namespace detail

/// f(x...) and a function from the result's cotangent to the arguments' (the argument's type for one, std::tuple for
/// several).
///     auto [y, pullback] = st::vjp(f, x);  st::Tensor dx = pullback(g);
template <class F, class... A>
auto vjp(F&& f, const A&... x) {
  return detail::record<detail::Pullback>("vjp", false, callable(std::forward<F>(f)), x...);
}

/// f(x...) and the linear function dx -> df(x) dx, which runs no part of f again.
///     auto [y, push] = st::linearize(f, x);  st::Tensor dy = push(dx);
template <class F, class... A>
auto linearize(F&& f, const A&... x) {
  return detail::record<detail::Push>("linearize", true, callable(std::forward<F>(f)), x...);
}

namespace detail {

/// `argument`: its number, -1 for the only one.
template <class X, class T>
X make_duals(const ForwardRun& run, const X& x, const T& dx, int argument) {
  require_same_structure("jvp: primal and tangent", x, dx);
  const std::vector<Tensor> tangents = tree_leaves(dx);
  std::size_t i = 0;
  const auto name = [&] {
    return (argument < 0 ? std::string() : " of argument " + std::to_string(argument)) + leaf_in(x, i);
  };
  X duals = x;
  for_each_leaf(duals, [&](Tensor& leaf) {
    leaf = run.dual(leaf, tangents[i], std::ref(name));
    ++i;
  });
  return duals;
}

template <class F, class... X, class... T>
auto jvp_tuple(const F& f, const std::tuple<X...>& x, const std::tuple<T...>& dx) {
  static_assert(sizeof...(X) == sizeof...(T), "strata: jvp: as many tangents as arguments");
  const ForwardRun run;
  const LevelScope scope(run.level());
  auto y = [&]<std::size_t... K>(std::index_sequence<K...>) {
    return treeify(f(make_duals(run, treeify(std::get<K>(x)), treeify(std::get<K>(dx)),
                                sizeof...(X) == 1 ? -1 : static_cast<int>(K))...));
  }
  (std::index_sequence_for<X...>{});
  auto dy = y;
  std::vector<Tensor> tangents;
  for_each_leaf(y, [&](Tensor& leaf) { tangents.push_back(run.unpack(leaf)); });
  std::size_t at = 0;
  for_each_leaf(dy, [&](Tensor& leaf) { leaf = tangents[at++]; });
  return std::pair{std::move(y), std::move(dy)};
}

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;

template <class F, class Tuple>
inline constexpr bool takes_elements = false;
template <class F, class... X>
inline constexpr bool takes_elements<F, std::tuple<X...>> = std::is_invocable_v<const F&, const treeified_t<X>&...>;

}  // namespace detail

/// f at x and its derivative along dx, in one forward run: std::pair{y, dy}. Several arguments: st::args(x...),
/// st::args(dx...) (std::tuple works too). An undefined tangent is zero; a leaf of y that is an integer has an
/// undefined tangent.
///     auto [y, dy] = st::jvp(st::sin, x, dx);
template <class F, class X, class T>
auto jvp(F&& f, const X& x, const T& dx) {
  const auto function = callable(std::forward<F>(f));
  if constexpr (is_args<X>)
    return detail::jvp_tuple(function, x.values(), dx.values());
  else if constexpr (detail::is_tuple<X> && detail::takes_elements<decltype(function), X>)
    return detail::jvp_tuple(function, x, dx);
  else
    return detail::jvp_tuple(function, std::tuple<X>(x), std::tuple<T>(dx));
}

/// The Hessian of a scalar function times v, by forward over reverse: the cost of two gradients.   Tensor hv =
/// st::hvp(f, x, v);
template <class F, class X, class V>
auto hvp(F&& f, const X& x, const V& v) {
  const auto g = grad(std::forward<F>(f));
  return jvp([&](const auto& at) { return g(at); }, x, v).second;
}

}  // namespace strata
