// Who works with per-example gradients kept as factors: optimisers, sums into dense tensors, embeddings, convolutions,
// second order, private gradients. Their rules are in factored_test.cpp.
#include "strata/tests/support/factored_case.hpp"

using namespace strata;
using namespace strata::factored_case;

TEST_CASE("optimisers and dense neighbours", "[factored]") {
  const auto f = [](const std::function<Leaves(Tensor)>& then) {
    return agree([&] { return gradients(layer, draw(1, {3, 4}), draw(2, {5, 3}), then); });
  };
  const Tensor d = draw(7, {5, 3, 4});
  f([&](Tensor g) { return Leaves{d + g, g + d, d - 0.1 * g, g - d}; });
  f([&](Tensor g) { return Leaves{sum(square(g + draw(8, {3, 4})), {.axes = {1, 2}})}; });
  f([&](Tensor g) { return Leaves{matmul(g, draw(8, {4})), g * d, where(d > 0, g, 0), g / g}; });
}

TEST_CASE("sums into dense tensors go straight into their memory", "[factored]") {
  const auto f = [](const std::function<Leaves(Tensor)>& then, std::int64_t made = 0) {
    const auto m = agree([&] { return gradients(layer, draw(1, {3, 4}), draw(2, {5, 2, 3}), then); }, 3);
    CHECK(m.count == made);
  };
  f([](Tensor g) { return Leaves{draw(7, {5, 3, 4}) + g, g + draw(7, {5, 3, 4})}; });
  f([](Tensor g) { return Leaves{draw(7, {5, 3, 4}) - 0.1 * g, g * 2 - draw(7, {5, 3, 4})}; });
  f([](Tensor g) {
    const Tensor d = draw(7, {5, 3, 4});
    return Leaves{d - reshape(arange(5.0f), {5, 1, 1}) * g, d};
  });
  f([](Tensor g) {
    return Leaves{draw(7, {4, 5, 3}) + transpose(g, {2, 0, 1}), draw(7, {5, 12}) + reshape(g, {5, 12})};
  });
  const Tensor ids = random::randint(random::key(5), {5, 6}, 0, 4), rows = draw(8, {4, 3});
  const auto look_up = [&](Tensor t, Tensor i) { return sum(sin(take(t, i, {.axis = 0}))); };
  CHECK(agree([&] {
          return Leaves{draw(7, {5, 4, 3}) + vmap(grad(look_up), {.in_axes = {none, 0}})(rows, ids)};
        }).count == 0);
}

TEST_CASE("embeddings", "[factored]") {
  const auto check = [](auto f, Shape table, Tensor ids, std::int64_t made = 1) {
    const auto m = agree(
        [&] {
          const Tensor g = vmap(grad(f), {.in_axes = {none, 0}})(draw(1, table), ids);
          const Tensor s = 1 / (1 + sum(square(g), {.axes = {1, 2}}));
          return Leaves{s, sum(g * reshape(s, {-1, 1, 1}), {.axes = {0}}), sum(g, {.axes = {1, 2}}), g[0]};
        },
        4);
    CHECK(m.count == made);
  };
  const Tensor ids = random::randint(random::key(5), {3, 7}, 0, 5);
  SECTION("rows, some twice") {
    check([](Tensor t, Tensor i) { return sum(sin(take(t, i, {.axis = 0}))); }, {5, 4}, ids);
  }
  SECTION("columns") {
    check([](Tensor t, Tensor i) { return sum(sin(take(t, i, {.axis = 1}))); }, {4, 5}, ids);
  }
  SECTION("indices outside, and from the end") {
    const Tensor some = ids * 2 - 4;
    check(
        [](Tensor t, Tensor i) { return sum(sin(where(isnan(take(t, i, {.axis = 0})), 0, take(t, i, {.axis = 0})))); },
        {5, 4}, some);
  }
  SECTION("several axes of indices, several of rows") {
    agree([&] {
      const auto f = [](Tensor t, Tensor i) { return sum(sin(take(t, i, {.axis = 0}))); };
      const Tensor g =
          vmap(grad(f), {.in_axes = {none, 0}})(draw(1, {5, 2, 3}), reshape(ids[{all, range(0, 6)}], {3, 2, 3}));
      return Leaves{sum(square(g), {.axes = {1, 2, 3}}), sum(g, {.axes = {0}}), g};
    });
  }
  SECTION("tied to the output") {
    const auto f = [](Tensor t, Tensor i) {
      const Tensor h = tanh(take(t, i, {.axis = 0}));
      return sum(square(softmax(matmul(h, mT(t)))));
    };
    check(f, {5, 4}, ids);
  }
}

