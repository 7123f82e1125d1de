// Reductions on a GPU. Elements become double or 64-bit integers on the way, so that there is one kernel for each kind
// of state and for all dtypes; of float32 and the half types, which come in bulk, the common reductions have kernels of
// their own. Results are rounded once. Called by ops/cuda/reductions.cpp.
// Always holds: min is max of negated elements (of the bits turned over, for integers), which loses nothing.
#include "strata/ops/cuda/reductions.hpp"

#include "strata/ops/cuda/access.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/reduce_states.hpp"

namespace strata::gpu {
namespace {

/// What all reducers do alike: finding elements, storing results.
struct Reducing {
  static constexpr int ways = 1;
  ReduceCall c;
  bool adjacent;
  bool flip;  // min and argmin

  /// Where a row begins.
  STRATA_HD std::int64_t line(std::int64_t row) const { return offset_of(c.axes.kept, c.x.between, row); }
  STRATA_HD std::int64_t within(std::int64_t i) const { return offset_of(c.axes.reduced, c.x.within, i); }
  /// An element of a float reduction, rounded to what is computed in. E: x's type, void where it is known at run time.
  template <class E>
  STRATA_HD double real(std::int64_t line, std::int64_t i) const {
    const std::int64_t at = line + within(i);
    if constexpr (!std::is_void_v<E>)
      return static_cast<double>(static_cast<float>(static_cast<const E*>(c.x.data)[at]));
    else if (c.reduction.compute == Dtype::float64)
      return load<double>(c.x.data, c.x.dtype, at);
    else
      return static_cast<double>(load<float>(c.x.data, c.x.dtype, at));
  }
  /// An element of an integer reduction: its value, modulo 2^64.
  STRATA_HD std::int64_t whole(std::int64_t line, std::int64_t i) const {
    return load<std::int64_t>(c.x.data, c.x.dtype, line + within(i));
  }
  /// In the order of the values, which of uint64 is not that of int64; and back.
  STRATA_HD std::int64_t ordered(std::int64_t v) const {
    constexpr std::int64_t top = std::numeric_limits<std::int64_t>::lowest();
    const std::int64_t k = c.reduction.compute == Dtype::uint64 ? v ^ top : v;
    return flip ? ~k : k;
  }
  STRATA_HD std::int64_t back(std::int64_t k) const {
    constexpr std::int64_t top = std::numeric_limits<std::int64_t>::lowest();
    const std::int64_t v = flip ? ~k : k;
    return c.reduction.compute == Dtype::uint64 ? v ^ top : v;
  }
  template <class T>
  STRATA_HD void put(std::int64_t row, T value) const {
    store(c.y, c.y_dtype, row, value);
  }
};

/// Elements of type E (void: at run time) taken into a State, which says how by `add`.
template <class States, class E>
struct Reals : States {
  using Joined = States;
  static constexpr int ways = std::is_void_v<E> ? 1 : 4;
  STRATA_HD void take(typename States::State& s, std::int64_t line, std::int64_t i) const {
    States::add(s, States::template real<E>(line, i), i);
  }
};

struct SumStates : Reducing {
  using State = double;
  STRATA_HD State start() const { return 0; }
  STRATA_HD void add(State& s, double v, std::int64_t) const {
    if (c.reduction.reducer == Reducer::squares)
      s += v * v;
    else if (c.reduction.reducer == Reducer::magnitudes)
      s += v < 0 ? -v : v;
    else
      s += v;
  }
  STRATA_HD void join(State& a, const State& b) const { a += b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, result_of(s, c.reduction)); }
};

struct ProdStates : Reducing {
  using State = double;
  STRATA_HD State start() const { return 1; }
  STRATA_HD void add(State& s, double v, std::int64_t) const { s *= v; }
  STRATA_HD void join(State& a, const State& b) const { a *= b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, s); }
};

/// NaN wins.
struct MaxStates : Reducing {
  using State = double;
  STRATA_HD State start() const { return -std::numeric_limits<double>::infinity(); }
  STRATA_HD void add(State& s, double v, std::int64_t) const { join(s, flip ? -v : v); }
  STRATA_HD void join(State& a, const State& b) const { a = a > b || a != a ? a : b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, flip ? -s : s); }
};

struct PlaceStates : Reducing {
  using State = ArgState<double>;
  STRATA_HD State start() const { return {0, -1}; }
  STRATA_HD void add(State& s, double v, std::int64_t i) const { join(s, {flip ? -v : v, i}); }
  STRATA_HD void join(State& a, const State& b) const { strata::join<true>(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, s.index); }
};

struct MomentStates : Reducing {
  using State = Moments;
  STRATA_HD State start() const { return {0, 0, 0}; }
  STRATA_HD void add(State& s, double v, std::int64_t) const { strata::take(s, v); }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, result_of(s, c.reduction)); }
};

