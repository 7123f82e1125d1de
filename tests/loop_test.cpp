// while_loop, fori_loop and map, alone and under vmap, where lanes end by themselves.
#include "strata/tests/control.hpp"

namespace st = strata;
using st::Tensor;
using namespace strata::testing;

TEST_CASE("while_loop with one test is an ordinary loop") {
  const auto below = [](const Tensor& x) { return x < 100; };
  CHECK(st::while_loop(below, twice, 3).item<int>() == 192);
  CHECK(st::while_loop(below, twice, 300).item<int>() == 300);
  const auto f = [&](const Tensor& x) { return st::while_loop(below, squared, x); };
  CHECK(st::grad(f)(3.0).item<float>() == 8 * std::pow(3.f, 7));
  CHECK(st::jvp(f, 3.0, 1.0).second.item<float>() == 8 * std::pow(3.f, 7));
  const auto [x, n] = st::while_loop([](const auto& c) { return c.second < 3; },
                                     [](const auto& c) {
                                       return std::pair{c.first * 2, c.second + 1};
                                     },
                                     std::pair{1.5, 0});
  CHECK(x.template item<float>() == 12);
  CHECK(n.template item<int>() == 3);
}

TEST_CASE("while_loop under vmap: lanes finish by themselves") {
  std::vector<std::int64_t> sizes;
  const auto f = [&](const Tensor& x) {
    return st::while_loop([](const Tensor& c) { return c < 100; },
                          [&](const Tensor& c) {
                            const Tensor y = c * x;
                            Tensor v = y;
                            while (v.kind() != st::Kind::batched) v = Tensor(st::wrapper(v).value);
                            sizes.push_back(st::wrapper(v).value.size());
                            return y;
                          },
                          x);
  };
  const Tensor x = vec({2, 10, 200, 3, 5, 7});
  const Floats expected{128, 100, 200, 243, 125, 343};
  CHECK(floats(st::vmap(f)(x)) == expected);
  CHECK(sizes == std::vector<std::int64_t>{6, 4, 2, 2, 1, 1});
  sizes.clear();
  const Floats slope{7 * 64, 20, 1, 5 * 81, 75, 3 * 49};
  CHECK(floats(st::vmap(st::grad(f))(x)) == slope);
  CHECK(sizes == std::vector<std::int64_t>{5, 4, 2, 2, 1, 1});
  CHECK(floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(f)(t)); })(x)) == slope);
  CHECK(floats(st::vmap([&](const Tensor& t) { return st::jvp(f, t, Tensor(1.f)).second; })(x)) == slope);
  CHECK(floats(st::vmap(st::grad(st::grad(f)))(x)) == Floats{42 * 32, 2, 0, 20 * 27, 30, 42});
  CHECK(floats(st::vmap(f)(vec({}))).empty());
  // A shared carry that is differentiated, and a matrix for each lane.
  const auto g = [](const Tensor& w, const Tensor& m) {
    return st::while_loop([](const Tensor& v) { return st::sum(v) < 10; },
                          [&](const Tensor& v) { return st::matmul(m, v); }, w);
  };
  const Tensor m = st::reshape(vec({2, 0, 0, 1, 3, 0, 0, 3, 20, 0, 0, 1}), {3, 2, 2});
  CHECK(floats(st::vmap(g, {.in_axes = {st::none, 0}})(vec({1, 2}), m)) == Floats{8, 2, 9, 18, 20, 2});
  const auto first = [&](const Tensor& w, const Tensor& m) { return st::sum(g(w, m)); };
  CHECK(floats(st::vmap(st::grad(first), {.in_axes = {st::none, 0}})(vec({1, 2}), m)) == Floats{8, 1, 9, 9, 20, 1});
  CHECK(floats(st::vmap(st::grad<1>(first), {.in_axes = {st::none, 0}})(vec({1, 2}), m)).size() == 12);
}