TEST_CASE("convolutions, blocks, second order", "[factored]") {
  SECTION("convolution") {
    for (const std::string padding : {"SAME", "VALID"}) {
      const auto f = [&](Tensor w, Tensor x) {
        return sum(sin(conv_general(x, w, {.strides = {2, 1}, .padding = padding})));
      };
      const auto m = agree(
          [&] {
            const Tensor g = vmap(grad(f), {.in_axes = {none, 0}})(draw(1, {4, 3, 3, 2}), draw(2, {3, 2, 3, 6, 5}));
            const Tensor s = 1 / (1 + sum(square(g), {.axes = {1, 2, 3, 4}}));
            return Leaves{s, sum(g * reshape(s, {-1, 1, 1, 1, 1}), {.axes = {0}})};
          },
          4);
      CHECK(m.count == 0);
    }
    const Tensor w = draw(1, {64, 64, 3, 3}), x = draw(2, {2, 64, 4, 4});
    const auto f = [](Tensor v, Tensor t) { return sum(sin(conv_general(expand_dims(t, 0), v, {.padding = "SAME"}))); };
    CHECK(vmap(grad(f), {.in_axes = {none, 0}})(w, x).kind() == Kind::factored);
  }
  SECTION("a transformer block") {
    struct Block {
      nn::LayerNorm norm;
      nn::Linear q, k, v, up;
    };
    const auto linear = [](std::uint32_t i) { return nn::Linear::init(random::key(i), 8, 8); };
    const Block block{nn::LayerNorm::init(8), linear(0), linear(1), linear(2), linear(3)};
    const auto f = [](const Block& b, const Tensor& x) {
      const Tensor h = b.norm(x);
      const Tensor a = matmul(softmax(matmul(b.q(h), mT(b.k(h)))), b.v(h)) + x;
      return sum(square(gelu(b.up(a))));
    };
    const auto m = agree(
        [&] {
          const auto one = [&](const Tensor& x) {
            const Block g = grad(f)(block, x);
            const Tensor scale = minimum(1, 1 / optim::global_norm(g));
            return tree_map([&](const Tensor& t) { return t * scale; }, g);
          };
          return tree_leaves(vmap(one, {.out_axes = mean_out})(draw(9, {3, 5, 8})));
        },
        10);
    CHECK(m.count == 0);
  }
}

TEST_CASE("private gradients by optimisers", "[factored]") {
  const Model m = model(64, 96, 32);
  const Tensor x = draw(5, {24, 64}), y = draw(6, {24, 32});
  const auto g = vmap(grad(loss), {.in_axes = {none, 0, 0}})(m, x, y);
  debug::reset_materialised();
  const auto opt = optim::chain(optim::per_example_clip(1.0), optim::sgd({.lr = 1.0}));
  const auto [updates, state] = opt.update(g, opt.init(m), m);
  CHECK(debug::materialised().count == 0);
  const Leaves a = tree_leaves(updates), b = tree_leaves(clipped_mean(m, x, y));
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(distance(-a[i], b[i]) < 2e-5);
  const auto quiet = optim::dp_sgd({.lr = 1.0, .max_norm = 1, .noise_multiplier = 0});
  const auto noisy = optim::dp_sgd({.lr = 1.0, .max_norm = 1, .noise_multiplier = 24});
  const auto [u, s] = quiet.update(g, quiet.init(m), m);
  CHECK(distance(u.w1, updates.w1) < 2e-5);
  const auto [v, t] = noisy.update(g, noisy.init(m), m);
  CHECK(std::abs(mean(square(v.w1 - u.w1)).item<double>() - 1) < 0.1);
  const auto [v2, t2] = noisy.update(g, t, m);
  CHECK(distance(v2.w1, v.w1) > 0.1);  // other noise
  CHECK_THROWS_AS(opt.update(m, opt.init(m), m), ShapeError);
}
