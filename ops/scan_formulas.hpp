// Running reductions: each one's state, the empty one, the state after an element, what is written, and how the states
// of two neighbouring stretches join. Used by the loops of the CPU (ops/cpu/reduce_scan.isa.cpp), which take element
// after element, and by the kernels of the GPU, which join stretches. Float sums run in double.
#pragma once
#include <limits>
#include <type_traits>

#include "strata/core/host_device.hpp"
#include "strata/ops/math.hpp"
#include "strata/ops/reduction.hpp"

namespace strata::scans {

template <class T>
using WideOf = std::conditional_t<std::is_floating_point_v<T>, double, T>;

/// step: the state after an element. write(s, before, x): what is written for state s; before: the state until then.
template <class T>
struct SumScan {
  using State = WideOf<T>;
  static STRATA_HD State empty() { return 0; }
  static STRATA_HD State step(State s, T x, T) { return static_cast<State>(s + static_cast<State>(x)); }
  static STRATA_HD State join(State a, State b) { return static_cast<State>(a + b); }
  static STRATA_HD T write(State s, State, T) { return static_cast<T>(s); }
};
template <class T>
struct ProdScan {
  using State = T;
  static STRATA_HD State empty() { return 1; }
  static STRATA_HD State step(State s, T x, T) { return static_cast<T>(s * x); }
  static STRATA_HD State join(State a, State b) { return static_cast<T>(a * b); }
  static STRATA_HD T write(State s, State, T) { return s; }
};
/// h after an element is a h + b. Elements in a row make one step of the same form, RecurrenceStretch's.
template <class T>
struct RecurrenceScan {
  using State = WideOf<T>;
  static STRATA_HD State empty() { return 0; }
  static STRATA_HD State step(State h, T a, T b) {
    return static_cast<State>(static_cast<State>(a) * h + static_cast<State>(b));
  }
  static STRATA_HD T write(State s, State, T) { return static_cast<T>(s); }
};
/// h after a stretch is factor h + drive. It begins with h = 0, so the drive of all elements until now is h.
template <class T>
struct RecurrenceStretch {
  struct State {
    WideOf<T> factor, drive;
  };
  static STRATA_HD State empty() { return {1, 0}; }
  static STRATA_HD State step(State s, T a, T b) {
    return {static_cast<WideOf<T>>(a) * s.factor, RecurrenceScan<T>::step(s.drive, a, b)};
  }
  static STRATA_HD State join(State a, State b) { return {b.factor * a.factor, b.factor * a.drive + b.drive}; }
  static STRATA_HD T write(State s, State, T) { return static_cast<T>(s.drive); }
};

/// NaN wins and stays.
template <class T, bool Largest>
STRATA_HD T extreme(T s, T x) {
  return s != s || (Largest ? s > x : s < x) ? s : x;
}
template <class T, bool Largest>
struct ExtremumScan {
  using State = T;
  static STRATA_HD State empty() {
    if constexpr (std::is_floating_point_v<T>)
      return Largest ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    else
      return Largest ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
  }
  static STRATA_HD State step(State s, T x, T) { return extreme<T, Largest>(s, x); }
  static STRATA_HD State join(State a, State b) { return extreme<T, Largest>(a, b); }
  static STRATA_HD T write(State s, State, T) { return s; }
};
template <class T, bool Largest>
struct ShareScan {
  struct State {
    T value;
    bool some;
  };
  static STRATA_HD State empty() { return {T(0), false}; }
  static STRATA_HD State step(State s, T x, T) { return {s.some ? extreme<T, Largest>(s.value, x) : x, true}; }
  static STRATA_HD State join(State a, State b) { return b.some ? step(a, b.value, T(0)) : a; }
  static STRATA_HD T write(State, State before, T x) {
    if (!before.some || x != x) return T(!before.some || before.value == before.value);
    if (x == before.value) return T(0.5);
    return T(Largest ? x > before.value : x < before.value);
  }
};

/// log of a sum of exponentials as (largest, sum of exp(x - largest)). NaN makes the sum NaN.
template <class T>
struct LogSumExpScan {
  struct State {
    double largest, sum;
  };
  static STRATA_HD State empty() { return {-std::numeric_limits<double>::infinity(), 0}; }
  static STRATA_HD State step(State s, T element, T) {
    const double x = static_cast<double>(element);
    if (x != x || s.sum != s.sum) return {s.largest, std::numeric_limits<double>::quiet_NaN()};
    if (x == s.largest) return {x, s.sum + 1};  // also two infinities
    if (x > s.largest) return {x, s.sum * math::exp(s.largest - x) + 1};
    return {s.largest, s.sum + math::exp(x - s.largest)};
  }
  static STRATA_HD State join(State a, State b) {
    if (a.largest == b.largest) return {a.largest, a.sum + b.sum};
    if (a.largest > b.largest) return {a.largest, a.sum + b.sum * math::exp(b.largest - a.largest)};
    return {b.largest, a.sum * math::exp(a.largest - b.largest) + b.sum};
  }
  static STRATA_HD T write(State s, State, T) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (s.largest == -infinity && s.sum == s.sum) return static_cast<T>(-infinity);
    if (s.largest == infinity && s.sum == s.sum) return static_cast<T>(infinity);
    return static_cast<T>(s.largest + math::log(s.sum));
  }
};

}  // namespace strata::scans
