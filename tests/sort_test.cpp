// Sorting against std::stable_sort: every dtype, short lines and long ones (which are sorted by radix), any axis, ties,
// NaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

std::mt19937 engine(11);

/// Values of few kinds, so that there are ties; floats get NaN, infinities and both zeros.
Tensor draw(const Shape& shape, Dtype dtype, int kinds) {
  Tensor t = empty_dense(shape, Dtype::float64);
  std::uniform_int_distribution<int> d(0, kinds);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    const int k = d(engine);
    double v = is_unsigned_int(dtype) || dtype == Dtype::bool_ ? k : k - kinds / 2;
    if (is_float(dtype)) {
      if (k == 1) v = std::numeric_limits<double>::quiet_NaN();
      if (k == 2) v = std::numeric_limits<double>::infinity();
      if (k == 3) v = -std::numeric_limits<double>::infinity();
      if (k == 4) v = -0.0;
    }
    reinterpret_cast<double*>(dense(t).data)[i] = v;
  }
  return astype(t, dtype);
}

/// NaN is the largest.
bool before(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }

std::vector<int> plain_order(const double* v, std::size_t n, bool descending) {
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return descending ? before(v[b], v[a]) : before(v[a], v[b]); });
  return order;
}

void check_lines(const Tensor& x, bool descending) {
  const std::vector<double> v = x.to_vector<double>();
  const std::vector<int> got = argsort(x, {.descending = descending}).to_vector<int>();
  const std::vector<double> sorted = sort(x, {.descending = descending}).to_vector<double>();
  const auto n = static_cast<std::size_t>(x.shape().back());
  bool same = true;
  for (std::size_t line = 0; line < v.size(); line += n) {
    const std::vector<int> want = plain_order(v.data() + line, n, descending);
    for (std::size_t k = 0; k < n; ++k) {
      const double element = v[line + static_cast<std::size_t>(want[k])];
      same &= got[line + k] == want[k];
      same &= sorted[line + k] == element || (std::isnan(sorted[line + k]) && std::isnan(element));
    }
  }
  CAPTURE(name(x.dtype()), x.shape(), descending);
  CHECK(same);
}

}  // namespace

TEST_CASE("sort and argsort of every dtype, short and long lines") {
  for (const Dtype dtype :
       {bool_, uint8, uint16, uint32, uint64, int8, int16, int32, int64, bfloat16, float16, float32, float64}) {
    for (const Shape& shape : {Shape{1}, Shape{3, 17}, Shape{2, 100}, Shape{2, 700}, Shape{5000}}) {
      for (const int kinds : {1, 10, 120}) {
        if (dtype == bool_ && kinds > 1) continue;
        check_lines(draw(shape, dtype, kinds), false);
        check_lines(draw(shape, dtype, kinds), true);
      }
    }
  }
}

TEST_CASE("long lines of distinct floats") {
  std::vector<float> v(200000);
  std::normal_distribution<float> d;
  for (float& e : v) e = d(engine);
  const Tensor x = copy(borrow(v.data(), Shape{v.size()}));
  std::vector<float> want = v;
  std::sort(want.begin(), want.end());
  CHECK(sort(x).to_vector<float>() == want);
  const auto [values, index] = top_k(x, 3);
  CHECK(values.to_vector<float>() == std::vector<float>(want.rbegin(), want.rbegin() + 3));
  CHECK(v[static_cast<std::size_t>(index.to_vector<int>()[2])] == want[want.size() - 3]);
}

TEST_CASE("sort along any axis of a view") {
  const Tensor x = draw({4, 5, 6}, float32, 40);
  for (int axis = 0; axis < 3; ++axis) {
    const Tensor last = sort(copy(moveaxis(x, axis, -1)));
    CHECK(sort(x, {.axis = axis}).to_vector<int>() == moveaxis(last, -1, axis).to_vector<int>());
    CHECK(argsort(transpose(x), {.axis = 2 - axis}).to_vector<int>() ==
          transpose(argsort(x, {.axis = axis})).to_vector<int>());
  }
}

TEST_CASE("top_k: ties, bounds") {
  const Tensor x = astype(array({1, 3, 3, 2}), float32);
  CHECK(top_k(x, 2)[1].to_vector<int>() == std::vector<int>{1, 2});
  CHECK(top_k(x, 0)[0].shape() == Shape{0});
  CHECK_THROWS_WITH(top_k(x, 5), Catch::Contains("top_k: 5 of 4 elements are wanted along axis 0 of shape [4]"));
  CHECK(top_k(reshape(x, {2, 2}), 1, {.axis = 0})[1].to_vector<int>() == std::vector<int>{1, 0});
}

TEST_CASE("searchsorted: sides, NaN, a matrix of values") {
  const Tensor a = array({1.f, 2.f, 2.f, 5.f}), v = array({{0.f, 2.f}, {5.f, NAN}});
  CHECK(searchsorted(a, v).to_vector<int>() == std::vector<int>{0, 1, 3, 4});
  CHECK(searchsorted(a, v, {.right = true}).to_vector<int>() == std::vector<int>{0, 3, 4, 4});
  CHECK_THROWS_AS(searchsorted(v, a), ShapeError);
}