/// T: what exponentials are taken in.
template <class T>
struct ExpSums : Reducing {
  using State = ExpSum;
  STRATA_HD State start() const { return {-std::numeric_limits<double>::infinity(), 0}; }
  STRATA_HD void add(State& s, double v, std::int64_t) const { strata::take(s, static_cast<T>(v)); }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, result_of(s, c.reduction)); }
};

/// sum and count: modulo 2^64 for all integers.
struct SumIntegers : Reducing {
  using Joined = SumIntegers;
  using State = std::uint64_t;
  STRATA_HD State start() const { return 0; }
  STRATA_HD void take(State& s, std::int64_t line, std::int64_t i) const {
    const auto v = static_cast<State>(whole(line, i));
    s += c.reduction.reducer == Reducer::squares ? v * v : v;
  }
  STRATA_HD void join(State& a, const State& b) const { a += b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, static_cast<std::int64_t>(s)); }
};

struct ProdIntegers : Reducing {
  using Joined = ProdIntegers;
  using State = std::uint64_t;
  STRATA_HD State start() const { return 1; }
  STRATA_HD void take(State& s, std::int64_t line, std::int64_t i) const { s *= static_cast<State>(whole(line, i)); }
  STRATA_HD void join(State& a, const State& b) const { a *= b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, static_cast<std::int64_t>(s)); }
};

/// any is the largest of bools and false, all the smallest of bools and true.
struct MaxIntegers : Reducing {
  using Joined = MaxIntegers;
  using State = std::int64_t;
  STRATA_HD State start() const {
    if (c.reduction.compute != Dtype::bool_) return std::numeric_limits<State>::lowest();
    return ordered(flip ? 1 : 0);
  }
  STRATA_HD void take(State& s, std::int64_t line, std::int64_t i) const { join(s, ordered(whole(line, i))); }
  STRATA_HD void join(State& a, const State& b) const { a = a > b ? a : b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, back(s)); }
};

struct PlaceIntegers : Reducing {
  using Joined = PlaceIntegers;
  using State = ArgState<std::int64_t>;
  STRATA_HD State start() const { return {0, -1}; }
  STRATA_HD void take(State& s, std::int64_t line, std::int64_t i) const { join(s, {ordered(whole(line, i)), i}); }
  STRATA_HD void join(State& a, const State& b) const { strata::join<true>(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, s.index); }
};

template <class F>
Error run(int device, const ReduceCall& c) {
  const Reducer r = c.reduction.reducer;
  const bool flip = r == Reducer::min || r == Reducer::argmin || r == Reducer::all;
  return reduce_rows(device, c.axes.kept.size, c.axes.reduced.size, F{{c, c.adjacent, flip}});
}

/// By x's type where that comes in bulk.
template <class States>
Error run_reals(int device, const ReduceCall& c) {
  switch (c.x.dtype) {
    case Dtype::float32:
      return run<Reals<States, float>>(device, c);
    case Dtype::bfloat16:
      return run<Reals<States, BFloat16>>(device, c);
    case Dtype::float16:
      return run<Reals<States, Float16>>(device, c);
    default:
      return run<Reals<States, void>>(device, c);
  }
}

Error reduce_reals(int device, const ReduceCall& c) {
  switch (c.reduction.reducer) {
    case Reducer::sum:
    case Reducer::squares:
    case Reducer::magnitudes:
    case Reducer::count:
      return run_reals<SumStates>(device, c);
    case Reducer::prod:
      return run<Reals<ProdStates, void>>(device, c);
    case Reducer::max:
    case Reducer::min:
    case Reducer::any:
    case Reducer::all:
      return run_reals<MaxStates>(device, c);
    case Reducer::argmax:
    case Reducer::argmin:
      return run_reals<PlaceStates>(device, c);
    case Reducer::moments:
      return run_reals<MomentStates>(device, c);
    default:
      return c.reduction.compute == Dtype::float64 ? run<Reals<ExpSums<double>, void>>(device, c)
                                                   : run<Reals<ExpSums<float>, void>>(device, c);
  }
}

Error reduce_integers(int device, const ReduceCall& c) {
  switch (c.reduction.reducer) {
    case Reducer::prod:
      return run<ProdIntegers>(device, c);
    case Reducer::max:
    case Reducer::min:
    case Reducer::any:
    case Reducer::all:
      return run<MaxIntegers>(device, c);
    case Reducer::argmax:
    case Reducer::argmin:
      return run<PlaceIntegers>(device, c);
    default:
      return run<SumIntegers>(device, c);
  }
}

Error reduce(int device, const ReduceCall& c) {
  return is_float(c.reduction.compute) ? reduce_reals(device, c) : reduce_integers(device, c);
}

}  // namespace

const ReductionLibrary reductions_library{&reduce, &map_rows, &scan};

}  // namespace strata::gpu
