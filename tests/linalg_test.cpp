// Linear algebra by its definitions: factors multiply to the matrix, solutions solve, in both dtypes and over leading
// axes; singular matrices, shared matrices under vmap, errors.
#include <cmath>
#include <random>

#include "strata/core/error.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

std::mt19937 generator(5);

Tensor draw(const Shape& shape, Dtype dtype = float64) {
  Tensor t = empty_dense(shape, float64);
  std::normal_distribution<double> normal;
  for (std::int64_t i = 0; i < t.size(); ++i) reinterpret_cast<double*>(dense(t).data)[i] = normal(generator);
  return astype(t.to(default_device()), dtype);
}

double largest(const Tensor& x) {
  double m = 0;
  for (double v : x.to_vector<double>()) m = std::isnan(v) ? INFINITY : std::max(m, std::abs(v));
  return m;
}

const std::vector<Shape> shapes = {{1, 1}, {4, 4}, {33, 33}, {3, 5, 5}, {2, 0, 3, 3}, {0, 0}};

}  // namespace

TEST_CASE("factors and solutions satisfy their equations") {
  for (const Dtype dtype : {float32, float64}) {
    const double near = dtype == float32 ? 2e-3 : 1e-10;
    for (const Shape& s : shapes) {
      CAPTURE(to_string(s), name(dtype));
      const Tensor a = draw(s, dtype), b = draw(s, dtype), one = linalg::inv(a);
      const std::int64_t n = s.back();
      const Tensor p = matmul(a, mT(a)) + eye(n, {.dtype = dtype}) * n;
      const Tensor l = linalg::cholesky(p);
      CHECK(largest(matmul(l, mT(l)) - p) <= near * static_cast<double>(n));
      CHECK(largest(linalg::cholesky(p, {.upper = true}) - mT(l)) == 0);
      CHECK(largest(matmul(p, linalg::solve(p, b)) - b) < near);
      CHECK(largest(matmul(l, linalg::triangular_solve(l, b, {.lower = true})) - b) < near);
      CHECK(largest(matmul(linalg::triangular_solve(l, b, {.left_side = false, .lower = true, .transpose_a = true}),
                           mT(l)) -
                    b) < near);
      const auto [w, v] = linalg::eigh(p);
      CHECK(largest(matmul(v * expand_dims(w, -2), mT(v)) - p) < near * static_cast<double>(n + 1));
      const auto [sign, log] = linalg::slogdet(p);
      if (n > 0) CHECK(largest(log - sum(strata::log(w), {.axes = {-1}})) < near * static_cast<double>(n));
      CHECK(largest(sign - 1) == 0);
    }
  }
}

TEST_CASE("singular values and QR, tall and wide") {
  for (const Shape& s : {Shape{5, 3}, Shape{3, 5}, Shape{2, 4, 4}, Shape{0, 3}}) {
    const Tensor a = draw(s);
    const auto [u, sv, vt] = linalg::svd(a);
    CHECK(largest(matmul(u * expand_dims(sv, -2), vt) - a) < 1e-12);
    const auto [q, r] = linalg::qr(a);
    CHECK(largest(matmul(q, r) - a) < 1e-12);
    CHECK(largest(matmul(mT(q), q) - eye(q.size(-1), {.dtype = float64})) < 1e-12);
  }
}

TEST_CASE("determinants of singular matrices have derivatives") {
  CHECK(linalg::det(zeros({0, 0})).item<float>() == 1);
  const Tensor a = reshape(arange(25), {5, 5});
  CHECK(std::abs(linalg::det(astype(a, float64)).item<double>()) < 1e-9);
  const auto [sign, log] = linalg::slogdet(zeros({2, 2}));
  CHECK(sign.item<float>() == 0);
  CHECK(log.item<float>() == -INFINITY);
  // Rank n - 1: d det is the product of the other singular values times two unit vectors.
  const Tensor rank_three = matmul(draw({4, 3}), draw({3, 4}));
  const auto [u, s, vt] = linalg::svd(rank_three);
  const Tensor third = s[0] * s[1] * s[2];
  const double step = 1e-6;
  const Tensor e = reshape(eye(16, {.dtype = float64})[6] * step, {4, 4});
  const double difference =
      (linalg::det(rank_three + e).item<double>() - linalg::det(rank_three - e).item<double>()) / (2 * step);
  const double expected = third.item<double>() * u[{1, 3}].item<double>() * vt[{3, 2}].item<double>();
  CHECK(std::abs(std::abs(difference) - std::abs(expected)) < 1e-6 * (1 + std::abs(expected)));
}

TEST_CASE("lanes of right-hand sides share one factorisation") {
  const Tensor a = draw({4, 4}), b = draw({7, 4, 2});
  auto level = VmapLevel::make(7);
  const LevelScope scope(level->level());
  const Lane x = level->unwrap(linalg::solve(a, level->wrap({b, 0})));
  CHECK(largest(matmul(a, moveaxis(x.value, x.axis, 0)) - b) < 1e-10);
  const Lane t = level->unwrap(linalg::triangular_solve(a, level->wrap({moveaxis(b, 0, 2), 2})));
  CHECK(t.value.size() == b.size());
}

TEST_CASE("what is not positive definite is NaN; the other triangle is not read") {
  const Tensor bad = linalg::cholesky(-eye(2));
  CHECK(std::isnan(bad[{1, 0}].item<float>()));
  CHECK(bad[{0, 1}].item<float>() == 0);
  const Tensor one_sided = array({{4.f, 100.f}, {2.f, 5.f}});
  CHECK(linalg::cholesky(one_sided, {.symmetrize_input = false}).to_vector<float>() == std::vector<float>{2, 0, 1, 2});
}

TEST_CASE("errors of linear algebra, word for word") {
  CHECK_THROWS_WITH(linalg::inv(zeros({2, 3})),
                    "linalg::inv: the matrices of [2, 3] are not square (2 rows, 3 columns)");
  CHECK_THROWS_WITH(linalg::det(zeros({3})), "linalg::det: [3] has no matrices along its last two axes");
  CHECK_THROWS_WITH(linalg::cholesky(astype(eye(2), bfloat16)),
                    "linalg::cholesky: bfloat16 has too few digits; convert it with st::astype(a, st::float32)");
  CHECK_THROWS_WITH(linalg::solve(eye(3), zeros({2})), "linalg::solve: a [3, 3] has 3 rows, b [2] has 2");
  CHECK_THROWS_AS(linalg::triangular_solve(eye(3), zeros({2, 2})), ShapeError);
}
