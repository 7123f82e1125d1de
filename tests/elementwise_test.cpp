// st::elementwise: values, shapes, derivatives, batching, several results, and what large arguments store.
#include "strata/core/debug.hpp"
#include "strata/core/op.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using st::Tensor;

namespace {

Tensor draw(const st::Shape& shape, int seed = 0) { return st::random::normal(st::random::key(seed), shape); }
std::vector<float> floats(const Tensor& x) { return x.to_vector<float>(); }

const auto gate = st::elementwise([](auto x, auto y) { return x * st::math::tanh(y); });
Tensor by_ops(const Tensor& x, const Tensor& y) { return x * st::tanh(y); }

}  // namespace

TEST_CASE("a lambda of elements is the same ops on tensors") {
  const Tensor x = draw({3, 4}), y = draw({4}, 1);
  CHECK(floats(gate(x, y)) == floats(by_ops(x, y)));
  CHECK(floats(gate(2.0, y)) == floats(by_ops(2.0, y)));
  CHECK(gate(draw({0, 4}), y).shape() == st::Shape{0, 4});
  const auto soft_clip = st::elementwise([](auto t) {
    auto inside = st::math::abs(t) < 1;
    return st::math::where(inside && !(t == 0), 0.5f * t, st::math::clip(t, -1, 1) + 1);
  });
  CHECK(floats(soft_clip(st::array({-3.0, -0.5, 0.0, 0.5, 2.0}))) == std::vector<float>{0, -0.25f, 1, 0.25f, 2});
}

TEST_CASE("derivatives and batching come with it") {
  const Tensor x = draw({5}), y = draw({5}, 1);
  const auto loss = [](auto f) { return [f](const Tensor& a, const Tensor& b) { return st::sum(f(a, b)); }; };
  const auto [da, db] = st::grad<0, 1>(loss(gate))(x, y);
  const auto [ea, eb] = st::grad<0, 1>(loss(by_ops))(x, y);
  CHECK(floats(da) == floats(ea));
  CHECK(floats(db) == floats(eb));
  const Tensor rows = draw({3, 5}, 2);
  CHECK(floats(st::vmap(gate, {.in_axes = {0, st::none}})(rows, y)) == floats(by_ops(rows, y)));
  CHECK(floats(st::hessian([&](const Tensor& a) { return st::sum(gate(a, a)); })(x)) ==
        floats(st::hessian([&](const Tensor& a) { return st::sum(by_ops(a, a)); })(x)));
}

TEST_CASE("several results") {
  const Tensor x = draw({4});
  const auto polar = st::elementwise([](auto t) { return std::pair{st::math::cos(t), st::math::sin(t)}; });
  const auto [c, s] = polar(x);
  CHECK(floats(c) == floats(st::cos(x)));
  CHECK(floats(s) == floats(st::sin(x)));
  const auto powers = st::elementwise([](auto t) { return std::array{t, t * t, t * t * t, t * t * t * t}; });
  CHECK(floats(powers(x)[2]) == floats(x * x * x));
}

TEST_CASE("every result has the shape that all arguments broadcast to") {
  const Tensor x = draw({3, 1}), y = draw({4}, 1);
  const auto halves = st::elementwise([](auto a, auto b) { return std::tuple{a + b, a, -b, 1.5}; });
  const auto [sum, a, b, number] = halves(x, y);
  CHECK(floats(a) == floats(st::broadcast_to(x, {3, 4})));
  CHECK(floats(b) == floats(st::broadcast_to(-y, {3, 4})));
  CHECK(number.shape() == st::Shape{3, 4});
  const Tensor rows = st::vmap([&](const Tensor& t) { return std::get<1>(halves(t, y)); })(x);
  CHECK(floats(rows) == floats(a));
}

TEST_CASE("large arguments are walked once and store nothing but the result") {
  const Tensor x = draw({300, 200}), y = draw({200}, 1);
  const auto f = st::elementwise([](auto a, auto b) {
    auto t = a + b;
    return 0.5f * t * (1 + st::math::tanh(0.79788456f * (t + 0.044715f * t * t * t)));
  });
  if (x.device() != st::cpu) return;  // on a GPU the ops of a lambda run one by one
  const std::int64_t before = st::debug::bytes_written();
  const Tensor z = st::materialize(f(x, y));
  CHECK(st::debug::bytes_written() - before == 4 * x.size());
}

TEST_CASE("vmap chooses a chunk by the memory that its first lanes take") {
  const Tensor x = draw({64, 1000});
  const auto f = [](const Tensor& t) { return st::sum(st::cumsum(st::exp(t))); };
  const std::vector<float> want = floats(st::vmap(f)(x));
  for (const std::int64_t bytes : {1, 20000, 100000, 100000000}) {
    CHECK(floats(st::vmap(f, {.memory_bytes = bytes})(x)) == want);
  }
  std::int64_t runs = 0;
  const auto counted = [&](const Tensor& t) { return ++runs, f(t); };
  st::vmap(counted, {.memory_bytes = 100000000})(x);
  CHECK(runs == 2);
  runs = 0;
  st::vmap(counted, {.memory_bytes = 1})(x);
  CHECK(runs == 61);
  CHECK_THROWS_WITH(st::vmap(f, {.memory_bytes = 0})(x), "vmap: memory_bytes is 0; it must be at least 1");
  CHECK_THROWS_WITH(st::vmap(f, {.axis_name = "i", .memory_bytes = 5})(x),
                    "vmap: .memory_bytes runs the axis 'i' in parts, so a collective over it would see one part: leave "
                    "out .memory_bytes or .axis_name");
}
