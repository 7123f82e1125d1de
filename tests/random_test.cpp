// Randomness: threefry against JAX's numbers, keys under vmap against the loop, error messages. The oracle
// (tests/oracle_test.cpp) compares every sampler with JAX; here are the laws that do not need reference data.
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/ops/cpu/threefry.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

template <class F>
Tensor vmap_of(F f, const Tensor& x, int axis = 0) {
  auto level = VmapLevel::make(x.shape()[axis]);
  const LevelScope scope(level->level());
  const Lane y = level->unwrap(f(level->wrap({x, axis})));
  return y.mapped() ? moveaxis(y.value, y.axis, 0) : y.value;
}

std::vector<std::uint32_t> words(const Tensor& x) { return x.to_vector<std::uint32_t>(); }

/// Key number i of an array of keys [n, 2].
Tensor key_at(const Tensor& keys, std::int64_t i) { return view_of(keys, {2}, {1}, 2 * i); }

bool same(const Tensor& a, const Tensor& b) {
  const Tensor x = copy(a).to(cpu), y = copy(b).to(cpu);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(dense(x).data, dense(y).data, static_cast<std::size_t>(x.size() * itemsize(x.dtype()))) == 0;
}

/// f mapped over keys [n, 2] gives what f gives for each of them.
template <class F>
void check_lanes(F f) {
  for (const std::int64_t n : {1, 3, 40}) {
    const Tensor keys = random::split(random::key(3), n);
    const Tensor mapped = copy(vmap_of(f, keys));
    const Tensor along_last = copy(vmap_of(f, copy(transpose(keys)), 1));
    REQUIRE(mapped.shape()[0] == n);
    CHECK(same(mapped, along_last));
    for (std::int64_t i = 0; i < n; ++i) {
      const Tensor one = f(key_at(keys, i));
      const Tensor lane = view_of(mapped, one.shape(), row_major(one.shape()), i * one.size());
      INFO("lane " << i << " of " << n);
      CHECK(same(one, lane));
    }
  }
}

}  // namespace

TEST_CASE("keys, split and fold_in are JAX's") {
  CHECK(words(random::key(42)) == std::vector<std::uint32_t>{0, 42});
  CHECK(words(random::key(-7)) == std::vector<std::uint32_t>{0, 4294967289u});
  CHECK(words(random::key(1099511627781)) == std::vector<std::uint32_t>{0, 5});
  CHECK(words(random::split(random::key(0))) ==
        std::vector<std::uint32_t>{1797259609u, 2579123966u, 928981903u, 3453687069u});
  CHECK(random::split(random::key(0), {2, 3}).shape() == Shape{2, 3, 2});
  CHECK(same(reshape(random::split(random::key(0), {2, 3}), {6, 2}), random::split(random::key(0), 6)));
  CHECK(words(random::fold_in(random::key(42), 7)) == std::vector<std::uint32_t>{2547012911u, 1371500959u});
  CHECK(words(random::bits(random::key(42), {3})) == std::vector<std::uint32_t>{2098992034u, 2919706841u, 2646866425u});
}

TEST_CASE("draws of every size agree: a counter's bits do not depend on the others") {
  const Tensor key = random::key(11);
  const auto all = words(random::bits(key, {5000}));
  const auto z = random::normal(key, {5000}).to_vector<float>();
  for (const std::int64_t n : {0, 1, 2, 7, 15, 16, 17, 100, 1023, 1024, 1025, 4999}) {
    const auto part = words(random::bits(key, {n}));
    CHECK(std::equal(part.begin(), part.end(), all.begin()));
    const auto normals = random::normal(key, {n}).to_vector<float>();
    CHECK(std::equal(normals.begin(), normals.end(), z.begin()));
  }
}

TEST_CASE("counters beyond 2^32 carry into the upper word") {
  const std::uint32_t key[2] = {7, 9};
  std::uint32_t hi = 1, lo = 5, y[2];
  threefry2x32(key, hi, lo);
  threefry_kernels().pairs(key, 1, 5, 1, y);
  CHECK((y[0] == hi && y[1] == lo));
}

TEST_CASE("every instruction set draws the same bits") {
  const std::uint32_t key[2] = {0xdeadbeef, 42};
  const ThreefryKernels& best = threefry_kernels();
  const ThreefryKernels& plain = ThreefrySet<Isa::baseline>::table;
  for (const std::int64_t n : {1, 4, 31, 64}) {
    std::vector<std::uint32_t> a(static_cast<std::size_t>(n)), b = a;
    best.bits(key, 0, 0xfffffff0u - 64, n, a.data());
    plain.bits(key, 0, 0xfffffff0u - 64, n, b.data());
    CHECK(a == b);
    best.normal(a.data(), n);
    plain.normal(b.data(), n);
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(std::bit_cast<float>(a[i]) == Approx(std::bit_cast<float>(b[i])).epsilon(1e-6));
    }
  }
}

