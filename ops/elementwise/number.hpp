// Number: an element as a function given to st::elementwise sees it, where the function is also compiled for a GPU;
// Truth: the result of comparing two. They know arithmetic, comparisons and st::math (ops/elementwise/math.hpp); what a
// number is made of is V's: a value in a register (plain.hpp), that and its derivative (dual.hpp), or a tensor whose
// ops run one by one (traced.hpp). Included by ops/elementwise/rows.hpp.
#pragma once
#include "strata/ops/arithmetic.hpp"
#include "strata/ops/compare.hpp"

namespace strata::fused {

template <class V>
struct Truth {
  typename V::Bool v;

  STRATA_HD friend Truth operator&&(const Truth& a, const Truth& b) { return {V::both(a.v, b.v)}; }
  STRATA_HD friend Truth operator||(const Truth& a, const Truth& b) { return {V::either(a.v, b.v)}; }
  STRATA_HD friend Truth operator!(const Truth& a) { return {V::opposite(a.v)}; }
};

/// C++ numbers convert to it, and so do truths where a number stands beside them: `(x > 0) * y`.
template <class V>
struct Number {
  V v;

  STRATA_HD explicit Number(V value) : v(value) {}
  template <Scalar S>
  STRATA_HD Number(S number) : v(V::of(number)) {}          // NOLINT: implicit on purpose
  STRATA_HD Number(const Truth<V>& t) : v(V::from(t.v)) {}  // NOLINT: implicit on purpose

  template <class D>
  STRATA_HD static Number apply(const Number& a) {
    return Number(V::template apply<D>(a.v));
  }
  template <class D>
  STRATA_HD static Number apply(const Number& a, const Number& b) {
    return Number(V::template apply<D>(a.v, b.v));
  }
  template <class D>
  STRATA_HD static Truth<V> ask(const Number& a, const Number& b) {
    return {V::template ask<D>(a.v, b.v)};
  }

  STRATA_HD friend Number operator+(const Number& a, const Number& b) { return apply<Add>(a, b); }
  STRATA_HD friend Number operator-(const Number& a, const Number& b) { return apply<Sub>(a, b); }
  STRATA_HD friend Number operator*(const Number& a, const Number& b) { return apply<Mul>(a, b); }
  STRATA_HD friend Number operator/(const Number& a, const Number& b) { return apply<Div>(a, b); }
  STRATA_HD friend Number operator-(const Number& a) { return apply<Neg>(a); }
  STRATA_HD friend Number operator+(const Number& a) { return a; }
  STRATA_HD friend Truth<V> operator<(const Number& a, const Number& b) { return ask<Less>(a, b); }
  STRATA_HD friend Truth<V> operator<=(const Number& a, const Number& b) { return ask<LessEqual>(a, b); }
  STRATA_HD friend Truth<V> operator>(const Number& a, const Number& b) { return ask<Greater>(a, b); }
  STRATA_HD friend Truth<V> operator>=(const Number& a, const Number& b) { return ask<GreaterEqual>(a, b); }
  STRATA_HD friend Truth<V> operator==(const Number& a, const Number& b) { return ask<Equal>(a, b); }
  STRATA_HD friend Truth<V> operator!=(const Number& a, const Number& b) { return ask<NotEqual>(a, b); }
  STRATA_HD Number& operator+=(const Number& b) { return *this = *this + b; }
  STRATA_HD Number& operator-=(const Number& b) { return *this = *this - b; }
  STRATA_HD Number& operator*=(const Number& b) { return *this = *this * b; }
  STRATA_HD Number& operator/=(const Number& b) { return *this = *this / b; }
};

}  // namespace strata::fused
