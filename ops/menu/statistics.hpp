// The menu: statistics made of reductions, sorting and products: quantiles, averages, what skips NaN, covariance.
#pragma once
#include <array>
#include <optional>

#include "strata/ops/menu/compare.hpp"
#include "strata/ops/menu/cumulative.hpp"
#include "strata/ops/menu/reduce.hpp"

namespace strata {

/// What a quantile between two elements is.
enum class Between { linear, lower, higher, midpoint, nearest };

struct Quantile {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
  Between method = Between::linear;
};
/// The q-quantiles (0 to 1) over `.axes`; NaN where there is one. q of shape Q gives Q + the shape of the kept axes.
/// Integers give floats. ValueError for no elements.
///     Tensor quartiles = quantile(x, array({0.25f, 0.5f, 0.75f}), {.axes = {0}});
Tensor quantile(Tensor x, Tensor q, Quantile p = {});
/// The same with q from 0 to 100.                               Tensor y = percentile(x, 99);
Tensor percentile(Tensor x, Tensor q, Quantile p = {});
/// The middle element, the mean of the middle two.              Tensor m = median(x, {.axes = {0}});
Tensor median(Tensor x, Reduce p = {});
/// The same of what is not NaN; NaN where all are.              Tensor m = nanmedian(x);
Tensor nanquantile(Tensor x, Tensor q, Quantile p = {});
Tensor nanmedian(Tensor x, Reduce p = {});

/// sum(x w) / sum(w) over `.axes`; w has x's shape, or that of the one axis; undefined: the mean.
///     Tensor y = average(x, w, {.axes = {1}});
Tensor average(Tensor x, Tensor weights = {}, Reduce p = {});

/// Reductions of what is not NaN. Of nothing else: sum 0, product 1, the others NaN; positions -1.
///     Tensor y = nanmean(x, {.axes = {0}});
Tensor nansum(Tensor x, Reduce p = {});
Tensor nanprod(Tensor x, Reduce p = {});
Tensor nanmean(Tensor x, Reduce p = {});
Tensor nanmax(Tensor x, Reduce p = {});
Tensor nanmin(Tensor x, Reduce p = {});
Tensor nanvar(Tensor x, Deviation p = {});
Tensor nanstd(Tensor x, Deviation p = {});
Tensor nanargmax(Tensor x, ReduceOne p = {});
Tensor nanargmin(Tensor x, ReduceOne p = {});
Tensor nancumsum(Tensor x, Cumulative p = {});
Tensor nancumprod(Tensor x, Cumulative p = {});

struct Covariance {
  bool rowvar = true;  ///< each row is a variable; false: each column
  double ddof = 1;
};
/// Covariance of variables: [variables, observations] -> [variables, variables]; a vector is one variable, its result a
/// scalar.      Tensor c = cov(samples, {.rowvar = false});
Tensor cov(Tensor x, Covariance p = {});
/// Covariances over both standard deviations, clipped to [-1, 1].           Tensor r = corrcoef(samples);
Tensor corrcoef(Tensor x, Covariance p = {});

struct Difference {
  int n = 1;
  int axis = -1;
};
/// x[i + 1] - x[i] along `.axis`, n times; not_equal for bool.               Tensor v = diff(position);
Tensor diff(Tensor x, Difference p = {});

struct Trapezoid {
  double dx = 1;
  int axis = -1;
};
/// The integral of y along `.axis` by trapezoids, at points x (of y's shape, or a vector), else `.dx` apart.
///     Tensor area = trapezoid(y, x);
Tensor trapezoid(Tensor y, Tensor x = {}, Trapezoid p = {});

struct Interpolation {
  Tensor left{}, right{};  ///< values below the first and above the last point; those points' own when undefined
};
/// The polygon through (xp, fp) at x; xp is an ascending vector, fp has its shape.    Tensor y = interp(x, xp, fp);
Tensor interp(Tensor x, Tensor xp, Tensor fp, Interpolation p = {});

struct Histogram {
  std::int64_t bins = 10;
  std::optional<std::array<double, 2>> range{};  ///< the least and largest element when absent
  Tensor weights{};                              ///< of x's shape
  bool density = false;                          ///< so that the integral is 1
};
/// {counts [bins] float32, edges [bins + 1]}: bins are half open, the last one closed; what lies outside is not
/// counted.
///     auto [counts, edges] = histogram(x, {.bins = 20});
std::array<Tensor, 2> histogram(Tensor x, Histogram p = {});

/// bool: all elements are close, see isclose; shapes broadcast.       CHECK(allclose(x, y).item<bool>());
Tensor allclose(Tensor a, Tensor b, Closeness p = {});
/// bool: same shape and equal elements.                               Tensor same = array_equal(x, y);
Tensor array_equal(Tensor a, Tensor b);

}  // namespace strata
