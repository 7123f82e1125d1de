// Reductions on a GPU. Elements become double or 64-bit integers on the way, whatever their dtype, so that there is one
// kernel for each kind of state; results are rounded once. Called by ops/cuda/reductions.cpp.
// Always holds: min is max of negated elements (of the bits turned over, for integers), which loses nothing.
#include "strata/ops/cuda/reductions.hpp"

#include "strata/ops/cuda/access.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/reduce_states.hpp"

namespace strata::gpu {
namespace {

/// What all reducers do alike: finding elements, storing results.
struct Reducing {
  ReduceCall c;
  bool adjacent;
  bool flip;  // min and argmin

  /// An element of a float reduction, rounded to what is computed in.
  STRATA_HD double real(std::int64_t row, std::int64_t i) const {
    const std::int64_t at = place(c.axes, c.x, row, i);
    if (c.reduction.compute == Dtype::float64) return load<double>(c.x.data, c.x.dtype, at);
    if (c.x.dtype == Dtype::float32) return static_cast<double>(static_cast<const float*>(c.x.data)[at]);
    return static_cast<double>(load<float>(c.x.data, c.x.dtype, at));
  }
  /// An element of an integer reduction: its value, modulo 2^64.
  STRATA_HD std::int64_t whole(std::int64_t row, std::int64_t i) const {
    return load<std::int64_t>(c.x.data, c.x.dtype, place(c.axes, c.x, row, i));
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

struct SumReals : Reducing {
  using State = double;
  STRATA_HD State start() const { return 0; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    const double v = real(row, i);
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

struct ProdReals : Reducing {
  using State = double;
  STRATA_HD State start() const { return 1; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { s *= real(row, i); }
  STRATA_HD void join(State& a, const State& b) const { a *= b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, s); }
};

/// NaN wins.
struct MaxReals : Reducing {
  using State = double;
  STRATA_HD State start() const { return -std::numeric_limits<double>::infinity(); }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    const double v = real(row, i);
    join(s, flip ? -v : v);
  }
  STRATA_HD void join(State& a, const State& b) const { a = a > b || a != a ? a : b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, flip ? -s : s); }
};

struct PlaceReals : Reducing {
  using State = ArgState<double>;
  STRATA_HD State start() const { return {0, -1}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    const double v = real(row, i);
    join(s, {flip ? -v : v, i});
  }
  STRATA_HD void join(State& a, const State& b) const { strata::join<true>(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, s.index); }
};

struct MomentsOfReals : Reducing {
  using State = Moments;
  STRATA_HD State start() const { return {0, 0, 0}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { strata::take(s, real(row, i)); }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, result_of(s, c.reduction)); }
};

/// T: what exponentials are taken in.
template <class T>
struct ExpSumOfReals : Reducing {
  using State = ExpSum;
  STRATA_HD State start() const { return {-std::numeric_limits<double>::infinity(), 0}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    strata::take(s, static_cast<T>(real(row, i)));
  }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, result_of(s, c.reduction)); }
};

/// sum and count: modulo 2^64 for all integers.
struct SumIntegers : Reducing {
  using State = std::uint64_t;
  STRATA_HD State start() const { return 0; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    const auto v = static_cast<State>(whole(row, i));
    s += c.reduction.reducer == Reducer::squares ? v * v : v;
  }
  STRATA_HD void join(State& a, const State& b) const { a += b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, static_cast<std::int64_t>(s)); }
};

struct ProdIntegers : Reducing {
  using State = std::uint64_t;
  STRATA_HD State start() const { return 1; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { s *= static_cast<State>(whole(row, i)); }
  STRATA_HD void join(State& a, const State& b) const { a *= b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, static_cast<std::int64_t>(s)); }
};

/// any is the largest of bools and false, all the smallest of bools and true.
struct MaxIntegers : Reducing {
  using State = std::int64_t;
  STRATA_HD State start() const {
    if (c.reduction.compute != Dtype::bool_) return std::numeric_limits<State>::lowest();
    return ordered(flip ? 1 : 0);
  }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { join(s, ordered(whole(row, i))); }
  STRATA_HD void join(State& a, const State& b) const { a = a > b ? a : b; }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, back(s)); }
};

struct PlaceIntegers : Reducing {
  using State = ArgState<std::int64_t>;
  STRATA_HD State start() const { return {0, -1}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { join(s, {ordered(whole(row, i)), i}); }
  STRATA_HD void join(State& a, const State& b) const { strata::join<true>(a, b); }
  STRATA_HD void finish(std::int64_t row, const State& s) const { put(row, s.index); }
};

template <class F>
Error run(int device, const ReduceCall& c) {
  const Reducer r = c.reduction.reducer;
  const bool flip = r == Reducer::min || r == Reducer::argmin || r == Reducer::all;
  return reduce_rows(device, c.axes.kept.size, c.axes.reduced.size, F{{c, c.adjacent, flip}});
}

Error reduce(int device, const ReduceCall& c) {
  const bool real = is_float(c.reduction.compute);
  switch (c.reduction.reducer) {
    case Reducer::sum:
    case Reducer::squares:
    case Reducer::magnitudes:
    case Reducer::count:
      return real ? run<SumReals>(device, c) : run<SumIntegers>(device, c);
    case Reducer::prod:
      return real ? run<ProdReals>(device, c) : run<ProdIntegers>(device, c);
    case Reducer::max:
    case Reducer::min:
    case Reducer::any:
    case Reducer::all:
      return real ? run<MaxReals>(device, c) : run<MaxIntegers>(device, c);
    case Reducer::argmax:
    case Reducer::argmin:
      return real ? run<PlaceReals>(device, c) : run<PlaceIntegers>(device, c);
    case Reducer::moments:
      return run<MomentsOfReals>(device, c);
    default:
      return c.reduction.compute == Dtype::float64 ? run<ExpSumOfReals<double>>(device, c)
                                                   : run<ExpSumOfReals<float>>(device, c);
  }
}

}  // namespace

const ReductionLibrary reductions_library{&reduce, &map_rows, &scan};

}  // namespace strata::gpu
