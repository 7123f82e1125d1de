// The menu: reductions. `axes` absent means all; `{}` none. Half types are added up in float32 and more.
#pragma once
#include <optional>
#include <string>

#include "strata/core/index.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

struct Reduce {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
  Tensor where{};  ///< bool, broadcast to x: elements where it is false are left out
};

/// Sum over `axes` (all by default). [2, 3] -> [3] for axes {0}. An empty sum is zero; half types accumulate in
/// float32. bool sums to int32, small integers to (u)int32.
///     Tensor per_row = sum(x, {.axes = {-1}, .keepdims = true});
Tensor sum(Tensor x, Reduce p = {});

/// x summed down to `shape`, which broadcasts to x's: the transpose of broadcast_to.   Tensor db = sum_to(g,
/// b.shape());
Tensor sum_to(Tensor x, const Shape& shape);

/// Mean over `axes`; integers and bool give floats. The mean of no elements is NaN.     Tensor m = mean(loss);
Tensor mean(Tensor x, Reduce p = {});

/// bool: some element is not zero (false for none). st::all, every element is not zero (true for none), is the object
/// that also stands for a whole axis in x[{st::all, 0}] (core/index.hpp).
///     Tensor hit = any(x > 3, {.axes = {-1}});  Tensor every = all(x > 3, {.axes = {-1}});
Tensor any(Tensor x, Reduce p = {});
/// int32: how many elements are not zero; NaN is not.     Tensor n = count_nonzero(mask);
Tensor count_nonzero(Tensor x, Reduce p = {});

/// Product over `axes`; 1 for none. Derivatives are exact where factors are zero. Integers as for sum.
///     Tensor volume = prod(sides, {.axes = {-1}});
Tensor prod(Tensor x, Reduce p = {});

struct ReduceFrom {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
  Tensor where{};    ///< as for Reduce; needs .initial
  Tensor initial{};  ///< one more element, a scalar
};
/// Largest, smallest element; NaN if there is one. Ties share the derivative. ValueError for no elements without
/// .initial.
///     Tensor top = max(x, {.axes = {0}, .initial = 0});
Tensor max(Tensor x, ReduceFrom p = {});
Tensor min(Tensor x, ReduceFrom p = {});

/// Largest less smallest.     Tensor range = ptp(x, {.axes = {0}});
Tensor ptp(Tensor x, ReduceFrom p = {});

struct ReduceOne {
  std::optional<int> axis{};
  bool keepdims = false;
};

/// int32: where the largest (smallest) element stands along `.axis`, in the flattened argument when absent; the first
/// of equal ones, the first NaN if there is one. ValueError for no elements.
///     Tensor label = argmax(logits, {.axis = -1});
Tensor argmax(Tensor x, ReduceOne p = {});
Tensor argmin(Tensor x, ReduceOne p = {});

struct Deviation {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
  double ddof = 0;
  Tensor where{};  ///< as for Reduce
};

/// Mean of the squared distances from the mean, sum / (n - `.ddof`); integers give floats.
///     Tensor v = var(x, {.axes = {0}, .ddof = 1});
Tensor var(Tensor x, Deviation p = {});
/// Its square root, with derivative 0 where it is 0.     Tensor s = std(x);
Tensor std(Tensor x, Deviation p = {});

/// Which norm: a number (infinities too), "fro", "nuc", or the default.
class NormOrder {
 public:
  NormOrder() = default;
  template <Scalar S>
  NormOrder(S order) : number_(static_cast<double>(order)), given_(true) {}  // NOLINT: implicit on purpose
  NormOrder(const char* name) : name_(name), given_(true) {}                 // NOLINT: implicit on purpose
  bool given() const { return given_; }
  bool is_number() const { return given_ && name_.empty(); }
  double number() const { return number_; }
  /// The name, or the number in words.
  std::string text() const { return name_.empty() ? std::to_string(number_) : name_; }

 private:
  std::string name_;
  double number_ = 2;
  bool given_ = false;
};

struct Norm {
  NormOrder ord{};
  AxesOrAll axes = every_axis;
  bool keepdims = false;
};
/// The norm of vectors (one axis) or matrices (two axes, rows first). Without `.ord`: sqrt(sum(x^2)) over any axes,
/// with derivative 0 at 0. Vectors: sum(|x|^ord)^(1/ord), inf, -inf, 0 (how many are not zero). Matrices: "fro", 1, inf
/// (the largest sum of a column, a row), 2 (the largest singular value), -1, -inf, -2 (the smallest), "nuc" (the sum of
/// singular values). ValueError for other orders. Also st::linalg::norm.
///     Tensor length = norm(x, {.axes = {-1}});
Tensor norm(Tensor x, Norm p = {});
namespace linalg {
using strata::norm;
}

}  // namespace strata
