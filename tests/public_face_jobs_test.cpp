// The public face, line by line as the design states it, second part: randomness, collectives and processes, files and
// devices, layers and optimisers, what values mean, and how errors speak. See public_face_test.cpp.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <strata/strata.hpp>

#include "strata/tests/catch.hpp"

namespace st = strata;

namespace {

struct Params {
  st::Tensor w, b;
};
struct Batch {
  st::Tensor inputs, targets;
};

using Floats = std::vector<float>;
Floats floats(const st::Tensor& x) { return x.to_vector<float>(); }

std::string temporary(const char* name) { return (std::filesystem::temp_directory_path() / name).string(); }

template <class Error, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("randomness is JAX's") {
  auto key = st::random::key(42);
  auto keys = st::random::split(key, 4);
  CHECK(keys.shape() == st::Shape{4, 2});
  CHECK(keys.dtype() == st::uint32);
  CHECK(keys[0].to_vector<std::uint32_t>() == std::vector<std::uint32_t>{1832780943u, 270669613u});
  CHECK(keys[1].to_vector<std::uint32_t>() == std::vector<std::uint32_t>{64467757u, 2916123636u});
  CHECK(std::abs(st::random::normal(key).item<float>() + 0.028304616f) < 1e-7f);
  CHECK(st::random::fold_in(key, 7).shape() == st::Shape{2});
  CHECK(st::random::normal(key, {2, 28, 28}).shape() == st::Shape{2, 28, 28});
  CHECK(st::random::uniform(key, {3}).dtype() == st::float32);
  const st::Shape shape{3};
  const double p = 0.5;
  CHECK(st::random::bernoulli(key, p, shape).dtype() == st::bool_);
  const int lo = 0, hi = 10;
  CHECK(st::random::randint(key, shape, lo, hi).dtype() == st::int32);
  CHECK(st::sum(st::random::permutation(key, 5)).item<int>() == 10);
  CHECK(st::random::choice(key, 5, {2}).size() == 2);
  CHECK(st::random::categorical(key, st::array({0.0, 100.0, 0.0})).item<int>() == 1);
}

TEST_CASE("collectives by axis name") {
  const st::Tensor x = st::array({1.0, 2.0, 3.0, 4.0});
  const auto over = [&](auto f) { return floats(st::vmap(f, {.axis_name = "batch"})(x)); };
  CHECK(over([](const st::Tensor& e) { return st::psum(e, "batch"); }) == Floats(4, 10));
  CHECK(over([](const st::Tensor& e) { return st::pmean(e, "batch"); }) == Floats(4, 2.5f));
  CHECK(over([](const st::Tensor& e) { return st::pmax(e, "batch"); }) == Floats(4, 4));
  CHECK(over([](const st::Tensor& e) { return st::pmin(e, "batch"); }) == Floats(4, 1));
  CHECK(over([](const st::Tensor& e) { return st::all_gather(e, "batch")[2]; }) == Floats(4, 3));
  CHECK(over([](const st::Tensor& e) { return st::psum_scatter(e * st::arange(4), "batch"); }) ==
        Floats{0, 10, 20, 30});
  CHECK(over([](const st::Tensor& e) { return st::all_to_all(e * st::ones({4}), "batch")[1]; }) == Floats(4, 2));
  CHECK(over([](const st::Tensor& e) {
          return st::ppermute(e, "batch", {{0, 1}, {1, 2}, {2, 3}, {3, 0}});
        }) == Floats{4, 1, 2, 3});
  CHECK(over([](const st::Tensor&) { return st::axis_index("batch"); }) == Floats{0, 1, 2, 3});
  CHECK(over([](const st::Tensor& e) { return e * 0 + st::axis_size("batch"); }) == Floats(4, 4));
  CHECK(over([](const st::Tensor& e) { return st::psum_invariant(st::pvary(e, "batch"), "batch"); }) == Floats(4, 10));
  const auto of_mean = [](const st::Tensor& e) { return st::pmean(e * e, "batch"); };
  CHECK(over([&](const st::Tensor& e) { return st::grad(of_mean)(e); }) == Floats{2, 4, 6, 8});
}

TEST_CASE("processes") {
  auto world = st::distributed::init();
  const auto n = static_cast<float>(world.size());
  const st::Tensor x = st::array({1.0, 2.0, 3.0, 4.0});
  const auto f = [](const st::Tensor& w, const st::Tensor& b) { return st::psum(st::sum(b) * w, "data"); };
  auto step = st::pmap(f, {.in_axes = {st::none, 0}, .axis_name = "data"});
  CHECK(st::sum(step(2.0, st::shard(x))).item<float>() == 20 * n);
  auto shared = st::pmap(f, {.in_axes = {st::none, 0}, .out_axes = st::none, .axis_name = "data"});
  CHECK(shared(2.0, st::shard(x)).item<float>() == 20);
}

TEST_CASE("files and devices") {
  const Params tree{st::array({1.0, 2.0}), 0.5}, like{st::zeros({2}), 0.0};
  const std::string path = temporary("strata-face.safetensors"), npy = temporary("strata-face.npy");
  st::save(path, tree, {{"step", "10"}});
  auto t = st::load<Params>(path);
  CHECK(floats(t.w) == Floats{1, 2});
  CHECK(floats(st::load_into(path, like).w) == Floats{1, 2});
  CHECK(st::load_metadata(path).at("step") == "10");
  CHECK(floats(st::load(path)["b"].tensor()) == Floats{0.5f});
  st::save_npy(npy, tree.w);
  CHECK(floats(st::load_npy(npy)) == Floats{1, 2});
  std::filesystem::remove(path);
  std::filesystem::remove(npy);
  CHECK(floats(tree.w.to(st::cpu)) == Floats{1, 2});
  CHECK(tree.w.to(st::cpu).device() == st::cpu);
  CHECK(st::cuda(0).index == 0);
  st::default_device(st::cpu);
  CHECK(st::default_device() == st::cpu);
  st::set_num_threads(2);
}

TEST_CASE("layers and optimisers") {
  CHECK(floats(st::nn::Linear{st::ones({3, 2}), st::zeros({2})}(st::ones({3}))) == Floats{3, 3});
  Params model{st::ones({2}), 0.5};
  const auto loss = [](const Params& m, const st::Tensor& x, const st::Tensor& y) {
    return st::square(st::sum(m.w * x) + m.b - y);
  };
  const st::Tensor x = st::array({1.0, 2.0}), y = 0.5;
  Params grads = st::grad(loss)(model, x, y);
  CHECK(floats(grads.w) == Floats{6, 12});
  auto opt = st::optim::adamw({.lr = 1e-3});
  auto state = opt.init(model);
  Params updates;
  std::tie(updates, state) = opt.update(grads, state, model);
  model = st::optim::apply_updates(model, updates);
  CHECK(std::abs(model.w[0].item<float>() - 0.999f) < 1e-4f);
}

TEST_CASE("an ensemble is vmap of the constructor, of the loss and of the optimiser") {
  const auto init = [](const st::Tensor& key) { return st::nn::Linear::init(key, 3, 2); };
  const auto loss = [](const st::nn::Linear& m, const st::Tensor& x) { return st::sum(st::square(m(x))); };
  const auto opt = st::optim::adamw({.lr = 1e-1});
  auto models = st::vmap(init)(st::random::split(st::random::key(1), 4));
  CHECK(models.w.shape() == st::Shape{4, 3, 2});
  auto states = st::vmap([&](const st::nn::Linear& m) { return opt.init(m); })(models);
  const auto train = [&](const st::nn::Linear& m, const auto& s) {
    const auto grads = st::grad(loss)(m, st::ones({3}));
    const auto [updates, next] = opt.update(grads, s, m);
    return std::pair{st::optim::apply_updates(m, updates), next};
  };
  const auto losses = [&] { return st::sum(st::vmap(loss, {.in_axes = {0, st::none}})(models, st::ones({3}))); };
  const float before = losses().item<float>();
  for (int i = 0; i < 3; ++i) std::tie(models, states) = st::vmap(train)(models, states);
  CHECK(losses().item<float>() < before);
}

TEST_CASE("what values mean") {
  CHECK(st::argmax(st::array({1.0, 3.0, 3.0})).item<int>() == 1);
  const st::Tensor n = st::array({7, -7});
  CHECK((st::astype(n, st::uint32) + n).dtype() == st::int32);
  CHECK((n / n).dtype() == st::float32);
  CHECK((st::astype(n, st::int64) / st::astype(n, st::int64)).dtype() == st::float64);
  CHECK((st::astype(n, st::float64) + n).dtype() == st::float64);
  CHECK(std::isnan(st::take(st::ones({3}), st::array({5})).item<float>()));
  CHECK(st::arange(3)[st::array({5})].item<int>() == 2);
  CHECK_THROWS_AS(st::arange(3)[5], st::ValueError);
  CHECK(st::arange(3).at(st::array({5})).set(9).to_vector<int>() == std::vector<int>{0, 1, 2});
  CHECK(st::grad([](const st::Tensor& x) { return st::abs(x); })(0.0).item<float>() == 1);
  CHECK(floats(st::grad([](const st::Tensor& x) { return st::max(x); })(st::zeros({2}))) == Floats{0.5f, 0.5f});
  CHECK(floats(st::grad([](const st::Tensor& x) { return st::linalg::norm(x); })(st::zeros({2}))) == Floats{0, 0});
  CHECK(floats(st::grad([](const st::Tensor& x) { return st::std(x); })(st::ones({2}))) == Floats{0, 0});
  const Params mixed{st::ones({2}), st::array({1, 2})};
  CHECK(!st::grad([](const Params& p) { return st::sum(p.w * p.b); })(mixed).b.defined());
  CHECK_THROWS_AS(st::grad([](const st::Tensor& x) { return st::sum(x) * 1.0; })(n), st::DtypeError);
  CHECK(st::vmap([](const st::Tensor& x) { return st::sum(x); })(st::zeros({0, 3})).shape() == st::Shape{0});
  const auto branching = [](const st::Tensor& x) { return x.item<float>() < 1 ? x : -x; };
  CHECK(message_of<st::TransformError>([&] { st::vmap(branching)(st::ones({2})); }).find("where") != std::string::npos);
}

TEST_CASE("errors speak of the user's call") {
  const auto product = [](const st::Tensor& a) { return st::sum(st::matmul(a, st::zeros({5, 3}))); };
  const auto nested = [&](const st::Tensor& x) { return st::sum(st::vmap(product)(x)); };
  CHECK(message_of<st::ShapeError>([&] {
          st::grad(nested)(st::zeros({128, 32, 3}));
        }) ==
        "matmul: inner sizes differ: [32, 3] x [5, 3] (3 against 5)\n"
        "  inside vmap (level 2, size 128), inside grad (level 1): shapes are those of one example\n"
        "  if the second was meant transposed: matmul(a, mT(b))");
  const auto f = [](const st::Tensor& x, const Batch& b) { return st::sum(x) + st::sum(b.targets); };
  const auto mapped = st::vmap(f, {.in_axes = {1, st::axes({st::none, 0})}});
  CHECK(message_of<st::TransformError>([&] {
          mapped(st::zeros({5, 2}), Batch{0.0, st::zeros({3})});
        }) ==
        "vmap: argument 1 (.targets) has size 3 along axis 0, but argument 0 has size 2 along axis 1: mapped axes must "
        "agree");
}
