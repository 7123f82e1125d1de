// Pointwise evaluation and its edges: every way operands are walked against a plain loop, promotion and refusals,
// integers that wrap and divide by zero, numbers that stay weak, derivatives fused and composed. Values and derivatives
// of the ops themselves are tested by oracle_test and laws_test.
#include <cmath>
#include <limits>
#include <numeric>

#include "strata/autograd/tape.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

/// 0, 1, 2, ... as float32 in shape.
Tensor counting(const Shape& shape) { return reshape(astype(arange(shape.elements()), float32), shape); }

/// x - y by a plain loop over indices of the broadcast shape.
std::vector<float> reference_sub(const Tensor& x, const Tensor& y) {
  const Shape shape = broadcast_shapes("test", x.shape(), y.shape());
  const auto a = broadcast_to(x, shape).to_vector<float>(), b = broadcast_to(y, shape).to_vector<float>();
  std::vector<float> r(a.size());
  for (std::size_t i = 0; i < r.size(); ++i) r[i] = a[i] - b[i];
  return r;
}

void check_sub(const Tensor& x, const Tensor& y) {
  INFO(to_string(x.shape()) << " - " << to_string(y.shape()));
  CHECK(sub(x, y).to_vector<float>() == reference_sub(x, y));
  CHECK(sub(y, x).to_vector<float>() == reference_sub(y, x));
}

std::vector<float> grad_of(Tensor (*f)(const Tensor&), const Tensor& x) {
  Tape tape;
  const LevelScope scope(tape.level());
  const Tensor leaf = tape.watch(x);
  const Edge root = tape.unwatch(f(leaf)).second, at = tape.unwatch(leaf).second;
  const Tensor g = ones(x.shape());
  const Tensor dx = tape.backward({&root, 1}, {&g, 1}, {&at, 1}, false)[0];
  return (dx.defined() ? dx : zeros(x.shape())).to_vector<float>();
}

}  // namespace

TEST_CASE("operands are walked in every layout") {
  for (const std::int64_t n : {1, 3, 15, 16, 17, 100, 129}) {
    for (const std::int64_t m : {1, 2, 16, 33, 200}) {
      const Tensor x = counting({n, m}), t = transpose(counting({m, n}));
      check_sub(x, counting({m}));
      check_sub(x, counting({n, 1}));
      check_sub(x, counting({}));
      check_sub(x, t);
      check_sub(t, transpose(counting({m, n})));
      check_sub(t, counting({m}));
      check_sub(broadcast_to(counting({m}), {n, m}), t);
      check_sub(reshape(x, {1, n, m}), counting({3, 1, m}));
    }
  }
  check_sub(transpose(counting({5, 4, 30, 40}), {3, 1, 0, 2}), transpose(counting({30, 5, 4, 40})));
  check_sub(transpose(counting({20, 3, 40}), {2, 1, 0}), counting({3, 1}));
}

TEST_CASE("large operands give the same on any number of threads") {
  const Tensor x = counting({700, 301}), t = transpose(counting({301, 700})), row = counting({301}),
               column = counting({700, 1});
  const int threads = num_threads();
  for (const int count : {1, 3}) {
    set_num_threads(count);
    check_sub(x, x);
    check_sub(x, row);
    check_sub(x, column);
    check_sub(x, t);
    check_sub(counting({3, 70000}), counting({3, 1}));
    check_sub(counting({70000, 3}), counting({3}));
  }
  set_num_threads(threads);
}

TEST_CASE("half types compute in float32 and round once") {
  for (const Dtype d : {bfloat16, float16}) {
    for (const Shape& shape : {Shape{7}, Shape{40, 50}, Shape{3, 2000}}) {
      const Tensor x = astype(counting(shape) / 7, d), row = astype(counting({shape.back()}) / 3, d);
      const Tensor y = x * row + x;
      const Tensor product = astype(astype(x, float32) * astype(row, float32), d);
      const Tensor expected = astype(astype(product, float32) + astype(x, float32), d);
      CHECK(y.dtype() == d);
      CHECK(y.to_vector<float>() == expected.to_vector<float>());
      CHECK((transpose(x) * 2).dtype() == d);
      CHECK(transpose(transpose(x) * 2).to_vector<float>() == (x * 2).to_vector<float>());
    }
  }
}

TEST_CASE("a temporary gives its buffer, a named tensor keeps its own") {
  const Tensor x = counting({5000});
  Tensor y = x + 1;
  const void* const memory = dense(y).data;
  const Tensor z = std::move(y) * 2;
  CHECK(dense(z).data == memory);
  const Tensor w = z * 2;
  CHECK(dense(w).data != memory);
  CHECK(z.to_vector<float>()[4] == 10);
  Tensor self = x + 0;
  self = self + self;
  CHECK(self.to_vector<float>()[3] == 6);
}

