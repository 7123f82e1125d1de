// Pending pointwise chains: what they store, that they change no bit, that threads may look at once.
#include <thread>

#include "strata/core/debug.hpp"
#include "strata/core/op.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

Tensor draw(const Shape& shape, int seed = 0) { return random::normal(random::key(seed), shape); }

/// f's elements with chains and without, and the bytes each way wrote.
struct Both {
  std::vector<float> with, without;
  std::int64_t bytes_with, bytes_without;
};
template <class F>
Both both(F f, debug::Chains settings = {}) {
  Both b;
  for (const bool on : {true, false}) {
    settings.on = on;
    const debug::ChainsScope scope(settings);
    const std::int64_t before = debug::bytes_written();
    const Tensor y = materialize(f());
    (on ? b.bytes_with : b.bytes_without) = debug::bytes_written() - before;
    (on ? b.with : b.without) = y.to_vector<float>();
  }
  return b;
}
template <class F>
void check_same(F f, debug::Chains settings = {}) {
  const Both b = both(f, settings);
  CHECK(b.with == b.without);
}

Tensor gelu_by_hand(const Tensor& x) { return 0.5 * x * (1 + tanh(0.79788456 * (x + 0.044715 * x * x * x))); }

}  // namespace

TEST_CASE("a chain of plain ops stores its result only") {
  const Tensor x = draw({256, 256});
  const Both b = both([&] { return gelu_by_hand(x); });
  CHECK(b.with == b.without);
  CHECK(b.bytes_with == 4 * x.size());
  CHECK(b.bytes_without >= 2 * 4 * x.size());
}

TEST_CASE("pairwise distances by nested vmap store the result, not the differences") {
  const Tensor a = draw({200, 64}), b = draw({300, 64}, 1);
  const auto distance = [](const Tensor& x, const Tensor& y) { return sqrt(sum(square(x - y))); };
  const auto all = vmap([&](const Tensor& x) { return vmap([&](const Tensor& y) { return distance(x, y); })(b); });
  const Both w = both([&] { return all(a); });
  CHECK(w.with == w.without);
  CHECK(w.bytes_with <= 3 * 4 * 200 * 300);
}

TEST_CASE("reductions of a chain equal those of its dense form, whatever the rows") {
  for (const Shape& shape :
       {Shape{40000}, Shape{3, 70000}, Shape{5, 5000}, Shape{70, 300}, Shape{7, 40, 80}, Shape{2, 2, 9000}}) {
    const Tensor x = draw(shape);
    const Tensor row = draw({shape.back()}, 1);
    INFO(to_string(shape));
    check_same([&] { return sum(exp(x) * row); });
    check_same([&] { return sum(x * row + 1, {.axes = {-1}}); });
    check_same([&] { return max(x - row, {.axes = {-1}, .keepdims = true}); });
    check_same([&] { return sum(square(x), {.axes = {0}}); });
    check_same([&] { return astype(argmax(x * row, {.axis = -1}), float32); });
    check_same([&] { return mean(x > row); });
    check_same([&] { return var(x * 2); });
    check_same([&] { return logsumexp(x * row, {.axes = {-1}}); });
    check_same([&] { return norm(x - row); });
  }
}

TEST_CASE("operands in every layout") {
  const Tensor x = draw({64, 48, 32}), y = draw({32, 48, 64}, 1), c = draw({48, 1}, 2);
  const debug::Chains everything{.grain = 1, .row = 1};
  check_same([&] { return tanh(x) * c + transpose(y); }, everything);
  check_same([&] { return x * transpose(y) - c; }, everything);
  check_same([&] { return (x + c)[{all, range(1, 9)}] * 2; }, everything);
  check_same([&] { return broadcast_to(c, {64, 48, 32}) * x + x[{0}]; }, everything);
  check_same([&] { return where(x > c, x, c * 2) + 1; }, everything);
  check_same([&] { return flip(x, {.axes = {2}}) * 2 + x; }, everything);
}

TEST_CASE("who holds a dear member gets it stored, a cheap one stays pending") {
  const Tensor x = draw({256, 128});
  const std::int64_t size = 4 * x.size();
  const Tensor dear = exp(x), cheap = x + 1;
  CHECK(dear.kind() == Kind::pending);
  const std::int64_t before = debug::bytes_written();
  const Tensor s = sum(dear * cheap);
  CHECK(debug::bytes_written() - before == size);
  CHECK(materialize(dear).is_dense());
  CHECK(debug::bytes_written() - before == size);
  CHECK(materialize(cheap).is_dense());
  CHECK(debug::bytes_written() - before == 2 * size);
}

TEST_CASE("long chains are cut") {
  const Tensor x = draw({20000});
  check_same([&] {
    Tensor y = x;
    for (int i = 0; i < 200; ++i) y = y * 0.99 + 0.01;
    return y;
  });
  check_same([&] {
    Tensor y = x;
    for (int i = 0; i < 40; ++i) y = sin(y * y) - 0.5 * y;
    return sum(y);
  });
}

TEST_CASE("derivatives through chains") {
  const Tensor x = draw({128, 256}), scale = draw({256}, 1);
  const auto layer_norm_by_hand = [&](const Tensor& t) {
    const Tensor d = t - mean(t, {.axes = {-1}, .keepdims = true});
    return d / sqrt(mean(square(d), {.axes = {-1}, .keepdims = true}) + 1e-5) * scale;
  };
  const auto loss = [&](const Tensor& t) { return sum(gelu_by_hand(layer_norm_by_hand(t))); };
  check_same([&] { return grad(loss)(x); });
  check_same([&] { return jvp(loss, x, x).second; });
  check_same([&] { return vmap(grad([&](const Tensor& t) { return loss(t); }))(reshape(x, {2, 64, 256})); });
  check_same([&] { return grad([&](const Tensor& t) { return sum(square(grad(loss)(t))); })(x); });
}

TEST_CASE("the switch turns chains off, small results are never pending") {
  const debug::ChainsScope off({.on = false});
  CHECK(exp(draw({20000})).is_dense());
  const debug::ChainsScope on({.on = true});
  CHECK(exp(draw({20000})).kind() == Kind::pending);
  CHECK(exp(draw({4})).is_dense());
}

TEST_CASE("several threads may look at one chain") {
  const Tensor x = draw({100000});
  std::vector<float> want;
  {
    const debug::ChainsScope off({.on = false});
    want = (exp(x) * 2 + x).to_vector<float>();
  }
  for (int round = 0; round < 20; ++round) {
    const Tensor e = exp(x), y = e * 2 + x;
    std::vector<std::vector<float>> seen(4);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        if (t % 2) sum(e + 1).item<float>();
        seen[static_cast<std::size_t>(t)] = y.to_vector<float>();
      });
    }
    for (std::thread& t : threads) t.join();
    for (const auto& s : seen) CHECK(s == want);
  }
}
