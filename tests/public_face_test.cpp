// The public face, line by line as the design states it: what users' programs are compiled against. Tensors, trees,
// transforms and control flow are here, the rest is in public_face_jobs_test.cpp. Compiled and run with g++ and with
// clang++ (tests/other_compiler.cmake), whichever built the library.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <strata/strata.hpp>

#include "strata/tests/catch.hpp"

namespace st = strata;

namespace {

struct Params {
  st::Tensor w, b;
};

enum class Kind { plain, fancy };

// Every way of nesting, with static members between the tensors.
struct Everything {
  Params params;
  std::tuple<st::Tensor, int> tuple;
  std::pair<st::Tensor, st::Tensor> pair;
  std::array<st::Tensor, 2> array;
  std::vector<Params> vector;
  std::map<std::string, st::Tensor> map;
  std::optional<st::Tensor> present, absent;
  int number = 3;
  float rate = 0.5f;
  std::string name = "static";
  st::Tensor (*activation)(st::Tensor) = st::relu;
  Kind kind = Kind::fancy;
};

using Floats = std::vector<float>;
Floats floats(const st::Tensor& x) { return x.to_vector<float>(); }

template <class Result, class Expected>
constexpr bool is = std::is_same_v<std::decay_t<Result>, Expected>;

}  // namespace