TEST_CASE("while_loop: finished lanes make no NaN, and two vmaps") {
  // The next step of a finished lane would divide by zero.
  const auto f = [](const Tensor& x) {
    return st::while_loop([](const Tensor& c) { return c > 0; }, [](const Tensor& c) { return c - 1 / c / c * c; }, x);
  };
  const Tensor x = vec({1, 2, 3, 4});
  for (const float g : floats(st::vmap(st::grad(f))(x))) CHECK(std::isfinite(g));
  for (const float g : floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(f)(t)); })(x)))
    CHECK(std::isfinite(g));
  const auto count = [](const Tensor& a, const Tensor& b) {
    return st::while_loop([&](const Tensor& c) { return c < a * b; }, [](const Tensor& c) { return c + 1; }, 0.0);
  };
  const Tensor a = vec({1, 2, 3}), b = vec({1, 3});
  const auto grid = [&](const auto& f) {
    return st::vmap(st::vmap(f, {.in_axes = {st::none, 0}}), {.in_axes = {0, st::none}});
  };
  CHECK(floats(grid(count)(a, b)) == Floats{1, 3, 2, 6, 3, 9});
  const auto grow = [](const Tensor& a, const Tensor& b) {
    return st::while_loop([&](const Tensor& c) { return c < 10; }, [&](const Tensor& c) { return c * b; }, a * b);
  };
  const Tensor c = vec({2, 3});
  CHECK(floats(grid(grow)(a, c)) == Floats{16, 27, 16, 18, 12, 27});
  CHECK(floats(grid(st::grad(grow))(a, c)) == Floats{16, 27, 8, 9, 4, 9});
  CHECK(floats(grid(st::grad<1>(grow))(a, c)) == Floats{32, 27, 24, 12, 12, 18});
}

TEST_CASE("fori_loop") {
  CHECK(st::fori_loop(
            0, 4, [](const Tensor& i, const Tensor& x) { return x + i; }, 0.5)
            .item<float>() == 6.5);
  CHECK(st::fori_loop(
            2, 5, [](std::int64_t i, const Tensor& x) { return x * i; }, 1)
            .item<int>() == 24);
  CHECK(st::fori_loop(
            5, 2, [](int, const Tensor& x) { return x; }, 1)
            .item<int>() == 1);
  const auto power = [](const Tensor& n, const Tensor& x) {
    return st::fori_loop(
        0, n, [&](const Tensor&, const Tensor& y) { return y * x; }, 1.0);
  };
  const Tensor n = st::array({0, 1, 2, 3}), x = vec({2, 2, 3, 2});
  CHECK(floats(st::vmap(power)(n, x)) == Floats{1, 2, 9, 8});
  CHECK(floats(st::vmap(st::grad<1>(power))(n, x)) == Floats{0, 1, 6, 12});
  const auto from = [](const Tensor& low, const Tensor& high) {
    return st::fori_loop(
        low, high, [](const Tensor& i, const Tensor& y) { return y + i; }, 0);
  };
  CHECK(st::vmap(from)(st::array({0, 2, 7}), st::array({3, 5, 6})).to_vector<int>() == std::vector<int>{3, 9, 0});
  CHECK_THROWS_WITH(from(0.5, 2), "fori_loop: the lower bound is float32; it must be an integer");
  CHECK_THROWS_WITH(from(0, st::array({1, 2})),
                    "fori_loop: the upper bound has shape [2]; it must be one value (shape [])");
  const auto grows = [](int, const Tensor& x) { return st::stack({x, x}); };
  CHECK_THROWS_WITH(st::fori_loop(0, 3, grows, 1.0),
                    "fori_loop: the carry has shape [] before a step, but [2] after it: a carry keeps its shapes");
  CHECK_THROWS_WITH(st::while_loop([](const Tensor& x) { return x; }, twice, vec({1, 2})),
                    "while_loop: the test has shape [2]; it must be one value (shape [])");
}

TEST_CASE("map, all at once by chunks") {
  const Tensor xs = st::reshape(vec({1, 2, 3, 4, 5, 6}), {3, 2});
  const auto f = [](const Tensor& x) { return st::sum(x) * x; };
  const Floats expected{3, 6, 21, 28, 55, 66};
  CHECK(floats(st::map(f, xs)) == expected);
  CHECK(floats(st::map(f, xs, {.chunk = 2})) == expected);
  CHECK(floats(st::grad([&](const Tensor& x) { return st::sum(st::map(f, x, {.chunk = 2})); })(xs)) ==
        floats(st::grad([&](const Tensor& x) { return st::sum(st::map(f, x)); })(xs)));
  CHECK(st::map(f, st::zeros({0, 2})).shape() == st::Shape{0, 2});
  CHECK_THROWS_WITH(st::map(f, Tensor(1.f)), "map: the input is a scalar; inputs are taken apart along axis 0");
}