TEST_CASE("normal: moments, range, the extreme tails") {
  const auto z = random::normal(random::key(1), {200000}).to_vector<float>();
  double mean = 0, square = 0;
  for (float v : z) mean += v, square += double(v) * v;
  CHECK(std::abs(mean / 200000) < 0.01);
  CHECK(std::abs(square / 200000 - 1) < 0.01);
  // The smallest and the largest bits there are: u = -(1 - 2^-24) and 1 - 3 * 2^-24.
  std::uint32_t ends[] = {0, 0xffffffffu, 0x80000000u};
  threefry_kernels().normal(ends, 3);
  CHECK(std::bit_cast<float>(ends[0]) == Approx(-5.4198).epsilon(1e-3));
  CHECK(std::bit_cast<float>(ends[1]) == Approx(5.2).epsilon(2e-2));
  CHECK(std::bit_cast<float>(ends[2]) == Approx(7.5e-8).epsilon(0.01));
}

TEST_CASE("the number of threads does not matter") {
  const int threads = num_threads();
  const Tensor a = random::normal(random::key(5), {100001});
  set_num_threads(1);
  const Tensor b = random::normal(random::key(5), {100001});
  set_num_threads(threads);
  CHECK(same(a, b));
}

TEST_CASE("a mapped key draws what the loop over keys draws, bit for bit") {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 9}, Shape{33}, Shape{0}}) {
    check_lanes([&](const Tensor& k) { return random::bits(k, shape); });
    check_lanes([&](const Tensor& k) { return random::bits(k, shape, {.dtype = uint8}); });
    check_lanes([&](const Tensor& k) { return random::bits(k, shape, {.dtype = uint64}); });
    check_lanes([&](const Tensor& k) { return random::uniform(k, shape); });
    check_lanes(
        [&](const Tensor& k) { return random::uniform(k, shape, {.low = -2, .high = 3.5, .dtype = bfloat16}); });
    check_lanes([&](const Tensor& k) { return random::uniform(k, shape, {.dtype = float64}); });
    check_lanes([&](const Tensor& k) { return random::normal(k, shape); });
    check_lanes([&](const Tensor& k) { return random::bernoulli(k, 0.3, shape); });
    check_lanes([&](const Tensor& k) { return random::split(k, shape); });
  }
  check_lanes([](const Tensor& k) { return random::fold_in(k, 3); });
}

TEST_CASE("nested vmap over keys; a shared key gives all lanes the same draw") {
  const Tensor keys = random::split(random::key(8), {4, 3});
  const auto inner = [](const Tensor& k) { return random::normal(k, {2}); };
  const Tensor y = vmap_of([&](const Tensor& row) { return vmap_of(inner, row); }, keys);
  const Tensor flat = vmap_of(inner, reshape(keys, {12, 2}));
  CHECK(same(reshape(y, {12, 2}), flat));

  const Tensor key = random::key(8), x = zeros({5});
  const Tensor shared = vmap_of([&](const Tensor& e) { return e + random::normal(key, {2}); }, x);
  CHECK(shared.shape() == Shape{5, 2});
  CHECK(same(shared, copy(broadcast_to(random::normal(key, {2}), {5, 2}))));
}

TEST_CASE("samplers: mapped keys and parameters give what the loop gives") {
  const Tensor rates = random::uniform(random::key(1), {5}, {.high = 30});
  check_lanes([](const Tensor& k) { return random::randint(k, {7}, -3, 12); });
  check_lanes([](const Tensor& k) { return random::randint(k, {2, 3}, 0, 300, {.dtype = uint8}); });
  check_lanes([](const Tensor& k) { return random::permutation(k, 17); });
  check_lanes([&](const Tensor& k) { return random::poisson(k, rates); });
  check_lanes([&](const Tensor& k) { return random::gamma(k, rates); });
  check_lanes([&](const Tensor& k) { return random::binomial(k, 40, 0.4, {5}); });
  check_lanes([](const Tensor& k) { return random::truncated_normal(k, -1, 2, {5}); });
  check_lanes([](const Tensor& k) { return random::categorical(k, linspace(0, 1, 6)); });
  check_lanes([](const Tensor& k) { return random::choice(k, 9, {4}, {.replace = false}); });
  // A shared key with mapped parameters: one draw, seen by each lane's parameter.
  const Tensor key = random::key(4);
  const Tensor mapped = vmap_of([&](const Tensor& r) { return random::poisson(key, r, {3}); }, rates);
  for (int i = 0; i < 5; ++i) CHECK(same(copy(mapped[i]), random::poisson(key, rates[i], {3})));
}

