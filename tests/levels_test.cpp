// The levels by hand: tape, duals and vmap around a few ops, and their nestings.
#include "strata/autograd/dual.hpp"
#include "strata/autograd/tape.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

Tensor vec(std::initializer_list<float> v) {
  Tensor t = empty_dense({v.size()}, float32);
  std::copy(v.begin(), v.end(), reinterpret_cast<float*>(dense(t).data));
  return t;
}

template <class F>
Tensor grad_of(F f, const Tensor& x) {
  Tape tape;
  const LevelScope scope(tape.level());
  const Tensor leaf = tape.watch(x);
  const auto [y, edge] = tape.unwatch(f(leaf));
  const Edge root = edge, at = tape.unwatch(leaf).second;
  const Tensor g = ones(y.shape());
  return tape.backward({&root, 1}, {&g, 1}, {&at, 1}, false)[0];
}

template <class F>
Tensor vmap_of(F f, const Tensor& x) {
  auto level = VmapLevel::make(x.shape()[0]);
  const LevelScope scope(level->level());
  const Lane y = level->unwrap(f(level->wrap({x, 0})));
  return y.mapped() ? moveaxis(y.value, y.axis, 0) : y.value;
}

}  // namespace

TEST_CASE("plain arithmetic broadcasts and promotes") {
  const Tensor x = vec({1, 2, 3});
  CHECK((x + 1).to_vector<float>() == std::vector<float>{2, 3, 4});
  CHECK((reshape(x, {3, 1}) * x).shape() == Shape{3, 3});
  CHECK((2 * x).dtype() == float32);
  CHECK((Tensor(1) / Tensor(2)).item<double>() == 0.5);
}

TEST_CASE("grad, grad of grad, vmap of grad, grad of vmap") {
  const auto cube = [](const Tensor& x) { return sum(x * x * x); };
  const Tensor x = vec({1, 2, 3});
  CHECK(grad_of(cube, x).to_vector<float>() == std::vector<float>{3, 12, 27});
  const auto dd = grad_of([&](const Tensor& t) { return sum(grad_of(cube, t)); }, x);
  CHECK(dd.to_vector<float>() == std::vector<float>{6, 12, 18});
  CHECK(vmap_of([&](const Tensor& t) { return grad_of(cube, t); }, x).to_vector<float>() ==
        std::vector<float>{3, 12, 27});
  const auto gv = grad_of([&](const Tensor& t) { return sum(vmap_of([](const Tensor& e) { return e * e; }, t)); }, x);
  CHECK(gv.to_vector<float>() == std::vector<float>{2, 4, 6});
  // A closure over an outer level's tensor.
  const auto c = grad_of([&](const Tensor& t) { return sum(vmap_of([&](const Tensor& e) { return e * t; }, x)); }, x);
  CHECK(c.to_vector<float>() == std::vector<float>{6, 6, 6});
}

TEST_CASE("a leaked tensor is named") {
  Tensor leak;
  grad_of(
      [&](const Tensor& t) {
        leak = t * 2;
        return sum(t);
      },
      vec({1}));
  CHECK_THROWS_WITH(leak + 1, Catch::Contains("leaked from a grad that has ended"));
}
