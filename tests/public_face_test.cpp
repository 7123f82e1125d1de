// The public face, line by line as the design states it: what users' programs are compiled against. Compiled with g++
// and with clang++.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <sstream>
#include <strata/strata.hpp>

#include "strata/tests/catch.hpp"

namespace st = strata;

namespace {

struct Params {
  st::Tensor w, b;
};

using Floats = std::vector<float>;
Floats floats(const st::Tensor& x) { return x.to_vector<float>(); }

std::string temporary(const char* name) { return (std::filesystem::temp_directory_path() / name).string(); }

}  // namespace

TEST_CASE("tensors") {
  st::Tensor x = st::array({{1.f, 2.f}, {2.5f, -1.f}});
  st::Tensor n = st::array({1, 2, 3});
  st::Tensor t0 = st::array({1.0, 2.0}), t1 = st::array({3.0, 4.0});
  CHECK(st::array({t0, t1}).shape() == st::Shape{2, 2});
  CHECK(n.dtype() == st::int32);
  CHECK(st::array({true, false}).dtype() == st::bool_);
  CHECK(st::array({1.0, 2.0}).dtype() == st::float32);
  CHECK(st::array({1.0}, {.dtype = st::float64}).dtype() == st::float64);
  std::vector<float> v(12, 1.5f);
  st::Tensor d = st::array(std::span<const float>(v), {3, 4});
  CHECK(d.shape() == st::Shape{3, 4});
  st::Tensor s = 0.25;
  CHECK((2 * st::astype(x, st::bfloat16)).dtype() == st::bfloat16);
  CHECK((s * st::astype(x, st::float64)).dtype() == st::float64);
  CHECK(st::zeros({2, 3}).size() == 6);
  CHECK(st::ones({2}).size() == 2);
  CHECK(st::full({2}, 7, {.dtype = st::int32})[1].item<int>() == 7);
  CHECK(st::arange(5).size() == 5);
  CHECK(st::linspace(0, 1, 5)[1].item<float>() == 0.25f);
  CHECK(st::eye(3).shape() == st::Shape{3, 3});
  CHECK(st::zeros_like(x).shape() == x.shape());
  CHECK(x.ndim() == 2);
  CHECK(x.size() == 4);
  CHECK(x.dtype() == st::float32);
  CHECK(x.device() == st::cpu);
  CHECK(st::sum(x).item<float>() == 4.5f);
  CHECK(float(st::sum(x)) == 4.5f);
  CHECK(x.to_vector<float>() == Floats{1, 2, 2.5f, -1});
  CHECK(x.data<float>()[2] == 2.5f);
  CHECK(floats(x + 2)[0] == 3);
  CHECK(floats(-x)[0] == -1);
  CHECK((x < st::zeros({2, 2})).dtype() == st::bool_);
  CHECK(st::all(x == x).item<bool>());
  CHECK(x[0].shape() == st::Shape{2});
  CHECK(st::zeros({4, 5})[{st::all, st::range(1, 3), st::newaxis}].shape() == st::Shape{4, 2, 1});
  CHECK(x[{0, 1}].item<float>() == 2);
  CHECK(floats(x.at({0}).set(9)) == Floats{9, 9, 2.5f, -1});
  CHECK(floats(x.at({0}).add(1)) == Floats{2, 3, 2.5f, -1});
  CHECK(floats(x.at({0}).max(1.5)) == Floats{1.5f, 2, 2.5f, -1});
  CHECK(floats(x.at({0}).mul(2)) == Floats{2, 4, 2.5f, -1});
  bool freed = false;
  {
    const st::Tensor borrowed = st::borrow(v.data(), {12}, [&] { freed = true; });
    CHECK(floats(borrowed + 0).size() == 12);
  }
  CHECK(freed);
  std::ostringstream out;
  out << x;
  CHECK(out.str() == fmt::format("{}", x));
  for (const st::Dtype t : {st::float32, st::float64, st::bfloat16, st::float16, st::int8, st::int16, st::int32,
                            st::int64, st::uint8, st::uint16, st::uint32, st::uint64, st::bool_}) {
    CHECK(st::astype(x, t).dtype() == t);
  }
  CHECK(st::sum(x, {.axes = {-1}, .keepdims = true}).shape() == st::Shape{2, 1});
}

