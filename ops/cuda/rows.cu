// Rows to rows on a GPU: softmax, normalisations and their derivatives. One pass over a row makes its state, a second
// one writes; halves are computed in float, sums are double. Called through ops/cuda/reductions.cu's library.
#include "strata/ops/cuda/access.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/reductions.hpp"
#include "strata/ops/reduce_states.hpp"
#include "strata/ops/row_formulas.hpp"

namespace strata::gpu {
namespace {

/// What all row ops do alike: reading operands, writing results. T: what is computed in.
template <class T>
struct RowWork {
  static constexpr int ways = 1;
  RowsCall c;
  bool adjacent;

  /// Where a row begins in each operand.
  struct Line {
    std::int64_t x[3], y;
  };
  STRATA_HD Line line(std::int64_t row) const {
    Line l{};
    for (int k = 0; k < 3; ++k) {
      if (c.x[k].data) l.x[k] = offset_of(c.axes.kept, c.x[k].between, row);
    }
    l.y = offset_of(c.axes.kept, c.y.between, row);
    return l;
  }
  STRATA_HD T x(int k, const Line& line, std::int64_t i) const {
    const Rows& from = c.x[k];
    const std::int64_t at = line.x[k] + offset_of(c.axes.reduced, from.within, i);
    if (from.dtype == dtype_of<T>()) return static_cast<const T*>(from.data)[at];
    return load<T>(from.data, from.dtype, at);
  }
  STRATA_HD void put(const Line& line, std::int64_t i, T value) const {
    const std::int64_t at = line.y + offset_of(c.axes.reduced, c.y.within, i);
    if (c.y.dtype == dtype_of<T>())
      static_cast<T*>(c.y.data)[at] = value;
    else
      store(c.y.data, c.y.dtype, at, value);
  }
};

/// softmax and log_softmax.
template <class T>
struct SoftmaxRow : RowWork<T> {
  using Line = typename RowWork<T>::Line;
  using State = ExpSum;
  STRATA_HD State start() const { return {-std::numeric_limits<double>::infinity(), 0}; }
  STRATA_HD void take(State& s, const Line& line, std::int64_t i) const { strata::take(s, this->x(0, line, i)); }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  struct Settled {
    bool same;  // all elements become `value`; else it is the logarithm of the sum, or 1 over it
    T largest, value;
  };
  STRATA_HD Settled settle(const State& s) const {
    const T infinity = std::numeric_limits<T>::infinity(), largest = static_cast<T>(s.largest);
    const bool logs = this->c.op == RowOp::log_softmax;
    if (this->c.flag && largest == -infinity) return {true, largest, logs ? -infinity : T(0)};
    if (!(largest - largest == T(0))) return {true, largest, largest - largest};  // NaN, as infinities make it
    return {false, largest, static_cast<T>(logs ? math::log(s.sum) : 1 / s.sum)};
  }
  STRATA_HD void write(const Line& line, std::int64_t i, const Settled& s) const {
    if (s.same) return this->put(line, i, s.value);
    const T x = this->x(0, line, i);
    if (this->c.op == RowOp::log_softmax)
      this->put(line, i, rows::log_softmax(x, s.largest, s.value));
    else
      this->put(line, i, math::exp(x - s.largest) * s.value);
  }
};

/// Their derivatives: a sum over the row.
template <class T>
struct SoftmaxSlopeRow : RowWork<T> {
  using Line = typename RowWork<T>::Line;
  using State = double;
  STRATA_HD State start() const { return 0; }
  STRATA_HD void take(State& s, const Line& line, std::int64_t i) const {
    const T t = this->x(1, line, i);
    if (this->c.op == RowOp::softmax_pull)
      s += static_cast<double>(this->x(0, line, i) * t);
    else if (this->c.op == RowOp::log_softmax_push)
      s += static_cast<double>(math::exp(this->x(0, line, i)) * t);
    else
      s += static_cast<double>(t);
  }
  STRATA_HD void join(State& a, const State& b) const { a += b; }
  STRATA_HD T settle(const State& s) const { return static_cast<T>(s); }
  STRATA_HD void write(const Line& line, std::int64_t i, T sum) const {
    const T t = this->x(1, line, i);
    if (this->c.op == RowOp::softmax_pull)
      this->put(line, i, rows::softmax_pull(this->x(0, line, i), t, sum));
    else if (this->c.op == RowOp::log_softmax_push)
      this->put(line, i, rows::log_softmax_push(t, sum));
    else
      this->put(line, i, rows::log_softmax_pull(this->x(0, line, i), t, sum));
  }
};

/// With the mean taken as 0 the moments are those about 0.
STRATA_HD void take_about(Moments& s, double x, bool zero) {
  if (!zero) return take(s, x);
  s.count += 1;
  s.m2 += x * x;
}
STRATA_HD double scale_of(double m2, double count, double eps) { return 1 / std::sqrt(m2 / count + eps); }

/// standardize, with scale and bias where they are there.
template <class T>
struct StandardizeRow : RowWork<T> {
  using Line = typename RowWork<T>::Line;
  using State = Moments;
  STRATA_HD State start() const { return {0, 0, 0}; }
  STRATA_HD void take(State& s, const Line& line, std::int64_t i) const {
    take_about(s, static_cast<double>(this->x(0, line, i)), this->c.flag);
  }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  struct Settled {
    T mean, scale;
  };
  STRATA_HD Settled settle(const State& s) const {
    return {static_cast<T>(s.mean), static_cast<T>(scale_of(s.m2, s.count, this->c.eps))};
  }
  STRATA_HD void write(const Line& line, std::int64_t i, const Settled& s) const {
    T y = rows::standardize(this->x(0, line, i), s.mean, s.scale);
    if (this->c.x[1].data) y = y * this->x(1, line, i);
    if (this->c.x[2].data) y = y + this->x(2, line, i);
    this->put(line, i, y);
  }
};

/// standardize's derivative: the moments of x, the mean of t, and the sum of their distances' products.
template <class T>
struct StandardizeSlopeRow : RowWork<T> {
  using Line = typename RowWork<T>::Line;
  struct State {
    Moments x;
    double t, products;
  };
  STRATA_HD State start() const { return {{0, 0, 0}, 0, 0}; }
  STRATA_HD void take(State& s, const Line& line, std::int64_t i) const {
    const double x = static_cast<double>(this->x(0, line, i)), t = static_cast<double>(this->x(1, line, i));
    const double from_mean = x - s.x.mean;  // as it was before x: 0 if means are taken as 0
    take_about(s.x, x, this->c.flag);
    if (!this->c.flag) s.t += (t - s.t) / s.x.count;
    s.products += from_mean * (t - s.t);
  }
  STRATA_HD void join(State& a, const State& b) const {
    if (b.x.count == 0) return;
    const double count = a.x.count + b.x.count, dx = b.x.mean - a.x.mean, dt = b.t - a.t;
    a.products += b.products + dx * dt * (a.x.count / count) * b.x.count;
    a.t += dt * (b.x.count / count);
    strata::join(a.x, b.x);
  }
  struct Settled {
    T mean, scale, shift, slope;
  };
  STRATA_HD Settled settle(const State& s) const {
    const double r = scale_of(s.x.m2, s.x.count, this->c.eps);
    return {static_cast<T>(s.x.mean), static_cast<T>(r), static_cast<T>(s.t),
            static_cast<T>(s.products * r / s.x.count)};
  }
  STRATA_HD void write(const Line& line, std::int64_t i, const Settled& s) const {
    this->put(line, i,
              rows::standardize_pull(this->x(0, line, i), this->x(1, line, i), s.mean, s.scale, s.shift, s.slope));
  }
};

/// The largest (smallest: of negated elements) and how many there are. NaN makes the row NaN.
template <class T>
struct ShareRow : RowWork<T> {
  using Line = typename RowWork<T>::Line;
  struct State {
    T top;
    double count;
  };
  STRATA_HD T seen(const Line& line, std::int64_t i) const {
    const T v = this->x(0, line, i);
    return this->c.flag ? -v : v;
  }
  STRATA_HD State start() const { return {-std::numeric_limits<T>::infinity(), 0}; }
  STRATA_HD void take(State& s, const Line& line, std::int64_t i) const { join(s, {seen(line, i), 1}); }
  STRATA_HD void join(State& a, const State& b) const {
    if (a.top == b.top)
      a.count += b.count;
    else if (!(a.top > b.top) && a.top == a.top)
      a = b;
  }
  struct Settled {
    T top, share;
  };
  STRATA_HD Settled settle(const State& s) const { return {s.top, static_cast<T>(1 / s.count)}; }
  STRATA_HD void write(const Line& line, std::int64_t i, const Settled& s) const {
    const T share = seen(line, i) == s.top ? s.share : T(0);
    this->put(line, i, s.top != s.top ? s.top : share);
  }
};

template <class F>
Error run(int device, const RowsCall& c) {
  return map_rows(device, c.axes.kept.size, c.axes.reduced.size, F{{c, c.adjacent}});
}

template <class T>
Error run_in(int device, const RowsCall& c) {
  switch (c.op) {
    case RowOp::softmax:
    case RowOp::log_softmax:
      return run<SoftmaxRow<T>>(device, c);
    case RowOp::standardize:
      return run<StandardizeRow<T>>(device, c);
    case RowOp::standardize_pull:
      return run<StandardizeSlopeRow<T>>(device, c);
    case RowOp::share:
      return run<ShareRow<T>>(device, c);
    default:
      return run<SoftmaxSlopeRow<T>>(device, c);
  }
}

}  // namespace

Error map_rows(int device, const RowsCall& c) {
  return c.y.dtype == Dtype::float64 ? run_in<double>(device, c) : run_in<float>(device, c);
}

}  // namespace strata::gpu