TEST_CASE("tensors are made") {
  st::Tensor x = st::array({{1.f, 2.f}, {2.5f, -1.f}});
  st::Tensor n = st::array({1, 2, 3});
  CHECK(x.dtype() == st::float32);
  CHECK(st::array({1.0, 2.0}).dtype() == st::float32);
  CHECK(st::array({1.0}, {.dtype = st::float64}).dtype() == st::float64);
  CHECK(n.dtype() == st::int32);
  CHECK(n.to_vector<int>() == std::vector<int>{1, 2, 3});
  CHECK(st::array({true, false}).dtype() == st::bool_);
  st::Tensor t0 = st::array({1.0, 2.0}), t1 = st::array({3.0, 4.0});
  CHECK(floats(st::array({t0, t1})) == Floats{1, 2, 3, 4});
  CHECK(st::array({t0, t1}).shape() == st::Shape{2, 2});
  std::vector<float> v(12, 1.5f);
  st::Tensor d = st::array(std::span<const float>(v), {3, 4});
  CHECK(d.shape() == st::Shape{3, 4});
  CHECK(floats(d) == v);
  st::Tensor s = 0.25;
  CHECK((2 * st::astype(x, st::bfloat16)).dtype() == st::bfloat16);
  CHECK((s * st::astype(x, st::float64)).dtype() == st::float64);
  CHECK(floats(st::zeros({2, 3})) == Floats(6));
  CHECK(floats(st::ones({2})) == Floats{1, 1});
  CHECK(st::full({2}, 7, {.dtype = st::int32}).to_vector<int>() == std::vector<int>{7, 7});
  CHECK(st::arange(5).to_vector<int>() == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(floats(st::linspace(0, 1, 5)) == Floats{0, 0.25f, 0.5f, 0.75f, 1});
  CHECK(floats(st::eye(3)) == Floats{1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(floats(st::zeros_like(x)) == Floats(4));
  for (const st::Dtype t : {st::float32, st::float64, st::bfloat16, st::float16, st::int8, st::int16, st::int32,
                            st::int64, st::uint8, st::uint16, st::uint32, st::uint64, st::bool_}) {
    CHECK(st::astype(x, t).dtype() == t);
  }
  bool freed = false;
  {
    const auto deleter = [&] { freed = true; };
    const st::Shape shape{3, 4};
    float* const ptr = v.data();
    const st::Tensor borrowed = st::borrow(ptr, shape, deleter);
    CHECK(borrowed.data<float>() == ptr);
    CHECK(floats(borrowed + 0) == v);
  }
  CHECK(freed);
}

TEST_CASE("tensors are read") {
  st::Tensor x = st::array({{1.f, 2.f}, {2.5f, -1.f}});
  CHECK(x.shape() == st::Shape{2, 2});
  CHECK(fmt::format("{}", st::Shape{2, 3}) == "[2, 3]");
  CHECK(x.ndim() == 2);
  CHECK(x.size() == 4);
  CHECK(x.dtype() == st::float32);
  CHECK(x.device() == st::cpu);
  CHECK(st::sum(x).item<float>() == 4.5f);
  CHECK(float(st::sum(x)) == 4.5f);
  CHECK(x.to_vector<float>() == Floats{1, 2, 2.5f, -1});
  CHECK(x.data<float>()[2] == 2.5f);
  CHECK(floats(x + 2) == Floats{3, 4, 4.5f, 1});
  CHECK(floats(-x) == Floats{-1, -2, -2.5f, 1});
  CHECK((x < 1.5).to_vector<bool>() == std::vector<bool>{true, false, false, true});
  CHECK((x == x).to_vector<bool>() == std::vector<bool>(4, true));
  CHECK(floats(x[0]) == Floats{1, 2});
  const st::Tensor grid = st::reshape(st::arange(20), {4, 5});
  CHECK(grid[{st::all, st::range(1, 3), st::newaxis}].shape() == st::Shape{4, 2, 1});
  CHECK(grid[{0, st::range(1, 3)}].to_vector<int>() == std::vector<int>{1, 2});
  CHECK(x[{0, 1}].item<float>() == 2);
  const st::Tensor w = 9;
  CHECK(floats(x.at({0}).set(w)) == Floats{9, 9, 2.5f, -1});
  CHECK(floats(x.at({0}).add(w)) == Floats{10, 11, 2.5f, -1});
  CHECK(floats(x.at({0}).max(1.5)) == Floats{1.5f, 2, 2.5f, -1});
  CHECK(floats(x.at({0}).mul(2)) == Floats{2, 4, 2.5f, -1});
  CHECK(st::sum(x, {.axes = {-1}, .keepdims = true}).shape() == st::Shape{2, 1});
  CHECK(floats(st::softmax(st::zeros({2, 2}), {.axis = -1})) == Floats(4, 0.5f));
  CHECK(floats(st::sum(x, {.axes = {}})) == floats(x));
  CHECK(floats(st::relu(st::array({-1.0, 1.0}))) == Floats{0, 1});
  CHECK(st::sigmoid(0.0).item<float>() == 0.5f);
  CHECK(st::linalg::det(x).item<float>() == -6);
}

TEST_CASE("tensors are printed") {
  st::Tensor x = st::array({{1.f, 2.f}, {2.5f, -1.f}});
  CHECK(fmt::format("{}\n", x) == "[[ 1.   2. ]\n [ 2.5 -1. ]]\n");
  std::ostringstream out;
  out << x;
  CHECK(out.str() == fmt::format("{}", x));
  st::vmap([](const st::Tensor& row) {
    CHECK(fmt::format("{}", row).find("vmap") != std::string::npos);
    return row;
  })(x);
}

TEST_CASE("pytrees") {
  const Params p{st::array({1.0, 2.0}), 0.5};
  const auto f = [](const st::Tensor& a, const st::Tensor& b) { return a + b; };
  CHECK(floats(st::tree_map(f, p, p).w) == Floats{2, 4});
  CHECK(st::tree_leaves(p).size() == 2);
  const auto add_up = [](const st::Tensor& s, const st::Tensor& x) { return s + st::sum(x); };
  CHECK(st::tree_reduce(add_up, p, 0.0).item<float>() == 3.5f);
  CHECK(st::tree_paths(p) == std::vector<std::string>{".w", ".b"});
  const auto [flat, unravel] = st::ravel(p);
  CHECK(floats(flat) == Floats{1, 2, 0.5f});
  CHECK(floats(unravel(flat * 2).w) == Floats{2, 4});
  st::Tree tree = st::Tree::dict({{"w", p.w}, {"list", st::Tree::list({p.b, st::Tree()})}});
  CHECK(st::tree_paths(tree) == std::vector<std::string>{"[\"w\"]", "[\"list\"][0]"});
  CHECK(floats(st::tree_map([](const st::Tensor& x) { return x * 2; }, tree)["w"].tensor()) == Floats{2, 4});
}

TEST_CASE("pytrees nest in every way") {
  const st::Tensor t = st::array({1.0, 2.0});
  const Everything e{{t, t}, {t, 7}, {t, t}, {t, t}, {{t, t}}, {{"key", t}}, t, std::nullopt};
  CHECK(st::tree_leaves(e).size() == 11);
  const Everything g = st::grad([](const Everything& x) {
    return st::tree_reduce([](const st::Tensor& s, const st::Tensor& leaf) { return s + st::sum(leaf * leaf); }, x,
                           0.0);
  })(e);
  for (const st::Tensor& leaf : st::tree_leaves(g)) CHECK(floats(leaf) == Floats{2, 4});
  CHECK(std::get<1>(g.tuple) == 7);
  CHECK(g.number == 3);
  CHECK(g.rate == 0.5f);
  CHECK(g.name == "static");
  CHECK(g.activation == &st::relu);
  CHECK(g.kind == Kind::fancy);
  CHECK(!g.absent);
}

TEST_CASE("vmap") {
  const st::Tensor x = st::array({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  const auto f = [](const st::Tensor& c, const st::Tensor& t) { return c * t + st::axis_index("batch"); };
  CHECK(
      floats(st::vmap(f, {.in_axes = {st::none, 0}, .out_axes = -1, .axis_name = "batch", .axis_size = 3, .chunk = 64})(
          2.0, x)) == Floats{2, 7, 12, 4, 9, 14});
  const auto twice = [](const st::Tensor& t) { return t * 2; };
  CHECK(floats(st::vmap(twice)(x)) == floats(x * 2));
  CHECK(floats(st::vmap(twice, {.in_axes = 1})(x)) == Floats{2, 6, 10, 4, 8, 12});
  CHECK(st::vmap(twice, {.in_axes = st::none, .axis_size = 4})(x).shape() == st::Shape{4, 3, 2});
  CHECK(floats(st::vmap(twice, {.chunk = 2})(x)) == floats(x * 2));
  CHECK(floats(st::vmap([](const st::Tensor&) { return 7.f; }, {.out_axes = st::none})(x)) == Floats{7});
  CHECK(floats(st::vmap(twice, {.out_axes = st::sum_out})(x)) == Floats{18, 24});
  CHECK(floats(st::vmap(twice, {.out_axes = st::mean_out, .chunk = 1})(x)) == Floats{6, 8});
  const auto two = [](const st::Tensor& t) { return std::pair{t, st::sum(t)}; };
  const auto [stacked, total] = st::vmap(two, {.out_axes = {1, st::sum_out}})(x);
  CHECK(stacked.shape() == st::Shape{2, 3});
  CHECK(total.item<float>() == 21);
  CHECK(st::vmap(st::random::normal)(st::random::split(st::random::key(0), 3)).shape() == st::Shape{3});
}

TEST_CASE("vmap over the leaves of a tree") {
  const st::Tensor x = st::array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const auto h = [](const Params& p, const st::Tensor& t) { return st::sum(p.w * t) + p.b; };
  const Params p{st::array({1.0, 2.0, 3.0}), st::array({10.0, 20.0})};
  CHECK(floats(st::vmap(h, {.in_axes = {st::axes({st::none, 0}), 0}})(p, x)) == Floats{24, 52});
  CHECK(floats(st::vmap(h, {.in_axes = {st::Axes::dict({{"w", st::none}, {"b", 0}}), 0}})(p, x)) == Floats{24, 52});
}

TEST_CASE("gradients") {
  const st::Tensor x = st::array({1.0, 2.0});
  const auto f = [](const st::Tensor& t) { return st::sum(t * t); };
  CHECK(floats(st::grad(f)(x)) == Floats{2, 4});
  const auto f3 = [](const st::Tensor& a, const st::Tensor& b, const st::Tensor& c) { return st::sum(a * b * c * c); };
  const auto several = st::grad<0, 2>(f3)(x, x, x);
  static_assert(is<decltype(several), std::tuple<st::Tensor, st::Tensor>>);
  CHECK(floats(std::get<0>(several)) == Floats{1, 8});
  CHECK(floats(std::get<1>(several)) == Floats{2, 16});
  const auto [value, gradient] = st::value_and_grad(f)(x);
  CHECK(value.item<float>() == 5);
  CHECK(floats(gradient) == Floats{2, 4});
  const auto with_aux = [](const st::Tensor& t) { return std::pair{st::sum(t), t * 2}; };
  const auto [g, aux] = st::grad(with_aux, st::has_aux)(x);
  CHECK(floats(g) == Floats{1, 1});
  CHECK(floats(aux) == Floats{2, 4});
  CHECK(st::value_and_grad(with_aux, st::has_aux)(x).first.first.item<float>() == 3);
  const Params p{x, 0.5};
  const Params of_params = st::grad([](const Params& q) { return st::sum(q.w * q.b); })(p);
  CHECK(floats(of_params.w) == Floats{0.5f, 0.5f});
  CHECK(of_params.b.item<float>() == 3);
  CHECK(floats(st::grad(st::sum)(x)) == Floats{1, 1});
  // a number that is differentiated is a weak scalar tensor; control flow on its value is the language's own
  CHECK(float(st::grad([](const st::Tensor& t) { return float(t) < 1 ? t : t * t; })(3.0)) == 6);
  CHECK(floats(st::grad(st::checkpoint(f))(x)) == Floats{2, 4});
  CHECK(floats(st::grad([](const st::Tensor& t) { return st::sum(st::stop_gradient(t) * t); })(x)) == Floats{1, 2});
}

TEST_CASE("pullbacks and tangents") {
  const st::Tensor x = st::array({1.0, 2.0});
  const auto f = [](const st::Tensor& t) { return st::sum(t * t); };
  auto [y, pullback] = st::vjp(f, x);
  CHECK(y.item<float>() == 5);
  CHECK(floats(pullback(1.0)) == Floats{2, 4});
  CHECK(floats(pullback(2.0)) == Floats{4, 8});
  const auto f2 = [](const st::Tensor& a, const st::Tensor& b) { return a * b; };
  auto [y2, pullback2] = st::vjp(f2, x, x + 1);
  const auto cotangents = pullback2(st::ones({2}));
  static_assert(is<decltype(cotangents), std::tuple<st::Tensor, st::Tensor>>);
  CHECK(floats(std::get<0>(cotangents)) == Floats{2, 3});
  auto [z, dz] = st::jvp(f2, st::args(x, x), st::args(x, x));
  CHECK(floats(z) == Floats{1, 4});
  CHECK(floats(dz) == Floats{2, 8});
  CHECK(floats(st::jvp(f2, std::tuple{x, x}, std::tuple{x, x}).second) == Floats{2, 8});
  CHECK(floats(st::jvp([](const st::Tensor& t) { return t * t; }, x, x).second) == Floats{2, 8});
  auto [l, push] = st::linearize(f, x);
  CHECK(l.item<float>() == 5);
  CHECK(push(x).item<float>() == 10);
}

TEST_CASE("jacobians") {
  const st::Tensor x = st::array({1.0, 2.0});
  const auto f = [](const st::Tensor& t) { return st::sum(t * t); };
  const auto square = [](const st::Tensor& t) { return t * t; };
  CHECK(floats(st::jacrev(square)(x)) == Floats{2, 0, 0, 4});
  CHECK(floats(st::jacfwd(square)(x)) == Floats{2, 0, 0, 4});
  CHECK(floats(st::hessian(f)(x)) == Floats{2, 0, 0, 2});
  CHECK(floats(st::jacrev(square, {.chunk = 1})(x)) == Floats{2, 0, 0, 4});
  CHECK(floats(st::jacfwd(square, {.chunk = 1})(x)) == Floats{2, 0, 0, 4});
  CHECK(floats(st::hessian(f, {.chunk = 1})(x)) == Floats{2, 0, 0, 2});
  CHECK(floats(st::hvp(f, x, x)) == Floats{2, 4});
  const Params p{x, 0.5};
  const Params rows = st::jacrev([](const Params& q) { return q.w * q.b; })(p);
  CHECK(floats(rows.w) == Floats{0.5f, 0, 0, 0.5f});
  CHECK(floats(rows.b) == Floats{1, 2});
  const Params columns = st::jacfwd([](const st::Tensor& t) { return Params{t * 2, st::sum(t)}; })(x);
  CHECK(floats(columns.w) == Floats{2, 0, 0, 2});
  CHECK(floats(columns.b) == Floats{1, 1});
  const st::Tree both = st::jacrev([](const Params& q) { return Params{q.w * q.b, q.b}; })(p);
  CHECK(floats(both["w"]["b"].tensor()) == Floats{1, 2});
  CHECK(floats(both["b"]["w"].tensor()) == Floats{0, 0});
}

TEST_CASE("functions with rules of their own") {
  const st::Tensor x = st::array({1.0, 2.0});
  const auto f = [](const st::Tensor& t) { return st::sum(t * t); };
  const auto fwd = [f](const st::Tensor& t) { return std::pair{f(t), t}; };
  const auto bwd = [](const st::Tensor& t, const st::Tensor& g) { return 3 * t * g; };
  CHECK(floats(st::grad(st::custom_vjp(f, fwd, bwd))(x)) == Floats{3, 6});
  const auto rule = [f](const st::Tensor& t, const st::Tensor& dt) { return std::pair{f(t), 5 * st::sum(t * dt)}; };
  CHECK(floats(st::grad(st::custom_jvp(f, rule))(x)) == Floats{5, 10});
  const auto batch = [](std::int64_t size, auto mapped, const st::Tensor& t) { return t + 100 * size * mapped[0]; };
  CHECK(floats(st::vmap(st::custom_vmap([](const st::Tensor& t) { return t + 1; }, batch))(x)) == Floats{201, 202});
  const auto gate = st::elementwise([](auto x, auto y) { return x * st::math::tanh(y); });
  CHECK(floats(gate(x, x)) == floats(x * st::tanh(x)));
}

TEST_CASE("control flow") {
  const st::Tensor xs = st::array({1.0, 2.0, 3.0});
  const auto step = [](const st::Tensor& c, const st::Tensor& x) { return std::pair{c + x, c * x}; };
  auto [carry, ys] = st::scan(step, 0.0, xs, {.reverse = false});
  CHECK(carry.item<float>() == 6);
  CHECK(floats(ys) == Floats{0, 2, 9});
  CHECK(floats(st::scan(step, 0.0, xs, {.reverse = true}).second) == Floats{5, 6, 0});
  const auto doubled = [](const st::Tensor& c, st::None) { return std::pair{c * 2, c}; };
  const int n = 4;
  CHECK(floats(st::scan(doubled, 1.0, st::none, {.length = n}).second) == Floats{1, 2, 4, 8});
  const auto twice = [](const st::Tensor& x) { return x * 2; };
  const auto same = [](const st::Tensor& x) { return x; };
  CHECK(st::cond(xs[0] > 0, twice, same, xs[1]).item<float>() == 4);
  CHECK(st::cond({.select = true}, xs[0] > 0, twice, same, xs[1]).item<float>() == 4);
  const auto by_sign = [&](const st::Tensor& x) { return st::cond(x > 2, twice, same, x); };
  CHECK(floats(st::vmap(by_sign)(xs)) == Floats{1, 2, 6});
  CHECK(st::switch_case(1, std::tuple{same, twice, same}, xs[1]).item<float>() == 4);
  CHECK(st::while_loop([](const st::Tensor& x) { return x < 100; }, twice, 3.0).item<float>() == 192);
  const auto counting = [](int, const st::Tensor& x) { return x * 2; };
  CHECK(st::fori_loop(0, 3, counting, 1.0).item<float>() == 8);
  const auto adding = [](const st::Tensor& i, const st::Tensor& x) { return x + i; };
  CHECK(st::fori_loop(0, 3, adding, 0.0).item<float>() == 3);
  CHECK(floats(st::map(twice, xs, {.chunk = 2})) == Floats{2, 4, 6});
  const auto add = [](const st::Tensor& a, const st::Tensor& b) { return a + b; };
  CHECK(floats(st::associative_scan(add, xs)) == Floats{1, 3, 6});
}
