// Running sums, products, extrema, and the linear recurrence that their derivatives are made of.
// Always holds: no rule divides, so zeros among the factors do no harm.
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/to_float.hpp"

namespace strata {
namespace {

struct ScanParams {
  int axis;
  bool reverse, exclusive;
  ScanParams backwards(bool leaves_out) const { return {axis, !reverse, leaves_out}; }
  Cumulative options() const { return {.axis = axis, .reverse = reverse, .exclusive = exclusive}; }
  ScanParams beside(int lane) const { return {axis >= lane ? axis + 1 : axis, reverse, exclusive}; }
};

/// Half types and small integers are scanned in 32 bits.
Tensor run_scan(Scan s, const ScanParams& p, std::span<const Tensor> x) {
  const Dtype dtype = x[0].dtype(), compute = dtype == Dtype::bool_ ? Dtype::int32 : compute_dtype(dtype);
  if (compute != dtype) {
    const Tensor wide[] = {astype(x[0], compute), astype(x[x.size() - 1], compute)};
    return astype(run_scan(s, p, {wide, x.size()}), dtype);
  }
  const bool weak = x[0].weak() && x[x.size() - 1].weak();
  Tensor y = empty_dense(x[0].shape(), dtype, x[0].device(), weak);
  backend(y).reductions.scan(s, x, y, p.axis, p.reverse, p.exclusive);
  return y;
}

template <Tensor (*F)(Tensor, Cumulative)>
Samples cumulative_samples() {
  const auto along = [](Cumulative p) {
    return [p](std::span<const Tensor> x) { return std::vector<Tensor>{F(x[0], p)}; };
  };
  return {{"[5]", {{{5}}}, along({.axis = 0})},
          {"[2, 3] along 0, reverse", {{{2, 3}}}, along({.axis = 0, .reverse = true})},
          {"[2, 3] along -1, exclusive", {{{2, 3}}}, along({.axis = -1, .exclusive = true})},
          {"[2, 3], exclusive, reverse", {{{2, 3}}}, along({.axis = 1, .reverse = true, .exclusive = true})},
          {"[2, 2] flattened", {{{2, 2}}}, along({})},
          {"empty", {{{0, 2}}}, along({.axis = 0})}};
}

struct CumSum : Linear<CumSum> {
  using Params = ScanParams;
  static constexpr std::string_view name = "cumsum";
  static Tensor eval(const Params& p, Tensor x) { return run_scan(Scan::sum, p, {&x, 1}); }
  static Tensor transpose(const Params& p, const Tensor& g) {
    return apply<CumSum>(p.backwards(p.exclusive), Tensor(g));
  }
  static Lane batch(const Params& p, Lane x, Batch&) {
    return {apply<CumSum>(p.beside(x.axis), std::move(x.value)), x.axis};
  }
  static Samples samples() { return cumulative_samples<&cumsum>(); }
};

/// h[k] = a[k] h[k-1] + b[k]. With e the exclusive form, h's tangent obeys the same recurrence, driven by da e + db;
/// the cotangent of h[k] is l[k] = g[k] + a[k+1] l[k+1], which the exclusive backward run gives without a shift.
struct LinearRecurrence : General<LinearRecurrence, 2> {
  using Params = ScanParams;
  static constexpr std::string_view name = "linear_recurrence";
  static constexpr Keep keep = Keep::both;
  static Tensor run(const Tensor& a, const Tensor& b, const Params& p) {
    return apply<LinearRecurrence>(p, Tensor(a), Tensor(b));
  }
  static Tensor before(In x, const Tensor& y, const Params& p) {
    return p.exclusive ? y : run(x[0], x[1], {p.axis, p.reverse, true});
  }
  static Tensor eval(const Params& p, Out x) { return run_scan(Scan::recurrence, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    Tensor drive = dx[0].defined() ? dx[0] * before(x, y[0], p) : Tensor();
    drive = add_tangents(std::move(drive), dx[1]);
    return run(x[0], drive, p);
  }
  /// The cotangent of the state after each element.
  static Tensor costate(const Params& p, const Tensor& a, const Tensor& g) {
    return p.exclusive ? run(a, g, p.backwards(true)) : g + run(a, a * g, p.backwards(true));
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    const Tensor l = costate(p, x[0], g[0]);
    if (need[0]) dx[0] = l * before(x, y[0], p);
    if (need[1]) dx[1] = l;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    const Tensor a = lanes_first(x[0], batch.size), b = lanes_first(x[1], batch.size);
    return {run(a, b, {p.axis + 1, p.reverse, p.exclusive}), 0};
  }
  static Samples samples() {
    const auto along = [](Cumulative p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{linear_recurrence(x[0], x[1], p)}; };
    };
    return {{"[5]", {{{5}}, {{5}}}, along({})},
            {"[2, 3] along 0, reverse", {{{2, 3}}, {{2, 3}}}, along({.axis = 0, .reverse = true})},
            {"exclusive, broadcast", {{{}}, {{2, 3}}}, along({.exclusive = true})},
            {"empty", {{{0}}, {{0}}}, along({})}};
  }
};

/// y[k] = x[k] y[k-1]: a recurrence without a drive.
struct CumProd : General<CumProd, 1> {
  using Params = ScanParams;
  static constexpr std::string_view name = "cumprod";
  static constexpr Keep keep = Keep::both;
  static Tensor before(const Tensor& x, const Tensor& y, const Params& p) {
    return p.exclusive ? y : apply<CumProd>({p.axis, p.reverse, true}, Tensor(x));
  }
  static Tensor eval(const Params& p, Out x) { return run_scan(Scan::prod, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    return LinearRecurrence::run(x[0], dx[0] * before(x[0], y[0], p), p);
  }
  static void vjp(const Params& p, In x, In y, In g, Need, Out dx) {
    dx[0] = LinearRecurrence::costate(p, x[0], g[0]) * before(x[0], y[0], p);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<CumProd>(p.beside(x[0].axis), std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() { return cumulative_samples<&cumprod>(); }
};

/// The weight with which a running extremum took each element: 1, 1/2 at a tie, 0.
template <class D, Scan S>
struct CumShare : NonDifferentiable<D, 1> {
  using Params = ScanParams;
  static Tensor eval(const Params& p, Out x) { return run_scan(S, p, x); }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<D>(p.beside(x[0].axis), std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{apply<D>({0, false, false}, Tensor(x[0]))};
    };
    return {{"[5]", {{{5}}}, call}, {"[2, 3]", {{{2, 3}}}, call}, {"empty", {{{0}}}, call}};
  }
};
struct CumMaxShare : CumShare<CumMaxShare, Scan::max_share> {
  static constexpr std::string_view name = "cummax_share";
};
struct CumMinShare : CumShare<CumMinShare, Scan::min_share> {
  static constexpr std::string_view name = "cummin_share";
};

/// dy[k] = (1 - w[k]) dy[k-1] + w[k] dx[k] with w the share of each element. An exclusive one starts at -inf (+inf).
template <class D, Scan S, class Share>
struct CumExtremum : General<D, 1> {
  using Params = ScanParams;
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) { return run_scan(S, p, x); }
  static Tensor jvp(const Params& p, In x, In dx, In) {
    const Tensor w = apply<Share>({p.axis, p.reverse, false}, Tensor(x[0]));
    return LinearRecurrence::run(1 - w, w * dx[0], p);
  }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) {
    const Tensor w = apply<Share>({p.axis, p.reverse, false}, Tensor(x[0]));
    dx[0] = LinearRecurrence::costate(p, 1 - w, g[0]) * w;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<D>(p.beside(x[0].axis), std::move(x[0].value)), x[0].axis};
  }
  static Samples inclusive_samples(Tensor (*f)(Tensor, Cumulative)) {
    const auto along = [f](Cumulative p) {
      return [f, p](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], p)}; };
    };
    return {{"[5]", {{{5}}}, along({.axis = 0})},
            {"[2, 3] along 0, reverse", {{{2, 3}}}, along({.axis = 0, .reverse = true})},
            {"[2, 3]", {{{2, 3}}}, along({.axis = -1})},
            {"empty", {{{0, 2}}}, along({.axis = 0})}};
  }
};
struct CumMax : CumExtremum<CumMax, Scan::max, CumMaxShare> {
  static constexpr std::string_view name = "cummax";
  static Samples samples() { return inclusive_samples(&cummax); }
};
struct CumMin : CumExtremum<CumMin, Scan::min, CumMinShare> {
  static constexpr std::string_view name = "cummin";
  static Samples samples() { return inclusive_samples(&cummin); }
};

