// What is computed of a user's function f of elements: its values, their tangents, its arguments' cotangents. Each is a
// formula over any kind of element V: a GPU's kernel runs it on registers (kernel.hpp), rules run it on tensors where
// these are differentiated again (rows.hpp). f may return a number, a truth, or a pair, tuple or array of them.
#pragma once
#include <array>
#include <tuple>
#include <utility>

#include "strata/ops/elementwise/dual.hpp"
#include "strata/ops/elementwise/math.hpp"
#include "strata/ops/elementwise/plain.hpp"

namespace strata::fused {

// Results one by one: put(j, number or truth).
template <class Put, class V>
STRATA_BOTH void each_result(Put& put, const Number<V>& y) {
  put(0, y);
}
template <class Put, class V>
STRATA_BOTH void each_result(Put& put, const Truth<V>& y) {
  put(0, y);
}
template <class Put, class A, class B>
STRATA_BOTH void each_result(Put& put, const std::pair<A, B>& y) {
  put(0, y.first);
  put(1, y.second);
}
template <class Put, class Y, std::size_t... j>
STRATA_BOTH void each_of(Put& put, const Y& y, std::index_sequence<j...>) {
  (put(static_cast<int>(j), std::get<j>(y)), ...);
}
template <class Put, class... A>
STRATA_BOTH void each_result(Put& put, const std::tuple<A...>& y) {
  each_of(put, y, std::index_sequence_for<A...>{});
}
template <class Put, class A, std::size_t n>
STRATA_BOTH void each_result(Put& put, const std::array<A, n>& y) {
  each_of(put, y, std::make_index_sequence<n>{});
}

/// How many results a function's return type R holds, which of them are truths (a bit for each), and R with a tensor
/// for each.
template <class R>
struct ResultsOf {
  static_assert(sizeof(R) == 0,
                "strata: an elementwise function returns numbers made of its arguments, or a pair, "
                "tuple or array of them");
};
template <class V>
struct ResultsOf<Number<V>> {
  static constexpr int count = 1;
  static constexpr unsigned truths = 0;
  static Tensor arrange(Tensor* y) { return std::move(y[0]); }
};
template <class V>
struct ResultsOf<Truth<V>> : ResultsOf<Number<V>> {
  static constexpr unsigned truths = 1;
};
template <class A, class B>
struct ResultsOf<std::pair<A, B>> {
  static constexpr int count = 2;
  static constexpr unsigned truths = ResultsOf<A>::truths | ResultsOf<B>::truths << 1;
  static std::pair<Tensor, Tensor> arrange(Tensor* y) { return {std::move(y[0]), std::move(y[1])}; }
};
template <class... A>
struct ResultsOf<std::tuple<A...>> {
  static constexpr int count = sizeof...(A);
  static constexpr unsigned truths = [] {
    unsigned bits = 0;
    int j = 0;
    ((bits |= ResultsOf<A>::truths << j++), ...);
    return bits;
  }();
  static auto arrange(Tensor* y) {
    return [&]<std::size_t... j>(std::index_sequence<j...>) { return std::tuple{std::move(y[j])...}; }
    (std::index_sequence_for<A...>{});
  }
};
template <class A, std::size_t n>
struct ResultsOf<std::array<A, n>> {
  static constexpr int count = n;
  static constexpr unsigned truths = ResultsOf<A>::truths * ((1u << n) - 1);
  static std::array<Tensor, n> arrange(Tensor* y) {
    std::array<Tensor, n> all;
    for (std::size_t j = 0; j < n; ++j) all[j] = std::move(y[j]);
    return all;
  }
};

STRATA_BOTH constexpr bool has(unsigned bits, int k) { return (bits >> k & 1) != 0; }

/// f as a function of N numbers of kind V.
template <class F, class V, std::size_t... k>
STRATA_BOTH auto call(const F& f, const V* x, std::index_sequence<k...>) {
  return f(Number<V>(x[k])...);
}

/// The values of f. N arguments, M results.
template <class F, int N>
struct Values {
  F f;
  using Each = std::make_index_sequence<static_cast<std::size_t>(N)>;
  using Results =
      ResultsOf<decltype(call(std::declval<const F&>(), static_cast<const Plain<float>*>(nullptr), Each{}))>;
  static constexpr int inputs = N, outputs = Results::count;
  static constexpr unsigned truths = Results::truths;
  static constexpr bool simple = true;                     ///< a kernel does several elements at once
  unsigned wanted() const { return (1u << outputs) - 1; }  ///< which of the results there are: a bit for each

  template <class V, class Put>
  STRATA_BOTH void run(const V* x, Put& put) const {
    each_result(put, call(f, x, Each{}));
  }
};

/// The tangents of f's results. Arguments: x..., then dx..., which count where `moving` has their bit.
template <class F, int N>
struct Tangents {
  Values<F, N> of;
  unsigned moving;
  static constexpr int inputs = 2 * N, outputs = Values<F, N>::outputs;
  static constexpr bool simple = false;
  static constexpr unsigned truths = 0;
  unsigned wanted() const { return of.wanted() & ~Values<F, N>::truths; }

  template <class Put>
  struct PutTangent {
    Put& put;
    template <class V>
    STRATA_BOTH void operator()(int j, const Number<Moving<V>>& y) {
      put(j, y.v.t);
    }
    template <class V>
    STRATA_BOTH void operator()(int, const Truth<Moving<V>>&) {}
  };

  template <class V, class Put>
  STRATA_BOTH void run(const V* x, Put& put) const {
    Moving<V> dual[N];
    for (int k = 0; k < N; ++k) dual[k] = {x[k], {x[N + k], (moving >> k & 1) != 0}};
    PutTangent<Put> tangents{put};
    of.run(static_cast<const Moving<V>*>(dual), tangents);
  }
};

/// The cotangents of f's arguments. Arguments: x..., then g..., which count where `given` has their bit.
template <class F, int N>
struct Cotangents {
  Values<F, N> of;
  unsigned needed, given;
  static constexpr int inputs = N + Values<F, N>::outputs, outputs = N;
  static constexpr bool simple = false;
  static constexpr unsigned truths = 0;
  unsigned wanted() const { return needed; }

  /// The sum over f's results of g times the derivative in one argument.
  template <class V>
  struct Sum {
    const V* g;
    unsigned given;
    Tangent<V> all;
    STRATA_BOTH void operator()(int j, const Number<Moving<V>>& y) {
      if ((given >> j & 1) != 0) all = all + y.v.t * g[j];
    }
    STRATA_BOTH void operator()(int, const Truth<Moving<V>>&) {}
  };

  template <int k, class V, class Put>
  STRATA_BOTH void one(const V* x, Put& put) const {
    if ((needed >> k & 1) == 0) return;
    Moving<V> dual[N];
    for (int i = 0; i < N; ++i) dual[i].v = x[i];
    dual[k].t = {V::of(1), true};
    Sum<V> sum{x + N, given, {}};
    of.run(static_cast<const Moving<V>*>(dual), sum);
    put(k, sum.all);
  }
  template <class V, class Put, std::size_t... k>
  STRATA_BOTH void all(const V* x, Put& put, std::index_sequence<k...>) const {
    (one<static_cast<int>(k)>(x, put), ...);
  }
  template <class V, class Put>
  STRATA_BOTH void run(const V* x, Put& put) const {
    all(x, put, typename Values<F, N>::Each{});
  }
};

}  // namespace strata::fused