TEST_CASE("numbers are weak and known in full") {
  const Tensor f = counting({3}), i = array({1, 2, 3}), b = array({true, false, true});
  CHECK((f + 1).dtype() == float32);
  CHECK((i + 1).dtype() == int32);
  CHECK((i + 1.5).dtype() == float32);
  CHECK((b + 2).dtype() == int32);
  CHECK((b + 2.5).dtype() == float32);
  CHECK((astype(f, bfloat16) * 0.1).dtype() == bfloat16);
  CHECK((astype(f, float64) + 0.1).to_vector<double>()[0] == 0.1);
  CHECK((astype(i, int64) + (std::int64_t{1} << 40)).to_vector<std::int64_t>()[0] == (std::int64_t{1} << 40) + 1);
  CHECK((astype(i, uint8) + 255).to_vector<int>()[0] == 0);
  const Tensor number = 0.1;
  CHECK((astype(f, float64) * number).dtype() == float64);
  CHECK((astype(f, float64) + number).to_vector<double>()[0] == 0.1);
  CHECK(number.item<double>() == 0.1);
  CHECK(number.dtype() == float32);
  CHECK((Tensor(2) * 3).weak());
  CHECK((i / i).dtype() == float32);
  CHECK((astype(i, int64) / 2).dtype() == float64);
  CHECK(where(f > 0, 1, f).dtype() == float32);
  CHECK(where(b, i, 0.5).dtype() == float32);
  CHECK((f < 1).dtype() == bool_);
}

TEST_CASE("bool arithmetic is logic, and what makes no sense is refused") {
  const Tensor t = array({true, true, false}), u = array({true, false, false});
  CHECK((t + u).to_vector<bool>() == std::vector<bool>{true, true, false});
  CHECK((t * u).to_vector<bool>() == std::vector<bool>{true, false, false});
  CHECK((t & u).to_vector<bool>() == std::vector<bool>{true, false, false});
  CHECK((t ^ u).to_vector<bool>() == std::vector<bool>{false, true, false});
  CHECK((~t).to_vector<bool>() == std::vector<bool>{false, false, true});
  CHECK((!counting({2})).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK((counting({2}) && Tensor(true)).to_vector<bool>() == std::vector<bool>{false, true});
  CHECK_THROWS_AS(t - u, DtypeError);
  CHECK_THROWS_AS(-t, DtypeError);
  CHECK_THROWS_WITH(counting({2}) & 1, Catch::Contains("bitwise_and") && Catch::Contains("float32"));
  CHECK_THROWS_AS(left_shift(counting({2}), 1), DtypeError);
  CHECK_THROWS_WITH(counting({2, 3}) + counting({2}), Catch::Contains("add") && Catch::Contains("[2, 3]"));
  CHECK_THROWS_AS(Tensor() + 1, ValueError);
  CHECK_THROWS_AS(pow(array({2}), -1), ValueError);
}

TEST_CASE("integers wrap around and never trap") {
  constexpr int low = std::numeric_limits<int>::min(), high = std::numeric_limits<int>::max();
  const Tensor x = array({7, -7, 0, low, high});
  using V = std::vector<int>;
  CHECK((x + 1).to_vector<int>() == V{8, -6, 1, low + 1, low});
  CHECK((-x).to_vector<int>() == V{-7, 7, 0, low, -high});
  CHECK(abs(x).to_vector<int>() == V{7, 7, 0, low, high});
  CHECK(trunc_divide(x, 0).to_vector<int>() == V{-1, -1, -1, -1, -1});
  CHECK(floor_divide(x, 0).to_vector<int>() == V{-1, -1, -1, -1, -1});
  CHECK(rem(x, 0).to_vector<int>() == V{7, -7, 0, low, high});
  CHECK(fmod(x, 0).to_vector<int>() == V{0, 0, 0, 0, 0});
  CHECK(trunc_divide(x, -1).to_vector<int>() == V{-7, 7, 0, low, -high});
  CHECK(remainder(x, -1).to_vector<int>() == V{0, 0, 0, 0, 0});
  CHECK((x % 4).to_vector<int>() == V{3, 1, 0, 0, 3});
  CHECK(left_shift(x, 32).to_vector<int>() == V{0, 0, 0, 0, 0});
  CHECK(right_shift(x, 99).to_vector<int>() == V{0, -1, 0, -1, 0});
  CHECK(right_shift(x, -1).to_vector<int>() == V{0, -1, 0, -1, 0});
  CHECK(shift_right_logical(x, 31).to_vector<int>() == V{0, 1, 0, 1, 0});
  CHECK(pow(x, 2).to_vector<int>() == V{49, 49, 0, 0, 1});
  CHECK(clz(x).to_vector<int>() == V{29, 0, 32, 0, 1});
  CHECK(population_count(x).to_vector<int>() == V{3, 30, 0, 1, 31});
  CHECK(clz(array({1, 255}, {.dtype = uint8})).to_vector<int>() == V{7, 0});
  CHECK(gcd(array({12, -18, 0}), 8).to_vector<int>() == V{4, 2, 8});
  CHECK(lcm(array({4, -6, 0}), 10).to_vector<int>() == V{20, 30, 0});
}

TEST_CASE("small and large calls agree bit for bit") {
  const Tensor large = counting({3000}) / 300 - 5, host = large.to(cpu);
  const Tensor small = array(std::span(host.data<float>(), 40), {40});
  using Unary = Tensor (*)(Tensor);
  for (const Unary f :
       {Unary(&exp), Unary(&tanh), Unary(&erf), Unary(&sin), Unary(&log1p), Unary(&mish), Unary(&sqrt)}) {
    const auto a = f(large).to_vector<float>(), b = f(small).to_vector<float>();
    for (std::size_t i = 0; i < b.size(); ++i) CHECK((a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))));
  }
}

