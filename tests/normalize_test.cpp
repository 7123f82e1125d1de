// Rows to rows (softmax, normalisations) against plain loops in double, for every layout of the rows: contiguous,
// strided, several axes, half types; long rows; the edges: rows of -inf, masks, constant rows. Running reductions the
// same way.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

using Row = std::vector<double>;
constexpr float inf = std::numeric_limits<float>::infinity();
std::mt19937 engine(3);

Tensor draw(const Shape& shape) {
  std::vector<float> v(static_cast<std::size_t>(shape.elements()));
  std::uniform_real_distribution<float> d(-3, 3);
  for (float& e : v) e = d(engine);
  return array(std::span<const float>(v), shape);
}

/// y's rows along the last axis against f of x's rows.
template <class F>
void check_rows(const Tensor& x, const Tensor& y, double tolerance, F f) {
  REQUIRE(x.shape() == y.shape());
  const auto a = x.to_vector<double>(), b = y.to_vector<double>();
  const auto n = static_cast<std::size_t>(x.shape().back());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); i += n) {
    const Row want = f(Row(a.begin() + static_cast<std::ptrdiff_t>(i), a.begin() + static_cast<std::ptrdiff_t>(i + n)));
    for (std::size_t k = 0; k < n; ++k)
      worst = std::max(worst, std::fabs(want[k] - b[i + k]) / std::max(1.0, std::fabs(want[k])));
  }
  CAPTURE(x.shape(), name(x.dtype()));
  CHECK(worst <= tolerance);
}

/// The op along the last axis of x, of x seen through other strides, and along other axes of moved ones.
template <class Op, class F>
void check_layouts(const Tensor& x, double tolerance, Op op, F f) {
  check_rows(x, op(x, -1), tolerance, f);
  check_rows(x, moveaxis(op(moveaxis(x, -1, 0), 0), 0, -1), tolerance, f);
  check_rows(x, moveaxis(op(copy(moveaxis(x, -1, 0)), 0), 0, -1), tolerance, f);
  const Tensor half = astype(x, bfloat16);
  check_rows(astype(half, float32), op(half, -1), 0.03, f);
  check_rows(astype(half, float32), moveaxis(op(copy(moveaxis(half, -1, 0)), 0), 0, -1), 0.03, f);
  const Tensor wide = astype(x, float64);
  check_rows(wide, op(wide, -1), 1e-12, f);
}

Row plain_softmax(Row x) {
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (double& e : x) sum += e = std::exp(e - top);
  for (double& e : x) e /= sum;
  return x;
}

Row plain_standardize(Row x, double eps) {
  double mean = 0, var = 0;
  for (double e : x) mean += e / static_cast<double>(x.size());
  for (double e : x) var += (e - mean) * (e - mean) / static_cast<double>(x.size());
  for (double& e : x) e = (e - mean) / std::sqrt(var + eps);
  return x;
}

const Shape shapes[] = {{5}, {3, 7}, {2, 3, 40}, {20, 33}, {2, 5000}, {100, 1}};

}  // namespace

TEST_CASE("softmax and log_softmax of every layout") {
  for (const Shape& shape : shapes) {
    const Tensor x = draw(shape);
    check_layouts(
        x, 2e-6, [](const Tensor& t, int axis) { return softmax(t, {.axis = axis}); }, plain_softmax);
    check_layouts(
        x, 4e-6, [](const Tensor& t, int axis) { return log_softmax(t, {.axis = axis}); },
        [](Row r) {
          r = plain_softmax(r);
          for (double& e : r) e = std::log(e);
          return r;
        });
  }
  const Tensor x = draw({4, 3, 5});
  const Tensor two = softmax(x, {.axis = {0, 2}});
  check_rows(reshape(transpose(x, {1, 0, 2}), {3, 20}), reshape(transpose(two, {1, 0, 2}), {3, 20}), 1e-6,
             plain_softmax);
}

