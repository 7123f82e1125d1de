// The reduction seam against plain loops in double: every layout (contiguous, transposed, sliced, reversed, broadcast),
// every set of axes, short and long; that results do not depend on the number of threads; edges of the menu's
// reductions.
#include <cmath>
#include <random>

#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/reduce_axes.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

std::mt19937 engine(7);

Tensor draw(const Shape& shape, double low = -1, double high = 1) {
  Tensor t = empty_dense(shape, float32);
  std::uniform_real_distribution<float> d(static_cast<float>(low), static_cast<float>(high));
  for (std::int64_t i = 0; i < t.size(); ++i) reinterpret_cast<float*>(dense(t).data)[i] = d(engine);
  return t;
}

Tensor vec(std::initializer_list<float> v) {
  Tensor t = empty_dense({v.size()}, float32);
  std::copy(v.begin(), v.end(), reinterpret_cast<float*>(dense(t).data));
  return t;
}

/// Every other element along the last axis, the first axis backwards.
Tensor sliced(const Tensor& x) {
  Shape shape = x.shape();
  Strides strides = row_major(shape);
  const int last = shape.size() - 1;
  shape[last] = (shape[last] + 1) / 2;
  strides[last] = 2;
  const std::int64_t offset = (shape[0] - 1) * strides[0];
  strides[0] = -strides[0];
  return view_of(x, shape, strides, last == 0 ? (x.shape()[0] - 1) / 2 * 2 : offset);
}

/// Sums over `axes` in double, row-major.
std::vector<double> plain_sum(const Tensor& x, AxisSet axes) {
  const std::vector<double> v = x.to_vector<double>();
  const Shape to = reduced_shape(x.shape(), axes, true);
  const Strides from_strides = row_major(x.shape()), to_strides = row_major(to);
  std::vector<double> y(static_cast<std::size_t>(to.elements()));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t at = 0;
    for (int a = 0; a < x.ndim(); ++a) {
      if (!axes.has(a)) at += i / from_strides[a] % x.shape()[a] * to_strides[a];
    }
    y[static_cast<std::size_t>(at)] += v[static_cast<std::size_t>(i)];
  }
  return y;
}

void check_sum(const Tensor& x, AxisSet axes, double tolerance) {
  const auto want = plain_sum(x, axes), got = sum(x, {.axes = axis_list(axes)}).to_vector<double>();
  REQUIRE(want.size() == got.size());
  double worst = 0;
  for (std::size_t i = 0; i < want.size(); ++i) worst = std::max(worst, std::fabs(want[i] - got[i]));
  CAPTURE(x.shape(), axes.bits);
  CHECK(worst <= tolerance);
}

void check_all_axes(const Tensor& x, double tolerance) {
  for (std::uint32_t bits = 0; bits < (1u << x.ndim()); ++bits) check_sum(x, {bits}, tolerance);
}

}  // namespace

TEST_CASE("sums of every layout and every set of axes") {
  for (const Shape& shape : {Shape{7}, Shape{3, 5}, Shape{2, 3, 4}, Shape{4, 1, 33, 3}, Shape{2, 130, 5}, Shape{1, 1},
                             Shape{70, 3}, Shape{3, 70, 2}, Shape{600, 20}}) {
    const Tensor x = draw(shape);
    check_all_axes(x, 1e-4);
    check_all_axes(transpose(x), 1e-4);
    check_all_axes(sliced(x), 1e-4);
    check_all_axes(transpose(sliced(x)), 1e-4);
    check_all_axes(broadcast_to(expand_dims(x, 0), Shape{3} + shape), 1e-4);
    check_all_axes(astype(transpose(x), float64), 1e-13);
    check_all_axes(astype(x, bfloat16), 0.3);
  }
}

TEST_CASE("long sums: rows, columns, narrow columns, strided, half") {
  for (const Shape& shape : {Shape{300000}, Shape{3, 100000}, Shape{100000, 3}, Shape{5000, 70}, Shape{2, 3000, 40}}) {
    const Tensor x = draw(shape, 0, 1);
    check_all_axes(x, 0.02);
    check_all_axes(transpose(x), 0.02);
    check_all_axes(sliced(x), 0.02);
  }
  // Many ones in bfloat16: 256 + 1 is 256 there, so only a float32 sum counts them.
  const Tensor ones16 = astype(broadcast_to(Tensor(1.0), {4096, 3}), bfloat16);
  CHECK(sum(ones16, {.axes = {0}}).to_vector<float>() == std::vector<float>{4096, 4096, 4096});
  CHECK(sum(transpose(copy(ones16)), {.axes = {1}}).to_vector<float>() == std::vector<float>{4096, 4096, 4096});
}

TEST_CASE("results do not depend on the number of threads") {
  const int before = num_threads();
  for (const Shape& shape : {Shape{1 << 20}, Shape{40000, 5}, Shape{3000, 300}, Shape{5, 200000}}) {
    const Tensor x = draw(shape);
    for (const AxesOrAll& axes : {every_axis, AxesOrAll(0), AxesOrAll(-1)}) {
      set_num_threads(1);
      const auto one = sum(x, {.axes = axes}).to_vector<float>();
      set_num_threads(4);
      CHECK(sum(x, {.axes = axes}).to_vector<float>() == one);
    }
  }
  set_num_threads(before);
}

TEST_CASE("sums keep their accuracy") {
  const std::int64_t n = 1 << 22;
  const Tensor tenths = broadcast_to(Tensor(0.1), {n});
  CHECK(sum(copy(tenths)).item<double>() == Approx(0.1 * static_cast<double>(n)).epsilon(1e-6));
  CHECK(sum(copy(broadcast_to(tenths, {2, n})), {.axes = {1}}).to_vector<double>()[1] ==
        Approx(0.1 * static_cast<double>(n)).epsilon(1e-6));
  CHECK(sum(copy(broadcast_to(Tensor(0.1), {1 << 20, 4})), {.axes = {0}}).to_vector<double>()[3] ==
        Approx(0.1 * (1 << 20)).epsilon(1e-6));
}

TEST_CASE("empty sums, bad axes") {
  CHECK(sum(zeros({0, 3}), {.axes = {0}}).to_vector<float>() == std::vector<float>{0, 0, 0});
  CHECK(sum(zeros({0, 3})).item<float>() == 0);
  CHECK(sum(zeros({0, 3}), {.axes = {1}}).shape() == Shape{0});
  CHECK(std::isnan(mean(zeros({0})).item<float>()));
  CHECK(all(zeros({0})).item<bool>());
  CHECK_FALSE(any(zeros({0})).item<bool>());
  CHECK(sum(vec({1, 2}), {.axes = {}}).to_vector<float>() == std::vector<float>{1, 2});
  CHECK_THROWS_WITH(sum(zeros({2, 3}), {.axes = {0, -2}}), Catch::Contains("sum: axis 0 is named twice"));
  CHECK_THROWS_AS(sum(zeros({2}), {.axes = {1}}), ShapeError);
}
