// Tangent and Moving: dual numbers over elements of any kind V. The derivatives of functions are those that their ops
// state (`scaled`, `slopes`); the rules of arithmetic and of choices are here. Used by ops/elementwise/formulas.hpp.
// Always holds: what does not move has no tangent, instead of one of zeros, so an infinite slope there does no harm.
#pragma once
#include "strata/ops/arithmetic.hpp"
#include "strata/ops/select.hpp"

namespace strata::fused {

template <class V>
struct Tangent {
  V d{};
  bool moves = false;

  STRATA_HD Tangent operator+(const Tangent& o) const {
    if (!moves) return o;
    return o.moves ? Tangent{V::template apply<Add>(d, o.d), true} : *this;
  }
  STRATA_HD Tangent operator-() const { return moves ? Tangent{V::template apply<Neg>(d), true} : *this; }
  STRATA_HD Tangent operator*(const V& by) const {
    return moves ? Tangent{V::template apply<Mul>(d, by), true} : *this;
  }
  STRATA_HD Tangent operator/(const V& by) const {
    return moves ? Tangent{V::template apply<Div>(d, by), true} : *this;
  }
  /// This where a > b, half of it where they are equal.
  STRATA_HD Tangent where_wins(const V& a, const V& b) const {
    return moves ? Tangent{V::template apply<Wins>(d, a, b), true} : *this;
  }
  STRATA_HD V or_zero() const { return moves ? d : V::of(0); }
};

template <class V>
struct Moving {
  using Bool = typename V::Bool;
  V v{};
  Tangent<V> t{};

  template <Scalar A>
  STRATA_HD static Moving of(A number) {
    return {V::of(number), {}};
  }
  STRATA_HD static Moving from(Bool b) { return {V::from(b), {}}; }
  STRATA_HD static Moving stopped(const Moving& x) { return {V::stopped(x.v), {}}; }
  STRATA_HD static Bool both(Bool a, Bool b) { return V::both(a, b); }
  STRATA_HD static Bool either(Bool a, Bool b) { return V::either(a, b); }
  STRATA_HD static Bool opposite(Bool a) { return V::opposite(a); }
  template <class D, class... A>
  STRATA_HD static Bool ask(const A&... a) {
    return V::template ask<D>(a.v...);
  }
  STRATA_HD static Moving select(Bool c, const Moving& a, const Moving& b) {
    const V v = V::select(c, a.v, b.v);
    if (!a.t.moves && !b.t.moves) return {v, {}};
    return {v, {V::select(c, a.t.or_zero(), b.t.or_zero()), true}};
  }
  STRATA_HD static Moving whole_power(const Moving& x, int n) {
    const V y = V::whole_power(x.v, n);
    if (n == 0) return {y, {}};
    if (n == 1) return x;
    return {y, x.t.moves ? x.t * V::template apply<Mul>(V::of(n), V::whole_power(x.v, n - 1)) : Tangent<V>{}};
  }

  template <class D>
  STRATA_HD static Moving apply(const Moving& a) {
    const V y = V::template apply<D>(a.v);
    return {y, tangent<D>(a, y)};
  }
  template <class D>
  STRATA_HD static Moving apply(const Moving& a, const Moving& b) {
    const V y = V::template apply<D>(a.v, b.v);
    return {y, tangent<D>(a, b, y)};
  }

 private:
  template <class D>
  STRATA_HD static Tangent<V> tangent(const Moving& a, const V& y) {
    if constexpr (std::is_same_v<D, Neg>)
      return -a.t;
    else if constexpr (D::differentiable)
      return a.t.moves ? Tangent<V>{V::template scaled<D>(a.t.d, a.v, y), true} : Tangent<V>{};
    else
      return {};
  }
  template <class D>
  STRATA_HD static Tangent<V> tangent(const Moving& a, const Moving& b, const V& y) {
    if (!a.t.moves && !b.t.moves) return {};
    if constexpr (std::is_same_v<D, Add>) {
      return a.t + b.t;
    } else if constexpr (std::is_same_v<D, Sub>) {
      return a.t + -b.t;
    } else if constexpr (std::is_same_v<D, Mul>) {
      return a.t * b.v + b.t * a.v;
    } else if constexpr (std::is_same_v<D, Div>) {
      return (a.t + -(b.t * y)) / b.v;
    } else if constexpr (std::is_same_v<D, Maximum>) {
      return a.t.where_wins(a.v, b.v) + b.t.where_wins(b.v, a.v);
    } else if constexpr (std::is_same_v<D, Minimum>) {
      return a.t.where_wins(b.v, a.v) + b.t.where_wins(a.v, b.v);
    } else {
      const Slopes<V> slope = V::template slopes<D>(a.v, b.v, y, Wanted{a.t.moves, b.t.moves});
      return a.t * slope.first + b.t * slope.second;
    }
  }
};

}  // namespace strata::fused
