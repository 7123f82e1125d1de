// The menu: making tensors and changing their dtype or device.
// Results carry no lanes: under vmap a created tensor is shared by all examples, unless a value that went in is mapped.
#pragma once
#include <optional>
#include <vector>

#include "strata/core/nested.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

/// Settings of creation functions. `dtype` absent: what the function says.
struct Creation {
  std::optional<Dtype> dtype{};
  std::optional<Device> device{};
};

namespace detail {
Tensor array_from(const void* data, std::size_t count, Dtype from, const Shape& shape, const Creation& p);
Tensor arange_integer(std::int64_t start, std::int64_t stop, std::int64_t step, const Creation& p);
Tensor arange_real(double start, double stop, double step, const Creation& p);
}  // namespace detail

/// A tensor from nested braces. float and double -> float32, int -> int32, bool -> bool, unless `.dtype`; tensors among
/// the leaves are stacked, with gradients. {} is shape [0]. ShapeError when lists are not rectangular, ValueError when
/// a number does not fit the dtype.
///     Tensor x = array({{1.f, 2.f}, {2.5f, -1.f}});
Tensor array(Nested values, Creation p = {});
/// A copy of flat row-major data (a span, vector or array) with a shape; the dtype is that of the elements unless
/// `.dtype`. ShapeError when the counts differ.
///     std::vector<float> v(12);  Tensor x = array(v, {3, 4});
template <class R>
requires requires(const R& r) { dtype_of<std::remove_cvref_t<decltype(*std::data(r))>>(); }
Tensor array(const R& data, Shape shape, Creation p = {}) {
  using T = std::remove_cvref_t<decltype(*std::data(data))>;
  return detail::array_from(std::data(data), std::size(data), dtype_of<T>(), shape, p);
}
Tensor array(const std::vector<bool>& data, Shape shape, Creation p = {});

/// Tensors filled with 0, 1; float32 unless `.dtype`.      Tensor z = zeros({2, 3}, {.dtype = st::int32});
Tensor zeros(Shape shape, Creation p = {});
Tensor ones(Shape shape, Creation p = {});
/// zeros(shape), as in JAX: tensors are immutable, so nothing could fill one later.   Tensor e = empty({4});
Tensor empty(Shape shape, Creation p = {});
/// `value` broadcast to `shape`, with a buffer of its own; its dtype (weak for a number) unless `.dtype`.
///     Tensor x = full({2}, 7, {.dtype = st::int32});
Tensor full(Shape shape, Tensor value, Creation p = {});
/// The same with x's shape and dtype. Under vmap a created tensor has one example's shape and is shared by all.
///     Tensor z = zeros_like(x);
Tensor zeros_like(const Tensor& x, Creation p = {});
Tensor ones_like(const Tensor& x, Creation p = {});
Tensor empty_like(const Tensor& x, Creation p = {});
Tensor full_like(const Tensor& x, Tensor value, Creation p = {});

/// start, start + step, ... below stop. Integers give int32, floats float32, unless `.dtype`. Empty when stop is not
/// beyond start. ValueError for a step of 0, or when int32 does not hold the numbers.
///     Tensor i = arange(5);  Tensor x = arange(0., 1., 0.25);
template <Scalar Start, Scalar Stop, Scalar Step>
Tensor arange(Start start, Stop stop, Step step, Creation p = {}) {
  if constexpr (std::is_floating_point_v<Start> || std::is_floating_point_v<Stop> || std::is_floating_point_v<Step>)
    return detail::arange_real(static_cast<double>(start), static_cast<double>(stop), static_cast<double>(step), p);
  else
    return detail::arange_integer(static_cast<std::int64_t>(start), static_cast<std::int64_t>(stop),
                                  static_cast<std::int64_t>(step), p);
}
template <Scalar Start, Scalar Stop>
Tensor arange(Start start, Stop stop, Creation p = {}) {
  return arange(start, stop, 1, p);
}
template <Scalar Stop>
Tensor arange(Stop stop, Creation p = {}) {
  return arange(0, stop, 1, p);
}

struct Linspace {
  bool endpoint = true;
  int axis = 0;
  std::optional<Dtype> dtype{};
};
/// `num` points from start to stop, evenly; start and stop broadcast, the points are along `.axis` of the result.
/// Differentiable in both. ValueError for a negative `num`.      Tensor x = linspace(0, 1, 5);
Tensor linspace(Tensor start, Tensor stop, std::int64_t num = 50, Linspace p = {});