/// log of a running sum of exponentials: d y[k] = (1 - w[k]) d y[k-1] + w[k] dx[k] with w = exp(x - y), 0 where both
/// are -inf.
struct CumLogSumExp : General<CumLogSumExp, 1> {
  using Params = ScanParams;
  static constexpr std::string_view name = "cumlogsumexp";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) { return run_scan(Scan::logsumexp, p, x); }
  static Tensor share(const Params& p, const Tensor& x, const Tensor& y) {
    const Tensor inclusive = p.exclusive ? apply<CumLogSumExp>({p.axis, p.reverse, false}, Tensor(x)) : y;
    return exp(x - where(isneginf(inclusive), 0, inclusive));
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    const Tensor w = share(p, x[0], y[0]);
    return LinearRecurrence::run(1 - w, w * dx[0], p);
  }
  static void vjp(const Params& p, In x, In y, In g, Need, Out dx) {
    const Tensor w = share(p, x[0], y[0]);
    dx[0] = LinearRecurrence::costate(p, 1 - w, g[0]) * w;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<CumLogSumExp>(p.beside(x[0].axis), std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() { return CumMax::inclusive_samples(&cumlogsumexp); }
};

/// The axis in place, the argument flattened when there is none.
ScanParams settle(const char* name, Tensor& x, const Cumulative& p) {
  if (!p.axis) x = ravel(std::move(x));
  return {p.axis ? normalize_axis(name, *p.axis, x.ndim()) : 0, p.reverse, p.exclusive};
}

template <class D>
Tensor cumulate(Tensor x, const Cumulative& p) {
  const ScanParams q = settle(D::name.data(), x, p);
  return apply<D>(q, std::move(x));
}

}  // namespace

