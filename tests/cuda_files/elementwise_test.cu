// st::elementwise in a file that is compiled for GPUs: values, derivatives, batching and errors against the same
// function on the CPU. tests/cuda_double compiles it for the host and runs it on the double of a GPU; where nvcc is, it
// is also compiled and linked as a user's file would be, and runs where a GPU is (STRATA_TEST_DEVICE=cuda).
#include <cmath>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using st::Tensor;

namespace {

const st::Device gpu = st::cuda(0);

struct Gate {
  STRATA_BOTH auto operator()(auto x, auto y) const { return x * st::math::tanh(y); }
};
struct GeluOfSum {
  float slope;
  STRATA_BOTH auto operator()(auto a, auto b) const {
    auto t = a + b;
    return 0.5f * t * (1 + st::math::tanh(slope * (t + 0.044715f * t * t * t)));
  }
};
struct SoftClip {
  STRATA_BOTH auto operator()(auto t) const {
    auto inside = st::math::abs(t) < 1;
    return st::math::where(inside && !(t == 0), 0.5f * t, st::math::clip(t, -1, 1) + 1);
  }
};
struct Polar {  // and whether it lies outside of the circle
  STRATA_BOTH auto operator()(auto r, auto angle) const {
    return std::tuple{r * st::math::cos(angle), r * st::math::sin(angle), r > 1};
  }
};
struct Powers {
  STRATA_BOTH auto operator()(auto t) const { return std::array{t, t * t, st::math::pow(t, 3), st::math::square(t)}; }
};
struct First {  // what does not move has no derivative, though the slope of sqrt is infinite at 0
  STRATA_BOTH auto operator()(auto x, auto y) const { return std::pair{st::math::sqrt(x) * y, x}; }
};

const auto gate = st::elementwise(Gate{});
const auto gelu = st::elementwise(GeluOfSum{0.79788456f});
const auto soft_clip = st::elementwise(SoftClip{});
const auto polar = st::elementwise(Polar{});
const auto powers = st::elementwise(Powers{});
const auto first = st::elementwise(First{});
Tensor by_ops(const Tensor& x, const Tensor& y) { return x * st::tanh(y); }

/// The tests start on the GPU (tests/main.cpp); what they compare with is made on the CPU.
Tensor draw(const st::Shape& shape, int seed = 0) {
  return st::random::normal(st::random::key(seed).to(st::cpu), shape);
}
Tensor on(const Tensor& x) { return x.to(gpu); }

/// Equal shapes and dtypes, values within some roundings of the dtype.
bool close(const Tensor& y, const Tensor& want) {
  if (!(y.shape() == want.shape()) || y.dtype() != want.dtype()) return false;
  const double unit = want.dtype() == st::bfloat16  ? 1.0 / 64
                      : want.dtype() == st::float16 ? 1.0 / 512
                      : want.dtype() == st::float32 ? 4e-6
                                                    : 1e-13;
  const auto a = y.to_vector<double>(), b = want.to_vector<double>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= unit * (1 + std::abs(b[i])))) return false;
  }
  return true;
}

bool gpu_here() {
  if (st::default_device() != st::cpu) return true;
  WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
  return false;
}

}  // namespace

