// Factored tensors: per-example gradients as the sums of outer products that they are. A product's batching rule makes
// one where every lane's result is a sum over t of a[t] (x) b[t] whose factors are smaller (ops/contract.cpp,
// gather.cpp, conv.cpp); the rules below keep it so through what clipping and averaging do with it. Whatever has no
// rule sees the dense form, made once. NOTE [a factored tensor is a view]  Its elements lie, in thought, row-major as
// [lanes, rows, cols]; the tensor is a strided view of all of them. So reshapes and transposes change strides alone,
// and an axis is one of lanes or of parameters by its stride. Always holds: factors are dense; an axis of size > 1
// belongs to lanes (stride >= rows * cols) or to parameters.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "strata/core/deferred.hpp"
#include "strata/ops/contract.hpp"
#include "strata/ops/factored_rules.hpp"
#include "strata/ops/reduction.hpp"

namespace strata {

/// sum over t of scale * a[:, t, :] (x) b[:, t, :].
struct FactorTerm {
  Tensor a;      // [lanes, T, rows]; of an indexed term int64 [lanes, T]: the row that holds 1, below 0 for none
  Tensor b;      // [lanes, T, cols]
  Tensor scale;  // undefined: 1; else [] or [lanes]
  bool indexed = false;
};

/// A sum of terms, shared by all that scale it or view it.
class Factors {
 public:
  Factors(std::int64_t lanes, std::int64_t rows, std::int64_t cols, Dtype dtype, std::vector<FactorTerm> terms)
      : lanes(lanes), rows(rows), cols(cols), dtype(dtype), terms_(std::move(terms)) {}
  const std::int64_t lanes, rows, cols;
  const Dtype dtype;  // of computing: float32 or float64

  /// The terms as they came.
  std::vector<FactorTerm> terms() const;
  /// The same sum with at most one term of each sort: in `dtype`, row-major, without scales.
  std::vector<FactorTerm> joined() const;
  /// The same of the sum times `scale` (undefined: 1; [] or [lanes]).
  std::vector<FactorTerm> scaled(const Tensor& scale) const;
  /// Each lane's sum of squares: [lanes].
  Tensor squares() const;
  /// The sum times `scale` (undefined: 1), dense: [lanes, rows, cols].
  Tensor dense(const Tensor& scale) const;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<FactorTerm> terms_;
  mutable bool is_joined_ = false;
  mutable Tensor squares_;
};
using FactorsRef = std::shared_ptr<const Factors>;

/// scale * f, or scale * f .* by.
struct Factored final : Deferred {
  FactorsRef f, by;  // by: null unless a product of elements
  Tensor scale;      // undefined: 1; else [] or [lanes], of f's dtype
  Strides strides;   // of the axes in [lanes, rows, cols]

  Factored(FactorsRef f, FactorsRef by, Tensor scale, const Shape& shape, const Strides& strides, Dtype dtype);
  std::int64_t per_lane() const { return f->rows * f->cols; }
  bool is_lane(int axis) const { return shape[axis] > 1 && strides[axis] >= per_lane(); }
  bool is_parameter(int axis) const { return shape[axis] > 1 && strides[axis] < per_lane(); }
  /// The axes of lanes, outermost first.
  std::vector<int> lane_axes() const;
};

namespace factored {

/// x as a factored tensor that nobody has made dense; null when it is something else.
const Factored* get(const Tensor& x);
Tensor make(FactorsRef f, FactorsRef by, Tensor scale, const Shape& shape, const Strides& strides, Dtype dtype);

/// Each lane's sum of x times y, joined terms of factors like `like`: [lanes].
Tensor products(const std::vector<FactorTerm>& x, const std::vector<FactorTerm>& y, const Factors& like);

/// Makes x and y views of alike factors, exchanging rows and columns where that does it. Both are factored.
bool align(Tensor& x, Tensor& y);

/// Whether `elements` in each lane are worth keeping as so many elements of factors.
bool worthwhile(std::int64_t lanes, std::int64_t elements, std::int64_t of_factors);

// ---- where they come from: undefined when the dense form is no larger

/// Whether contract(p, a, b), one lane's product, would stay factored with so many lanes of these shapes.
bool stays(const Contraction& p, const Shape& a, const Shape& b, std::int64_t lanes);
/// contract(p, a, b) of dense a and b, whose labels p.lanes are lanes.
Tensor product(const Contraction& p, const Tensor& a, const Tensor& b);
/// u's slices added into zeros: index [lanes, T] int64 (below 0: dropped), u [lanes, T, cols]; the result is a view of
/// [lanes, rows, cols] with this shape and strides. Never undefined.
Tensor rows_at(const Tensor& index, const Tensor& u, std::int64_t rows, const Shape& shape, const Strides& strides);

/// sign * x + d, written over d where nobody else sees it; undefined unless d is dense, of x's shape and dtype.
Tensor accumulate(const Factored& x, Tensor& d, int sign);
/// x with `f` applied to whatever has its lanes along axis 0: f takes `count` of them. Undefined when `axis` is not all
/// of x's lanes.
Tensor each_lane(const Tensor& x, int axis, std::int64_t count, const std::function<Tensor(Tensor)>& f);

// ---- rules of other ops: undefined where they want dense arguments

Tensor cast(Out x, Dtype dtype);
Tensor itself(Out x);
/// The same elements seen with other axes.
Tensor view(const Tensor& x, const Shape& shape, const Strides& strides);
Tensor transpose(const Tensor& x, const Shape& axes);
/// scale * the sum over `axes`, in `dtype`.
Tensor sum(const Tensor& x, AxisSet axes, bool keepdims, double scale, Dtype dtype);
Tensor contract(const Contraction& p, const Tensor& a, const Tensor& b);

}  // namespace factored
}  // namespace strata