struct Logspace {
  bool endpoint = true;
  double base = 10;
  int axis = 0;
  std::optional<Dtype> dtype{};
};
/// `num` points from base^start to base^stop, evenly in the exponent.         Tensor x = logspace(-3, 0, 4);
Tensor logspace(Tensor start, Tensor stop, std::int64_t num = 50, Logspace p = {});
/// `num` points from start to stop with a constant ratio.                      Tensor x = geomspace(1, 1000, 4);
Tensor geomspace(Tensor start, Tensor stop, std::int64_t num = 50, Linspace p = {});

struct Diagonals {
  std::optional<std::int64_t> columns{};  // as many as rows when absent
  std::int64_t k = 0;                     // which diagonal: 0 the main one, above it positive
  std::optional<Dtype> dtype{};
  std::optional<Device> device{};
};
/// n rows with ones on diagonal `.k`, zeros elsewhere; float32 unless `.dtype`.    Tensor e = eye(3);
Tensor eye(std::int64_t n, Diagonals p = {});
/// eye(n): the identity matrix.                                                    Tensor e = identity(3);
Tensor identity(std::int64_t n, Creation p = {});
/// Ones on and below diagonal `.k`, zeros above.                                   Tensor mask = tri(4, {.k = -1});
Tensor tri(std::int64_t n, Diagonals p = {});
/// The position along `axis`, for each element of `shape`; int32 unless `.dtype`.
///     Tensor row = broadcasted_iota({2, 3}, 0);
Tensor broadcasted_iota(Shape shape, int axis, Creation p = {});

/// The position along each axis of `shape`, as rows of one tensor [rank, shape...].     Tensor at = indices({2, 3});
Tensor indices(Shape shape, Creation p = {});
/// Rows and columns of the elements on and below (above) diagonal `.k` of a matrix of n rows.
///     auto at = tril_indices(3);   // x[{at[0], at[1]}]
std::vector<Tensor> tril_indices(std::int64_t n, Diagonals p = {});
std::vector<Tensor> triu_indices(std::int64_t n, Diagonals p = {});

struct Vander {
  std::optional<std::int64_t> columns{};  // as many as x has elements when absent
  bool increasing = false;
};
/// Powers of a vector's elements as columns, the highest first unless `.increasing`.    Tensor v = vander(x);
Tensor vander(Tensor x, Vander p = {});

struct OneHot {
  int axis = -1;
  Dtype dtype = Dtype::float32;
};
/// 1 where the new axis' position equals the index, else 0; an index outside [0, classes) gives zeros. [n] ->
/// [n, classes] for axis -1. DtypeError for indices that are not integers.     Tensor y = one_hot(labels, 10);
Tensor one_hot(Tensor indices, std::int64_t classes, OneHot p = {});

enum class Indexing : std::uint8_t { xy, ij };
struct Meshgrid {
  Indexing indexing = Indexing::xy;
};
/// Coordinates from vectors (or scalars): as many tensors as vectors, each of the whole grid's shape. `xy` swaps the
/// first two axes, as in NumPy. ShapeError for a matrix.
///     auto grid = meshgrid({arange(3), arange(2)});   // grid[0], grid[1]: [2, 3]
std::vector<Tensor> meshgrid(std::vector<Tensor> x, Meshgrid p = {});

/// x converted to `dtype`, strongly typed. float -> integer saturates and NaN becomes 0; -> bool is `x != 0`.
///     Tensor y = astype(x, st::float64);
Tensor astype(Tensor x, Dtype dtype);
/// The same, but a weak x stays weak: what promotion does to numbers.
Tensor astype_weak(Tensor x, Dtype dtype);
/// x's bits read as `dtype`. A narrower dtype adds a last axis, a wider one takes the last axis, which must be as long
/// as the ratio (ShapeError). Not differentiable. DtypeError to or from bool.     Tensor bits = bitcast(x, st::uint32);
Tensor bitcast(Tensor x, Dtype dtype);
/// x with a row-major buffer of its own.      Tensor y = copy(mT(x));
Tensor copy(Tensor x);
/// x.to(device).                              Tensor y = to_device(x, st::cpu);
Tensor to_device(const Tensor& x, Device device);
/// x as a constant: no derivative passes.     Tensor y = x * stop_gradient(x);
Tensor stop_gradient(Tensor x);

}  // namespace strata
