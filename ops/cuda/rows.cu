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
  RowsCall c;
  bool adjacent;

  STRATA_HD T x(int k, std::int64_t row, std::int64_t i) const {
    const Rows& from = c.x[k];
    const std::int64_t at = place(c.axes, from, row, i);
    if (from.dtype == dtype_of<T>()) return static_cast<const T*>(from.data)[at];
    return load<T>(from.data, from.dtype, at);
  }
  STRATA_HD void put(std::int64_t row, std::int64_t i, T value) const {
    const std::int64_t at = place(c.axes, c.y, row, i);
    if (c.y.dtype == dtype_of<T>())
      static_cast<T*>(c.y.data)[at] = value;
    else
      store(c.y.data, c.y.dtype, at, value);
  }
};

/// softmax and log_softmax.
template <class T>
struct SoftmaxRow : RowWork<T> {
  using State = ExpSum;
  STRATA_HD State start() const { return {-std::numeric_limits<double>::infinity(), 0}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { strata::take(s, this->x(0, row, i)); }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  STRATA_HD void write(std::int64_t row, std::int64_t i, const State& s) const {
    const T infinity = std::numeric_limits<T>::infinity(), largest = static_cast<T>(s.largest);
    const bool logs = this->c.op == RowOp::log_softmax;
    if (this->c.flag && largest == -infinity) return this->put(row, i, logs ? -infinity : T(0));
    if (!(largest - largest == T(0))) return this->put(row, i, largest - largest);  // NaN, as infinities make it
    const T x = this->x(0, row, i);
    if (logs)
      this->put(row, i, rows::log_softmax(x, largest, static_cast<T>(math::log(s.sum))));
    else
      this->put(row, i, math::exp(x - largest) * static_cast<T>(1 / s.sum));
  }
};

/// Their derivatives: a sum over the row.
template <class T>
struct SoftmaxSlopeRow : RowWork<T> {
  using State = double;
  STRATA_HD State start() const { return 0; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    const T t = this->x(1, row, i);
    if (this->c.op == RowOp::softmax_pull)
      s += static_cast<double>(this->x(0, row, i) * t);
    else if (this->c.op == RowOp::log_softmax_push)
      s += static_cast<double>(math::exp(this->x(0, row, i)) * t);
    else
      s += static_cast<double>(t);
  }
  STRATA_HD void join(State& a, const State& b) const { a += b; }
  STRATA_HD void write(std::int64_t row, std::int64_t i, const State& s) const {
    const T t = this->x(1, row, i), sum = static_cast<T>(s);
    if (this->c.op == RowOp::softmax_pull)
      this->put(row, i, rows::softmax_pull(this->x(0, row, i), t, sum));
    else if (this->c.op == RowOp::log_softmax_push)
      this->put(row, i, rows::log_softmax_push(t, sum));
    else
      this->put(row, i, rows::log_softmax_pull(this->x(0, row, i), t, sum));
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
  using State = Moments;
  STRATA_HD State start() const { return {0, 0, 0}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    take_about(s, static_cast<double>(this->x(0, row, i)), this->c.flag);
  }
  STRATA_HD void join(State& a, const State& b) const { strata::join(a, b); }
  STRATA_HD void write(std::int64_t row, std::int64_t i, const State& s) const {
    const T r = static_cast<T>(scale_of(s.m2, s.count, this->c.eps));
    T y = rows::standardize(this->x(0, row, i), static_cast<T>(s.mean), r);
    if (this->c.x[1].data) y = y * this->x(1, row, i);
    if (this->c.x[2].data) y = y + this->x(2, row, i);
    this->put(row, i, y);
  }
};

/// standardize's derivative: the moments of x, the mean of t, and the sum of their distances' products.
template <class T>
struct StandardizeSlopeRow : RowWork<T> {
  struct State {
    Moments x;
    double t, products;
  };
  STRATA_HD State start() const { return {{0, 0, 0}, 0, 0}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const {
    const double x = static_cast<double>(this->x(0, row, i)), t = static_cast<double>(this->x(1, row, i));
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
  STRATA_HD void write(std::int64_t row, std::int64_t i, const State& s) const {
    const double r = scale_of(s.x.m2, s.x.count, this->c.eps);
    const T shift = static_cast<T>(s.t), slope = static_cast<T>(s.products * r / s.x.count);
    this->put(row, i,
              rows::standardize_pull(this->x(0, row, i), this->x(1, row, i), static_cast<T>(s.x.mean),
                                     static_cast<T>(r), shift, slope));
  }
};

/// The largest (smallest: of negated elements) and how many there are. NaN makes the row NaN.
template <class T>
struct ShareRow : RowWork<T> {
  struct State {
    T top;
    double count;
  };
  STRATA_HD T seen(std::int64_t row, std::int64_t i) const {
    const T v = this->x(0, row, i);
    return this->c.flag ? -v : v;
  }
  STRATA_HD State start() const { return {-std::numeric_limits<T>::infinity(), 0}; }
  STRATA_HD void take(State& s, std::int64_t row, std::int64_t i) const { join(s, {seen(row, i), 1}); }
  STRATA_HD void join(State& a, const State& b) const {
    if (a.top == b.top)
      a.count += b.count;
    else if (!(a.top > b.top) && a.top == a.top)
      a = b;
  }
  STRATA_HD void write(std::int64_t row, std::int64_t i, const State& s) const {
    const T share = seen(row, i) == s.top ? static_cast<T>(1 / s.count) : T(0);
    this->put(row, i, s.top != s.top ? s.top : share);
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