TEST_CASE("pytrees") {
  const Params p{st::array({1.0, 2.0}), 0.5};
  const Params q = st::tree_map([](const st::Tensor& a, const st::Tensor& b) { return a + b; }, p, p);
  CHECK(floats(q.w) == Floats{2, 4});
  CHECK(st::tree_leaves(p).size() == 2);
  CHECK(st::tree_reduce([](st::Tensor s, const st::Tensor& x) { return s + st::sum(x); }, p, 0.0).item<float>() ==
        3.5f);
  CHECK(st::tree_paths(p) == std::vector<std::string>{".w", ".b"});
  const auto [flat, unravel] = st::ravel(p);
  CHECK(floats(flat) == Floats{1, 2, 0.5f});
  CHECK(floats(unravel(flat * 2).w) == Floats{2, 4});
  st::Tree tree = st::Tree::dict({{"w", p.w}, {"list", st::Tree::list({p.b, st::Tree()})}});
  CHECK(st::tree_leaves(tree).size() == 2);
}

TEST_CASE("vmap") {
  const st::Tensor x = st::array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const auto f = [](const st::Tensor& t) { return t * 2; };
  CHECK(st::vmap(f)(x).shape() == st::Shape{2, 3});
  const auto g = [](const st::Tensor& c, const st::Tensor& t) { return c * t; };
  CHECK(st::vmap(g, {.in_axes = {st::none, 0}, .out_axes = -1, .axis_name = "batch", .axis_size = 2})(2.0, x).shape() ==
        st::Shape{3, 2});
  CHECK(st::vmap(f, {.chunk = 64})(x).shape() == st::Shape{2, 3});
  const auto h = [](const Params& p, const st::Tensor& t) { return st::sum(p.w * t) + p.b; };
  const Params p{st::array({1.0, 2.0, 3.0}), st::array({10.0, 20.0})};
  CHECK(floats(st::vmap(h, {.in_axes = {st::axes({st::none, 0}), 0}})(p, x)) == Floats{24, 52});
  CHECK(floats(st::vmap(h, {.in_axes = {st::Axes::dict({{"w", st::none}, {"b", 0}}), 0}})(p, x)) == Floats{24, 52});
  CHECK(floats(st::vmap(f, {.out_axes = st::sum_out})(x)) == Floats{10, 14, 18});
  CHECK(floats(st::vmap(f, {.out_axes = st::mean_out, .chunk = 1})(x)) == Floats{5, 7, 9});
  CHECK(st::vmap(st::random::normal)(st::random::split(st::random::key(0), 3)).shape() == st::Shape{3});
}