Tensor cumsum(Tensor x, Cumulative p) {
  if (x.dtype() == Dtype::bool_) x = astype(std::move(x), Dtype::int32);
  return cumulate<CumSum>(std::move(x), p);
}
Tensor cumprod(Tensor x, Cumulative p) {
  if (x.dtype() == Dtype::bool_) x = astype(std::move(x), Dtype::int32);
  return cumulate<CumProd>(std::move(x), p);
}
Tensor cummax(Tensor x, Cumulative p) { return cumulate<CumMax>(std::move(x), p); }
Tensor cummin(Tensor x, Cumulative p) { return cumulate<CumMin>(std::move(x), p); }

Tensor cumlogsumexp(Tensor x, Cumulative p) {
  x = to_float(std::move(x));
  return cumulate<CumLogSumExp>(std::move(x), p);
}

Tensor linear_recurrence(Tensor a, Tensor b, Cumulative p) {
  const Type type = promote(a.type(), b.type());
  if (!is_float(type.dtype)) {
    throw DtypeError("linear_recurrence: " + std::string(name(a.dtype())) + " and " + std::string(name(b.dtype())) +
                     " are no float dtypes; convert them with st::astype" + level_context());
  }
  const Shape shape = broadcast_shapes("linear_recurrence", a.shape(), b.shape());
  if (shape.empty()) {
    throw ShapeError("linear_recurrence: two scalars have no axis to run along" + level_context());
  }
  if (a.ndim() == 0 && a.device() == cpu) a = a.to(b.device());
  if (b.ndim() == 0 && b.device() == cpu) b = b.to(a.device());
  a = broadcast_to(astype_weak(std::move(a), type.dtype), shape);
  b = broadcast_to(astype_weak(std::move(b), type.dtype), shape);
  const int axis = normalize_axis("linear_recurrence", p.axis.value_or(-1), shape.size());
  return apply<LinearRecurrence>({axis, p.reverse, p.exclusive}, std::move(a), std::move(b));
}

std::vector<Entry> cumulative_entries() {
  return {entry<row<CumSum>>(),      entry<row<CumProd>>(),      entry<row<CumMax>>(),
          entry<row<CumMin>>(),      entry<row<CumLogSumExp>>(), entry<row<LinearRecurrence>>(),
          entry<row<CumMaxShare>>(), entry<row<CumMinShare>>()};
}

}  // namespace strata