TEST_CASE("integers: bounds, full ranges, small dtypes") {
  const Tensor key = random::key(9);
  const auto between = [&](Tensor x, std::int64_t low, std::int64_t high) {
    for (const auto v : x.to_vector<std::int64_t>()) {
      if (v < low || v >= high) return false;
    }
    return true;
  };
  CHECK(between(random::randint(key, {5000}, -7, 3), -7, 3));
  CHECK(between(random::randint(key, {5000}, 250, 1000, {.dtype = uint8}), 250, 256));
  CHECK(between(random::randint(key, {5000}, 0, 256, {.dtype = uint8}), 0, 256));
  CHECK(between(random::randint(key, {5000}, -1000000000000, 1000000000000, {.dtype = int64}), -1000000000000,
                1000000000000));
  CHECK(random::randint(key, {3}, 5, 5).to_vector<int>() == std::vector<int>{5, 5, 5});
  const auto all = random::randint(key, {20000}, -128, 128, {.dtype = int8}).to_vector<int>();
  CHECK(std::set<int>(all.begin(), all.end()).size() == 256);
}

TEST_CASE("permutations: each element once, rows kept together, independent ones not") {
  const Tensor key = random::key(2);
  for (const std::int64_t n : {0, 1, 2, 10, 3000}) {
    auto v = random::permutation(key, n).to_vector<std::int64_t>();
    std::sort(v.begin(), v.end());
    for (std::int64_t i = 0; i < n; ++i) CHECK(v[static_cast<std::size_t>(i)] == i);
  }
  const Tensor x = reshape(arange(12), {4, 3});
  const Tensor rows = random::permutation(key, x);
  for (int i = 0; i < 4; ++i) {
    const auto r = copy(rows[i]).to_vector<int>();
    CHECK((r[1] == r[0] + 1 && r[2] == r[0] + 2 && r[0] % 3 == 0));
  }
  const Tensor each = random::permutation(key, x, {.axis = 1, .independent = true});
  for (int i = 0; i < 4; ++i) {
    auto r = copy(each[i]).to_vector<int>();
    std::sort(r.begin(), r.end());
    CHECK(r == std::vector<int>{3 * i, 3 * i + 1, 3 * i + 2});
  }
}

namespace {

std::pair<double, double> moments(const Tensor& x) {
  const auto v = x.to_vector<double>();
  double mean = 0, square = 0;
  for (const double e : v) mean += e, square += e * e;
  mean /= static_cast<double>(v.size());
  return {mean, square / static_cast<double>(v.size()) - mean * mean};
}

void check_moments(const Tensor& x, double mean, double variance) {
  const auto [m, v] = moments(x);
  CHECK(m == Approx(mean).margin(0.02).epsilon(0.02));
  CHECK(v == Approx(variance).margin(0.02).epsilon(0.05));
}

}  // namespace

TEST_CASE("means and variances") {
  const Tensor key = random::key(77);
  const Shape n{40000};
  check_moments(random::exponential(key, n), 1, 1);
  check_moments(random::gumbel(key, n), 0.57722, 1.64493);
  check_moments(random::laplace(key, n), 0, 2);
  check_moments(random::logistic(key, n), 0, 3.28987);
  check_moments(random::rademacher(key, n), 0, 1);
  check_moments(random::maxwell(key, n), 1.59577, 0.45352);
  check_moments(random::truncated_normal(key, -1, 1, n), 0, 0.29112);
  check_moments(random::lognormal(key, 0.5, n), 1.13315, 0.36470);
  check_moments(random::pareto(key, 5, n), 1.25, 0.10417);
  check_moments(random::rayleigh(key, 2, n), 2.50663, 1.71681);
  check_moments(random::weibull_min(key, 2, 3, n), 1.78596, 0.42145);
  check_moments(random::triangular(key, 0, 1, 3, n), 1.33333, 0.38889);
  check_moments(random::wald(key, 1.5, n), 1.5, 3.375);
  check_moments(random::geometric(key, 0.4, n), 2.5, 3.75);
  check_moments(random::double_sided_maxwell(key, 1, 2, n), 1, 12);
  check_moments(random::gamma(key, 0.3, n), 0.3, 0.3);
  check_moments(random::gamma(key, 7, n, {.dtype = float64}), 7, 7);
  check_moments(exp(random::loggamma(key, 0.3, n)), 0.3, 0.3);
  check_moments(random::beta(key, 2, 3, n), 0.4, 0.04);
  check_moments(random::chisquare(key, 4, n), 4, 8);
  check_moments(random::f(key, 5, 12, n), 1.2, 1.08);
  check_moments(random::student_t(key, 9, n), 0, 1.28571);
  check_moments(random::generalized_normal(key, 2, n), 0, 0.5);
  check_moments(random::poisson(key, 3.5, n), 3.5, 3.5);
  check_moments(random::poisson(key, 60, n), 60, 60);
  check_moments(random::binomial(key, 10, 0.3, n), 3, 2.1);
  check_moments(random::binomial(key, 200, 0.7, n), 140, 42);
  check_moments(random::bernoulli(key, 0.25, n), 0.25, 0.1875);
  for (const Dtype d : {float64, float16, bfloat16}) check_moments(random::normal(key, n, {.dtype = d}), 0, 1);
  CHECK(maximum(sum(square(random::ball(key, 3, {500})), {.axes = {-1}}), 1).to_vector<float>() ==
        std::vector<float>(500, 1));
}