TEST_CASE("standardize, layer_norm, rms_norm of every layout") {
  for (const Shape& shape : shapes) {
    const Tensor x = draw(shape) + 10;
    check_layouts(
        x, 2e-5, [](const Tensor& t, int axis) { return standardize(t, {.axis = axis, .eps = 0.01}); },
        [](Row r) { return plain_standardize(std::move(r), 0.01); });
  }
  const Tensor x = draw({6, 9}), scale = draw({9}), bias = draw({9});
  CHECK(allclose(layer_norm(x, scale, bias), standardize(x) * scale + bias, {.atol = 1e-6}).item<bool>());
  CHECK(allclose(layer_norm(x, {}, bias), standardize(x) + bias, {.atol = 1e-6}).item<bool>());
  const Tensor rms = x * rsqrt(mean(square(x), {.axes = {-1}, .keepdims = true}) + 1e-6) * scale;
  CHECK(allclose(rms_norm(x, scale), rms, {.atol = 1e-6}).item<bool>());
  CHECK(standardize(full({2, 4}, 7)).to_vector<float>() == std::vector<float>(8, 0.f));
  CHECK_THROWS_WITH(layer_norm(x, draw({8})), Catch::Contains("layer_norm"));
}

TEST_CASE("softmax: rows of -inf, masks") {
  const Tensor x = array({{-inf, -inf}, {-inf, 1.f}});
  const auto y = softmax(x).to_vector<float>();
  CHECK((std::isnan(y[0]) && y[2] == 0 && y[3] == 1));
  const Tensor mask = array({{false, false}, {true, false}});
  CHECK(softmax(array({{1.f, 2.f}, {3.f, 4.f}}), {.where = mask}).to_vector<float>() == std::vector<float>{0, 0, 1, 0});
  CHECK(log_softmax(array({{1.f, 2.f}, {3.f, 4.f}}), {.where = mask}).to_vector<float>() ==
        std::vector<float>{-inf, -inf, 0, -inf});
  const Tensor g = grad([&](const Tensor& t) { return sum(softmax(t, {.where = mask}) * 3); })(draw({2, 2}));
  CHECK(g.to_vector<float>() == std::vector<float>{0, 0, 0, 0});
}

TEST_CASE("logsumexp: infinities, weights, long rows") {
  CHECK(logsumexp(array({-inf, -inf})).item<float>() == -inf);
  CHECK(logsumexp(array({1.f, inf})).item<float>() == inf);
  CHECK(std::isnan(logsumexp(array({NAN, inf})).item<float>()));
  CHECK(logsumexp(zeros({0})).item<float>() == -inf);
  CHECK(grad([](const Tensor& t) { return logsumexp(t); })(array({-inf, -inf})).to_vector<float>() ==
        std::vector<float>{0, 0});
  const Tensor flat = zeros({3, 100000});
  CHECK(logsumexp(flat, {.axes = {1}}).to_vector<double>()[2] == Approx(std::log(1e5)).epsilon(1e-6));
  CHECK(logsumexp(transpose(flat), {.axes = {0}}).to_vector<double>()[2] == Approx(std::log(1e5)).epsilon(1e-6));
  CHECK(logsumexp(copy(transpose(flat)) - 1000, {.axes = {0}}).to_vector<double>()[0] ==
        Approx(std::log(1e5) - 1000).epsilon(1e-6));
  CHECK(logsumexp(array({0.f, 0.f}), {.b = array({1.f, -0.5f})}).item<double>() == Approx(std::log(0.5)));
  CHECK(logmeanexp(array({2.f, 2.f})).item<double>() == Approx(2));
}

TEST_CASE("var and std: shifted data, constants, long columns") {
  const Tensor x = draw({5000, 3});
  const auto want = var(astype(x, float64), {.axes = {0}}).to_vector<double>();
  const auto got = var(x + 1000, {.axes = {0}}).to_vector<double>();
  for (std::size_t i = 0; i < 3; ++i) CHECK(got[i] == Approx(want[i]).epsilon(1e-3));
  CHECK(strata::std(full({3}, 2.0)).item<float>() == 0);
  CHECK(grad([](const Tensor& t) { return strata::std(t); })(full({3}, 2.0)).to_vector<float>() ==
        std::vector<float>{0, 0, 0});
  CHECK(grad([](const Tensor& t) { return norm(t); })(zeros({3})).to_vector<float>() == std::vector<float>{0, 0, 0});
  const int before = num_threads();
  set_num_threads(1);
  const auto one = var(x).item<float>();
  set_num_threads(3);
  CHECK(var(x).item<float>() == one);
  set_num_threads(before);
}