TEST_CASE("derivatives") {
  const st::Tensor x = st::array({1.0, 2.0});
  const auto f = [](const st::Tensor& t) { return st::sum(t * t); };
  CHECK(floats(st::grad(f)(x)) == Floats{2, 4});
  const auto f3 = [](const st::Tensor& a, const st::Tensor& b, const st::Tensor& c) { return st::sum(a * b * c); };
  const auto [d0, d2] = st::grad<0, 2>(f3)(x, x, x);
  CHECK(floats(d0) == floats(d2));
  CHECK(st::value_and_grad(f)(x).first.item<float>() == 5);
  const auto with_aux = [](const st::Tensor& t) { return std::pair{st::sum(t), t * 2}; };
  CHECK(floats(st::grad(with_aux, st::has_aux)(x).second) == Floats{2, 4});
  CHECK(st::value_and_grad(with_aux, st::has_aux)(x).first.first.item<float>() == 3);
  auto [y, pullback] = st::vjp(f, x);
  CHECK(floats(pullback(1.0)) == Floats{2, 4});
  CHECK(floats(pullback(2.0)) == Floats{4, 8});
  const auto f2 = [](const st::Tensor& a, const st::Tensor& b) { return a * b; };
  auto [z, dz] = st::jvp(f2, st::args(x, x), st::args(x, x));
  CHECK(floats(dz) == Floats{2, 8});
  CHECK(floats(st::jvp(f2, std::tuple{x, x}, std::tuple{x, x}).second) == Floats{2, 8});
  CHECK(floats(st::jvp([](const st::Tensor& t) { return t * t; }, x, x).second) == Floats{2, 8});
  auto [l, push] = st::linearize(f, x);
  CHECK(push(x).item<float>() == 10);
  CHECK(st::jacrev([](const st::Tensor& t) { return t * t; })(x).shape() == st::Shape{2, 2});
  CHECK(st::jacfwd([](const st::Tensor& t) { return t * t; })(x).shape() == st::Shape{2, 2});
  CHECK(floats(st::hessian(f, {.chunk = 1})(x)) == Floats{2, 0, 0, 2});
  CHECK(floats(st::hvp(f, x, x)) == Floats{2, 4});
  CHECK(floats(st::grad(st::checkpoint(f))(x)) == Floats{2, 4});
  CHECK(floats(st::grad([](const st::Tensor& t) { return st::sum(st::stop_gradient(t) * t); })(x)) == Floats{1, 2});
  const auto vjp_rule = st::custom_vjp(
      f,
      [f](const st::Tensor& t) {
        return std::pair{f(t), t};
      },
      [](const st::Tensor& t, const st::Tensor& g) { return 3 * t * g; });
  CHECK(floats(st::grad(vjp_rule)(x)) == Floats{3, 6});
  const auto jvp_rule = st::custom_jvp(f, [f](const st::Tensor& t, const st::Tensor& dt) {
    return std::pair{f(t), 5 * st::sum(t * dt)};
  });
  CHECK(floats(st::grad(jvp_rule)(x)) == Floats{5, 10});
  const auto vmap_rule = st::custom_vmap([](const st::Tensor& t) { return t + 1; },
                                         [](std::int64_t, auto, const st::Tensor& t) { return t + 100; });
  CHECK(floats(st::vmap(vmap_rule)(x)) == Floats{101, 102});
  CHECK(st::grad(st::sum)(x).shape() == x.shape());
  if (st::sum(x).item<float>() < 10)
    CHECK(float(st::grad([](const st::Tensor& t) { return float(t) < 1 ? t : t * t; })(3.0)) == 6);
}

TEST_CASE("control flow") {
  const st::Tensor xs = st::array({1.0, 2.0, 3.0});
  const auto step = [](const st::Tensor& c, const st::Tensor& x) { return std::pair{c + x, c * x}; };
  auto [carry, ys] = st::scan(step, 0.0, xs, {.reverse = false});
  CHECK(carry.item<float>() == 6);
  CHECK(floats(ys) == Floats{0, 2, 9});
  const auto counted = st::scan(
      [](const st::Tensor& c, st::None) {
        return std::pair{c * 2, c};
      },
      1.0, st::none, {.length = 4});
  CHECK(counted.first.item<float>() == 16);
  const auto twice = [](const st::Tensor& x) { return x * 2; };
  const auto same = [](const st::Tensor& x) { return x; };
  CHECK(st::cond(xs[0] > 0, twice, same, xs[1]).item<float>() == 4);
  CHECK(st::cond({.select = true}, xs[0] > 0, twice, same, xs[1]).item<float>() == 4);
  CHECK(st::switch_case(1, std::tuple{same, twice, same}, xs[1]).item<float>() == 4);
  CHECK(st::while_loop([](const st::Tensor& x) { return x < 100; }, twice, 3.0).item<float>() == 192);
  CHECK(st::fori_loop(
            0, 3, [](int, const st::Tensor& x) { return x * 2; }, 1.0)
            .item<float>() == 8);
  CHECK(st::fori_loop(
            0, 3, [](const st::Tensor& i, const st::Tensor& x) { return x + i; }, 0.0)
            .item<float>() == 3);
  CHECK(floats(st::map(twice, xs, {.chunk = 2})) == Floats{2, 4, 6});
  CHECK(floats(st::associative_scan([](const st::Tensor& a, const st::Tensor& b) { return a + b; }, xs)) ==
        Floats{1, 3, 6});
}

TEST_CASE("randomness") {
  auto key = st::random::key(42);
  auto keys = st::random::split(key, 4);
  CHECK(keys.shape() == st::Shape{4, 2});
  CHECK(keys.dtype() == st::uint32);
  CHECK(st::random::fold_in(key, 7).shape() == st::Shape{2});
  CHECK(st::random::normal(key, {2, 28, 28}).shape() == st::Shape{2, 28, 28});
  CHECK(st::random::uniform(key, {3}).dtype() == st::float32);
  CHECK(st::random::bernoulli(key, 0.5, {3}).dtype() == st::bool_);
  CHECK(st::random::randint(key, {3}, 0, 10).dtype() == st::int32);
  CHECK(st::random::permutation(key, 5).size() == 5);
  CHECK(st::random::choice(key, 5, {2}).size() == 2);
  CHECK(st::random::categorical(key, st::zeros({4})).ndim() == 0);
}