TEST_CASE("wrong arguments are named") {
  const Tensor key = random::key(0);
  CHECK_THROWS_WITH(random::gamma(key, ones({3}), {2, 2}),
                    "random.gamma: a has shape [3], which does not broadcast to [2, 2]");
  CHECK_THROWS_WITH(random::beta(key, ones({3}), ones({2})), Catch::StartsWith("random.beta: "));
  CHECK_THROWS_WITH(random::choice(key, 3, {4}, {.replace = false}),
                    "random.choice: 4 cannot be chosen from 3 without replacement");
  CHECK_THROWS_WITH(random::choice(key, 0, {4}), "random.choice: there is nothing to choose from");
  CHECK_THROWS_WITH(random::choice(key, 3, {4}, {.p = ones({2})}),
                    "random.choice: p has shape [2], which is not one probability for each of 3");
  CHECK_THROWS_WITH(random::permutation(key, 2.5),
                    "random.permutation: a number says how many there are, so it is an integer, not float32");
  CHECK_THROWS_WITH(random::permutation(key, -1), "random.permutation: there cannot be -1");
  CHECK_THROWS_WITH(random::poisson(key, 1, {}, {.dtype = float32}),
                    "random.poisson: draws are of an integer dtype, float32 was asked for");
  CHECK_THROWS_WITH(random::categorical(key, ones({2, 3}), {.shape = {3}}),
                    Catch::StartsWith("random.categorical: the logits are for [2], which does not broadcast to [3]") ||
                        Catch::StartsWith("random.categorical: "));
}

TEST_CASE("wrong keys are named") {
  CHECK_THROWS_WITH(random::normal(zeros({3})),
                    "random.normal: the key has dtype float32, shape [3]: a key is a uint32 tensor whose last axis is "
                    "2; make one with st::random::key(seed)");
  CHECK_THROWS_AS(random::normal(zeros({3})), DtypeError);
  CHECK_THROWS_WITH(random::split(zeros({3}, {.dtype = uint32})),
                    "random.split: the key has dtype uint32, shape [3]: a key is a uint32 tensor whose last axis is 2; "
                    "make one with st::random::key(seed)");
  CHECK_THROWS_AS(random::split(zeros({3}, {.dtype = uint32})), ShapeError);
  CHECK_THROWS_WITH(random::uniform(random::split(random::key(0), 4)),
                    "random.uniform: the key has shape [4, 2], which is 4 keys: take one, or map over them with "
                    "st::vmap");
  CHECK_THROWS_WITH(random::uniform(random::key(0), {2, -1}), "random.uniform: the shape [2, -1] has a negative size");
  CHECK_THROWS_WITH(random::bits(random::key(0), {2}, {.dtype = int32}),
                    "random.bits: bits are unsigned integers, int32 was asked for");
  CHECK_THROWS_WITH(random::normal(random::key(0), {2}, {.dtype = int32}),
                    "random.normal: draws are of a float dtype, int32 was asked for");
  CHECK_THROWS_WITH(random::key(1.5), "random.key: the seed has dtype float32, shape []: a seed is one integer");
  CHECK_THROWS_WITH(random::fold_in(random::key(1), zeros({2}, {.dtype = int32})),
                    "random.fold_in: the data has dtype int32, shape [2]: it is one integer");
}