TEST_CASE("division and rounding of floats") {
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(floor_divide(array({7.f, -7.f, 1.f}), array({2.f, 2.f, 0.f})).to_vector<float>() ==
        std::vector<float>{3, -4, inf});
  CHECK(round(array({2.5f, 3.5f, -0.5f, 1.235f})).to_vector<float>() == std::vector<float>{2, 4, -0.f, 1});
  CHECK(round(array({1.2345f}), {.decimals = 2}).to_vector<float>() == std::vector<float>{1.23f});
  CHECK(round(array({1234, 1250}), {.decimals = -2}).to_vector<int>() == std::vector<int>{1200, 1200});
  CHECK(round_away(array({2.5f, -2.5f})).to_vector<float>() == std::vector<float>{3, -3});
  CHECK(floor(array({3})).dtype() == int32);
  CHECK(rint(array({3})).dtype() == float32);
  const auto [m, e] = frexp(array({8.f, -0.75f, 0.f, 1e-40f}));
  CHECK(m.to_vector<float>() == std::vector<float>{0.5f, -0.75f, 0, std::ldexp(1e-40f, 132)});
  CHECK(e.to_vector<int>() == std::vector<int>{4, 0, 0, -132});
  CHECK(ldexp(array({1.5f, 1e-40f}), array({127, 200})).to_vector<float>() ==
        std::vector<float>{std::ldexp(1.5f, 127), std::ldexp(1e-40f, 200)});
}

TEST_CASE("derivatives at kinks and singular points") {
  using V = std::vector<float>;
  CHECK(grad_of([](const Tensor& x) { return abs(x); }, array({0.f, -2.f})) == V{1, -1});
  CHECK(grad_of([](const Tensor& x) { return relu(x); }, array({0.f, 2.f})) == V{0, 1});
  CHECK(grad_of([](const Tensor& x) { return leaky_relu(x); }, array({0.f, -2.f})) == V{1, 0.01f});
  CHECK(grad_of([](const Tensor& x) { return maximum(x, 1); }, array({0.f, 1.f, 2.f})) == V{0, 0.5f, 1});
  CHECK(grad_of([](const Tensor& x) { return clip(x, 0, 1); }, array({-1.f, 0.f, 1.f, 2.f})) == V{0, 0.5f, 0.5f, 0});
  CHECK(grad_of([](const Tensor& x) { return clamp(0, x, 1); }, array({0.f, 0.5f, 1.f})) == V{0, 1, 0});
  CHECK(grad_of([](const Tensor& x) { return pow(x, 0); }, array({0.f, 2.f})) == V{0, 0});
  CHECK(grad_of([](const Tensor& x) { return pow(x, array({0.f, 1.f})); }, array({0.f, 0.f})) == V{0, 1});
  // What was not chosen does not poison what was.
  CHECK(grad_of([](const Tensor& x) { return where(x > 0, x * 3, x * 0.5); }, array({2.f, -2.f})) == V{3, 0.5f});
}

TEST_CASE("the sides of a far tail") {
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); };
  CHECK(near(log_ndtr(-30.0).item<double>(), -454.3212439));
  CHECK(near(log_ndtr(5.0).item<double>(), -2.866516129e-7));
  CHECK(near(ndtri(1e-30).item<double>(), -11.46402));
  CHECK(near(ndtri(0.975).item<double>(), 1.959963985));
  CHECK(std::isinf(ndtri(0.0).item<double>()));
  CHECK(std::isnan(ndtri(1.5).item<double>()));
  CHECK(near(log1mexp(1e-6).item<double>(), -13.81551));
  CHECK(entr(0.0).item<double>() == 0);
}