TEST_CASE("collectives and processes") {
  const st::Tensor x = st::array({1.0, 2.0, 3.0, 4.0});
  const auto over = [&](auto f) { return floats(st::vmap(f, {.axis_name = "batch"})(x)); };
  CHECK(over([](const st::Tensor& e) { return st::psum(e, "batch"); }) == Floats{10, 10, 10, 10});
  CHECK(over([](const st::Tensor& e) { return st::pmean(e, "batch"); })[0] == 2.5f);
  CHECK(over([](const st::Tensor& e) { return st::pmax(e, "batch") - st::pmin(e, "batch"); })[0] == 3);
  CHECK(over([](const st::Tensor& e) { return st::sum(st::all_gather(e, "batch")); })[0] == 10);
  CHECK(over([](const st::Tensor& e) {
          return st::ppermute(e, "batch", {{0, 1}, {1, 2}, {2, 3}, {3, 0}});
        }) == Floats{4, 1, 2, 3});
  CHECK(over([](const st::Tensor& e) { return e * 0 + st::axis_index("batch"); }) == Floats{0, 1, 2, 3});
  CHECK(over([](const st::Tensor& e) { return e * 0 + st::axis_size("batch"); })[0] == 4);
  CHECK(over([](const st::Tensor& e) { return st::psum_scatter(e * st::arange(4), "batch"); }) ==
        Floats{0, 10, 20, 30});
  CHECK(over([](const st::Tensor& e) { return st::sum(st::all_to_all(e * st::ones({4}), "batch")); })[0] == 10);
  CHECK(over([](const st::Tensor& e) { return st::psum_invariant(st::pvary(e, "batch"), "batch"); })[0] == 10);
  auto world = st::distributed::init();
  auto step = st::pmap([](const st::Tensor& w, const st::Tensor& b) { return st::psum(st::sum(b) * w, "data"); },
                       {.in_axes = {st::none, 0}, .axis_name = "data"});
  CHECK(st::sum(step(2.0, st::shard(x))).item<float>() == 20.f * static_cast<float>(world.size()));
}

TEST_CASE("files and devices") {
  const Params tree{st::array({1.0, 2.0}), 0.5};
  const std::string path = temporary("strata-face.safetensors"), npy = temporary("strata-face.npy");
  st::save(path, tree, {{"step", "10"}});
  auto t = st::load<Params>(path);
  CHECK(floats(t.w) == Floats{1, 2});
  CHECK(floats(st::load_into(path, tree).w) == Floats{1, 2});
  CHECK(st::load_metadata(path).at("step") == "10");
  st::save_npy(npy, tree.w);
  CHECK(floats(st::load_npy(npy)) == Floats{1, 2});
  std::filesystem::remove(path);
  std::filesystem::remove(npy);
  CHECK(tree.w.to(st::cpu).device() == st::cpu);
  CHECK(st::cuda(0).index == 0);
  st::default_device(st::cpu);
  st::set_num_threads(2);
}

TEST_CASE("layers and optimisers") {
  const auto layer = st::nn::Linear{st::ones({3, 2}), st::zeros({2})};
  CHECK(floats(layer(st::ones({3}))) == Floats{3, 3});
  CHECK(st::softmax(st::zeros({2, 2}), {.axis = -1}).shape() == st::Shape{2, 2});
  CHECK(floats(st::relu(st::array({-1.0, 1.0}))) == Floats{0, 1});
  CHECK(st::sigmoid(0.0).item<float>() == 0.5f);
  Params model{st::ones({2}), 0.5};
  auto opt = st::optim::adamw({.lr = 1e-3});
  auto state = opt.init(model);
  Params grads = model, updates;
  std::tie(updates, state) = opt.update(grads, state, model);
  model = st::optim::apply_updates(model, updates);
  CHECK(model.w[0].item<float>() < 1);
}