TEST_CASE("values are the CPU's, for all float dtypes and layouts") {
  if (!gpu_here()) return;
  for (const st::Dtype dtype : {st::float32, st::float64, st::bfloat16, st::float16}) {
    CAPTURE(st::name(dtype));
    const Tensor x = st::astype(draw({5, 7}), dtype), y = st::astype(draw({7}, 1), dtype);
    CHECK(close(gate(on(x), on(y)), gate(x, y)));
    CHECK(gate(on(x), on(y)).to_vector<double>() == by_ops(on(x), on(y)).to_vector<double>());
    CHECK(close(gate(on(x)[2], on(y)), gate(x[2], y)));
    CHECK(close(gate(2.0, on(y)), gate(2.0, y)));
    CHECK(close(gate(on(x), 0.3), gate(x, 0.3)));
    CHECK(close(gelu(st::mT(on(x)), st::expand_dims(on(y), 1)), gelu(st::mT(x), st::expand_dims(y, 1))));
    CHECK(close(soft_clip(on(2 * x)), soft_clip(2 * x)));
  }
  const Tensor scalar = on(Tensor(0.5) * st::ones({}, {.device = st::cpu}));
  CHECK(gate(scalar, scalar).shape() == st::Shape{});
  CHECK(gate(on(draw({0, 4})), on(draw({4}))).shape() == st::Shape{0, 4});
  CHECK(soft_clip(on(draw({100'003}))).device() == gpu);
}

TEST_CASE("it is one kernel, which stores its results only") {
  if (!gpu_here()) return;
  const Tensor x = on(draw({300, 200})), y = on(draw({200}, 1));
  const auto count = [] { return st::device_memory(gpu).allocations; };
  auto before = count();
  const Tensor z = gelu(x, y);
  CHECK(count() - before == 1);
  before = count();
  const auto [a, b, far] = polar(x, y);
  CHECK(count() - before == 3);
}

TEST_CASE("several results") {
  if (!gpu_here()) return;
  const Tensor r = draw({4}), angle = draw({3, 1}, 1);
  const auto [x, y, far] = polar(on(r), on(angle));
  const auto [u, v, w] = polar(r, angle);
  CHECK(close(x, u));
  CHECK(close(y, v));
  CHECK(close(far, w));
  CHECK(far.dtype() == st::bool_);
  const Tensor t = st::abs(r) + 0.5;
  for (std::size_t k = 0; k < 4; ++k) CHECK(close(powers(on(t))[k], powers(t)[k]));
  CHECK(first(on(t), on(angle)).second.shape() == st::Shape{3, 4});
  CHECK(first(t, angle).second.shape() == st::Shape{3, 4});
}

TEST_CASE("derivatives in both modes, of any order") {
  if (!gpu_here()) return;
  const Tensor x = draw({3, 5}), y = draw({5}, 1), dx = draw({3, 5}, 2), dy = draw({5}, 3);
  const auto check = [&](const auto& f) {
    const auto loss = [&](const Tensor& a, const Tensor& b) { return st::sum(f(a, b)); };
    const auto [da, db] = st::grad<0, 1>(loss)(on(x), on(y));
    const auto [ea, eb] = st::grad<0, 1>(loss)(x, y);
    CHECK(close(da, ea));
    CHECK(close(db, eb));
    const auto [z, dz] = st::jvp(f, std::tuple{on(x), on(y)}, std::tuple{on(dx), on(dy)});
    const auto [w, dw] = st::jvp(f, std::tuple{x, y}, std::tuple{dx, dy});
    CHECK(close(z, w));
    CHECK(close(dz, dw));
    const auto of_one = [&](const Tensor& a) { return st::sum(f(a, a)); };
    CHECK(close(st::hessian(of_one)(on(y)), st::hessian(of_one)(y)));
    CHECK(close(st::grad([&](const Tensor& a) { return st::sum(st::grad(of_one)(a) * a); })(on(y)),
                st::grad([&](const Tensor& a) { return st::sum(st::grad(of_one)(a) * a); })(y)));
    CHECK(close(st::grad(st::checkpoint(of_one))(on(y)), st::grad(of_one)(y)));
  };
  check(gate);
  check(gelu);
  check([](const Tensor& r, const Tensor& angle) {
    const auto [a, b, far] = polar(r, angle);
    return a * 2 + b + st::where(far, a, b);
  });
  check([](const Tensor& r, const Tensor& angle) { return std::get<1>(polar(r, angle)); });
  const Tensor t = st::abs(y) + 0.5;
  const auto last = [](const Tensor& a) { return st::sum(powers(a)[2] + powers(a)[3]); };
  CHECK(close(st::grad(last)(on(t)), st::grad(last)(t)));
  CHECK(close(st::grad([](const Tensor& a) { return st::sum(soft_clip(a)); })(on(2 * x)),
              st::grad([](const Tensor& a) { return st::sum(soft_clip(a)); })(2 * x)));
  for (const st::Dtype dtype : {st::float64, st::bfloat16, st::float16}) {
    const auto loss = [](const Tensor& a) { return st::sum(gate(a, 2 * a)); };
    CHECK(close(st::grad(loss)(on(st::astype(y, dtype))), st::grad(loss)(st::astype(y, dtype))));
  }
}

TEST_CASE("an infinite slope harms only what moves") {
  if (!gpu_here()) return;
  const Tensor zero = on(st::zeros({2}, {.device = st::cpu})), y = on(draw({2}));
  const auto loss = [](const Tensor& a, const Tensor& b) { return st::sum(first(a, b).first); };
  CHECK(st::grad<1>(loss)(zero, y).to_vector<float>() == std::vector<float>{0, 0});
}

TEST_CASE("batching, alone and with derivatives") {
  if (!gpu_here()) return;
  const Tensor x = draw({6, 5}), y = draw({5}, 1), columns = draw({5, 6}, 2);
  const auto shared = st::vmap(gate, {.in_axes = {0, st::none}});
  CHECK(close(shared(on(x), on(y)), by_ops(x, y)));
  const auto crossed = st::vmap(gate, {.in_axes = {0, 1}});
  CHECK(close(crossed(on(x), on(columns)), by_ops(x, st::mT(columns))));
  const auto pairs = st::vmap(st::vmap(gate, {.in_axes = {st::none, 0}}), {.in_axes = {0, st::none}});
  CHECK(close(pairs(on(x), on(y)), pairs(x, y)));
  const auto slope = st::vmap(st::grad([](const Tensor& a, const Tensor& b) { return st::sum(gelu(a, b)); }),
                              {.in_axes = {0, st::none}});
  CHECK(close(slope(on(x), on(y)), slope(x, y)));
  const auto total = st::grad([&](const Tensor& b) { return st::sum(shared(on(x), b)); });
  CHECK(close(total(on(y)), st::grad([&](const Tensor& b) { return st::sum(shared(x, b)); })(y)));
  const auto pushed = [&](const Tensor& a, const Tensor& b, const Tensor& da) {
    return st::jvp([&](const Tensor& at) { return shared(at, b); }, a, da).second;
  };
  CHECK(close(pushed(on(x), on(y), on(2 * x)), pushed(x, y, 2 * x)));
  const auto many = st::vmap(polar, {.in_axes = {0, st::none}});
  CHECK(close(std::get<2>(many(on(x), on(y))), std::get<2>(many(x, y))));
}

TEST_CASE("what no kernel serves runs op by op, with the same values") {
  if (!gpu_here()) return;
  const Tensor whole = st::astype(3 * draw({4}), st::int32), x = draw({4}, 1), mask = x > 0;
  CHECK(close(gate(on(whole), on(whole)), gate(whole, whole)));
  CHECK(close(gate(on(whole), on(x)), gate(whole, x)));
  CHECK(close(gate(on(mask), on(x)), gate(mask, x)));
  CHECK(close(gate(on(st::astype(x, st::bfloat16)), on(x)), gate(st::astype(x, st::bfloat16), x)));
  CHECK(powers(on(whole))[1].dtype() == st::int32);
  CHECK(gate(2, 0.5).to(st::cpu).weak());
  const auto lambda = st::elementwise([](auto a, auto b) { return a * st::math::tanh(b); });
  CHECK(lambda(on(x), on(x)).device() == gpu);
  CHECK(close(lambda(on(x), on(x)), gate(x, x)));
}

TEST_CASE("it is recorded by capture") {
  if (!gpu_here()) return;
  const auto step = [](const Tensor& p) {
    return p - 0.1 * st::grad([](const Tensor& q) { return st::sum(gelu(q, 1)); })(p);
  };
  const auto fast = st::capture(step);
  Tensor p = on(draw({5})), q = p;
  for (int i = 0; i < 3; ++i) {
    p = step(p), q = fast(q);
    CHECK(p.to_vector<float>() == q.to_vector<float>());
  }
}

TEST_CASE("errors name the function's call") {
  if (!gpu_here()) return;
  const Tensor x = draw({4});
  CHECK_THROWS_WITH(gate(on(x), x),
                    Equals("elementwise: argument 0 is on cuda:0, argument 1 on cpu; move one of them with "
                           "x.to(st::cpu)"));
  CHECK_THROWS_WITH(gate(on(x), on(draw({3}))), Contains("elementwise: ") && Contains("[4]") && Contains("[3]"));
}
