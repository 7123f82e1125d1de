// See associative_scan.hpp. The scheme is JAX's: combine neighbours, scan the half as many results, which are the odd
// prefixes, and combine those with the even elements.
#include "strata/functorch/associative_scan.hpp"

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/functorch/lanes.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {
namespace {

/// The leaves' slices begin, begin + step, ... below end.
std::vector<Tensor> every(const std::vector<Tensor>& x, const std::vector<int>& axes, std::int64_t begin,
                          std::int64_t end, std::int64_t step) {
  std::vector<Tensor> y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y.push_back(x[i].defined() ? slice_in_dim(x[i], begin, end, step, {.axis = axes[i]}) : Tensor());
  }
  return y;
}

class Prefixes {
 public:
  Prefixes(const Combine& combine, std::vector<int> axes) : combine_(combine), axes_(std::move(axes)) {}

  std::vector<Tensor> scan(std::vector<Tensor> x, std::int64_t n) const {
    if (n < 2) return x;
    const std::vector<Tensor> odd = scan(combined(every(x, axes_, 0, n - 1, 2), every(x, axes_, 1, n, 2)), n / 2);
    std::vector<Tensor> even = every(x, axes_, 0, 1, 1);
    if (n > 2) {
      const std::vector<Tensor> rest =
          combined(n % 2 ? odd : every(odd, axes_, 0, n / 2 - 1, 1), every(x, axes_, 2, n, 2));
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i].defined()) even[i] = concatenate({even[i], rest[i]}, {.axis = axes_[i]});
      }
    }
    return interleaved(std::move(even), odd, n);
  }

 private:
  std::vector<Tensor> combined(std::vector<Tensor> a, std::vector<Tensor> b) const {
    std::vector<Shape> shapes;
    for (const Tensor& t : a) shapes.push_back(t.defined() ? t.shape() : Shape{});
    std::vector<Tensor> y = combine_(std::move(a), std::move(b));
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (!y[i].defined() || y[i].shape() == shapes[i]) continue;
      throw ShapeError("associative_scan: f gives shape " + to_string(y[i].shape()) + " for elements of shape " +
                       to_string(shapes[i]) + " (stacked along axis " + std::to_string(axes_[i]) +
                       "): it must keep the shape" + level_context());
    }
    return y;
  }
  std::vector<Tensor> interleaved(std::vector<Tensor> even, const std::vector<Tensor>& odd, std::int64_t n) const {
    const Positions first = places(0, n), second = places(1, n);
    for (std::size_t i = 0; i < even.size(); ++i) {
      if (!even[i].defined()) continue;
      const Dtype dtype = odd[i].dtype();
      even[i] = put_lanes({astype_weak(std::move(even[i]), dtype), odd[i]}, axes_[i], {first, second}, n);
    }
    return even;
  }
  static Positions places(std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> at;
    for (std::int64_t i = begin; i < end; i += 2) at.push_back(i);
    return std::make_shared<const std::vector<std::int64_t>>(std::move(at));
  }

  const Combine& combine_;
  std::vector<int> axes_;
};

}  // namespace

std::vector<Tensor> associative_scan(const Combine& combine, std::vector<Tensor> x,
                                     const AssociativeScanOptions& options) {
  std::vector<int> axes;
  std::int64_t n = -1;
  for (const Tensor& t : x) {
    axes.push_back(t.defined() ? normalize_axis("associative_scan", options.axis, t.ndim()) : 0);
    if (!t.defined()) continue;
    const std::int64_t size = t.shape()[axes.back()];
    if (n >= 0 && size != n) {
      throw ShapeError("associative_scan: leaves have sizes " + std::to_string(n) + " and " + std::to_string(size) +
                       " along axis " + std::to_string(options.axis) + level_context());
    }
    n = size;
  }
  const auto flipped = [&](std::vector<Tensor> y) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (options.reverse && y[i].defined()) y[i] = flip(std::move(y[i]), {.axes = {axes[i]}});
    }
    return y;
  };
  return flipped(Prefixes(combine, axes).scan(flipped(std::move(x)), n));
}

}  // namespace strata::detail