TEST_CASE("running reductions of every layout") {
  for (const Shape& shape : {Shape{1}, Shape{300}, Shape{40, 7}, Shape{7, 40}, Shape{3, 5, 20}, Shape{200, 90}}) {
    const Tensor x = draw(shape);
    const auto sums = [](Row r) {
      for (std::size_t i = 1; i < r.size(); ++i) r[i] += r[i - 1];
      return r;
    };
    check_layouts(
        x / 4, 1e-4, [](const Tensor& t, int axis) { return cumsum(t, {.axis = axis}); }, sums);
    const auto tops = [](Row r) {
      for (std::size_t i = r.size(); i-- > 1;) r[i - 1] = std::max(r[i - 1], r[i]);
      return r;
    };
    check_layouts(
        x, 0, [](const Tensor& t, int axis) { return cummax(t, {.axis = axis, .reverse = true}); }, tops);
    check_layouts(
        x, 4e-6, [](const Tensor& t, int axis) { return cumlogsumexp(t, {.axis = axis}); },
        [](Row r) {
          double sum = 0;
          for (double& e : r) e = std::log(sum += std::exp(e));
          return r;
        });
  }
  CHECK(cumsum(array({1, 2, 3}), {.exclusive = true}).to_vector<int>() == std::vector<int>{0, 1, 3});
  CHECK(cumprod(array({1, 2, 3}), {.reverse = true}).to_vector<int>() == std::vector<int>{6, 6, 3});
  CHECK(cumlogsumexp(array({-inf, 0.f})).to_vector<float>() == std::vector<float>{-inf, 0});
}

TEST_CASE("statistics: NaN, ties of methods, refusals") {
  const Tensor x = array({{1.f, NAN, 3.f}, {4.f, 5.f, 6.f}});
  CHECK(nansum(x).item<float>() == 19);
  CHECK(nanmean(x, {.axes = {1}}).to_vector<float>() == std::vector<float>{2, 5});
  CHECK(nanmax(x, {.axes = {0}}).to_vector<float>() == std::vector<float>{4, 5, 6});
  CHECK(nanargmin(x, {.axis = 1}).to_vector<int>() == std::vector<int>{0, 0});
  CHECK(std::isnan(median(x).item<float>()));
  CHECK(nanmedian(x, {.axes = {1}}).to_vector<float>() == std::vector<float>{2, 5});
  CHECK(quantile(array({0.f, 10.f}), 0.25).item<float>() == 2.5f);
  CHECK(quantile(array({1, 2, 3, 4}), array({0.f, 1.f})).to_vector<float>() == std::vector<float>{1, 4});
  CHECK(average(array({1.f, 3.f}), array({3.f, 1.f})).item<float>() == 1.5f);
  CHECK(cov(array({{1.f, 2.f, 3.f}, {3.f, 2.f, 1.f}})).to_vector<float>() == std::vector<float>{1, -1, -1, 1});
  CHECK(interp(array({-1.f, 0.5f, 9.f}), array({0.f, 1.f}), array({10.f, 20.f})).to_vector<float>() ==
        std::vector<float>{10, 15, 20});
  CHECK(histogram(array({0.f, 1.f, 1.5f, 2.f}), {.bins = 2})[0].to_vector<float>() == std::vector<float>{1, 3});
  CHECK(trapezoid(array({1.f, 2.f, 3.f})).item<float>() == 4);
  CHECK(array_equal(x, x).item<bool>() == false);
  CHECK(lexsort({array({2, 1, 2}), array({1, 1, 0})}).to_vector<int>() == std::vector<int>{2, 1, 0});
  CHECK_THROWS_WITH(max(zeros({0, 2}), {.axes = {0}}), Catch::Contains("max: no elements along the reduced axes"));
  CHECK(max(zeros({0, 2}), {.axes = {0}, .initial = -1}).to_vector<float>() == std::vector<float>{-1, -1});
  CHECK_THROWS_AS(median(zeros({0})), ValueError);
  CHECK_THROWS_WITH(norm(zeros({2, 2}), {.ord = 3}), Catch::Contains("norm: there is no norm of order 3"));
}
