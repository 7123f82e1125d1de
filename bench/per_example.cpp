// Per-example gradients: an MLP, a convolutional network and a transformer block. For each the gradient of the mean
// loss, the stacked per-example gradients as dense tensors, and the mean of clipped per-example gradients as a user
// writes it. The ratios to the plain gradient are of processor time and measured in turns, so that a busy machine
// disturbs both sides little and alike.
// Run it: build/bench/per_example
#include <strata/strata.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <vector>

#include "strata/bench/support/bench.hpp"
#include "strata/core/debug.hpp"
#include "strata/core/op.hpp"

namespace st = strata;
using st::Tensor;

namespace {

struct Mlp {
  st::nn::MLP net;
  static constexpr const char* name = "mlp";
  static Mlp init() { return {st::nn::MLP::init(st::random::key(0), {784, 256, 10})}; }
  Tensor loss(const Tensor& x, const Tensor& y) const {
    return st::softmax_cross_entropy_with_integer_labels(net(x), y);
  }
};

struct Cnn {
  st::nn::Conv2d first, second;
  st::nn::Linear last;
  static constexpr const char* name = "cnn";
  static Cnn init() {
    const auto key = [](std::uint32_t i) { return st::random::key(i); };
    return {st::nn::Conv2d::init(key(0), 1, 16, 3), st::nn::Conv2d::init(key(1), 16, 32, 3),
            st::nn::Linear::init(key(2), 32 * 7 * 7, 10)};
  }
  Tensor loss(const Tensor& x, const Tensor& y) const {
    Tensor h = st::max_pool(st::relu(first(x)), {.window = {2, 2}});
    h = st::max_pool(st::relu(second(h)), {.window = {2, 2}});
    return st::softmax_cross_entropy_with_integer_labels(last(st::ravel(h)), y);
  }
};

struct Block {
  st::nn::LayerNorm before_attention, before_mlp;
  st::nn::Linear query, key, value, out, up, down;
  static constexpr const char* name = "transformer";
  static constexpr std::int64_t width = 256, heads = 4;
  static Block init() {
    const auto linear = [](std::uint32_t i, std::int64_t from, std::int64_t to) {
      return st::nn::Linear::init(st::random::key(i), from, to);
    };
    return {st::nn::LayerNorm::init(width), st::nn::LayerNorm::init(width), linear(0, width, width),
            linear(1, width, width),        linear(2, width, width),        linear(3, width, width),
            linear(4, width, 4 * width),    linear(5, 4 * width, width)};
  }
  Tensor attention(const Tensor& x) const {
    const auto split = [&](const Tensor& t) { return st::swapaxes(st::reshape(t, {t.size(0), heads, -1}), 0, 1); };
    const Tensor q = split(query(x)), k = split(key(x)), v = split(value(x));
    const Tensor weights = st::softmax(st::matmul(q, st::mT(k)) / std::sqrt(static_cast<double>(width / heads)));
    return out(st::reshape(st::swapaxes(st::matmul(weights, v), 0, 1), x.shape()));
  }
  Tensor loss(const Tensor& x, const Tensor& y) const {
    const Tensor h = x + attention(before_attention(x));
    return st::mean(st::square(h + down(st::gelu(up(before_mlp(h)))) - y));
  }
};

template <class M>
Tensor loss(const M& m, const Tensor& x, const Tensor& y) {
  return m.loss(x, y);
}

template <class M>
auto plain(const M& m, const Tensor& x, const Tensor& y) {
  return st::grad([&](const M& p) {
    return st::mean(st::vmap([&](const Tensor& a, const Tensor& b) { return loss(p, a, b); })(x, y));
  })(m);
}

template <class M>
auto stacked(const M& m, const Tensor& x, const Tensor& y) {
  const auto g = st::vmap(st::grad(loss<M>), {.in_axes = {st::none, 0, 0}})(m, x, y);
  return st::tree_map([](const Tensor& t) { return st::materialize(t); }, g);
}

template <class M>
auto clipped(const M& m, const Tensor& x, const Tensor& y) {
  const auto one = [&](const Tensor& a, const Tensor& b) {
    const M g = st::grad(loss<M>)(m, a, b);
    const Tensor scale = st::minimum(1, 1 / st::optim::global_norm(g));
    return st::tree_map([&](const Tensor& t) { return t * scale; }, g);
  };
  return st::vmap(one, {.out_axes = st::mean_out})(x, y);
}

/// How much more processor time `call` takes than `base`: rounds in turns; fails only when the middle 90 % lie above
/// the bound.
bool ratio(const std::string& name, double bound, const std::function<void()>& base,
           const std::function<void()>& call) {
  const auto time = [](const std::function<void()>& f) {
    const std::clock_t start = std::clock();
    f();
    return static_cast<double>(std::clock() - start);
  };
  std::vector<double> r;
  time(base), time(call);
  for (int i = 0; i < 41; ++i) {
    const double b = time(base);
    r.push_back(time(call) / b);
  }
  std::sort(r.begin(), r.end());
  const bool holds = bound == 0 || r[2] <= bound;
  fmt::print("{:<44} {:>12.2f} x   [{:.2f}, {:.2f}]", name, r[20], r[2], r[38]);
  fmt::print("{}\n", bound == 0 ? "" : fmt::format("  at most {}: {}", bound, holds ? "holds" : "MISSED"));
  return holds;
}

template <class M>
bool run(bench::Bench& bench, const Tensor& x, const Tensor& y, double bound) {
  const M m = M::init();
  const std::string name = std::string("per_example/") + M::name;
  const auto figure =
      bench(name + "/plain", "gradient of the mean loss", [&] { return [=] { bench::keep(plain(m, x, y)); }; });
  bench(name + "/stacked", "all per-example gradients, dense", [&] { return [=] { bench::keep(stacked(m, x, y)); }; });
  bench(name + "/clipped_mean", "mean of clipped ones", [&] { return [=] { bench::keep(clipped(m, x, y)); }; });
  if (figure.median() == 0) return true;  // not asked for
  st::debug::reset_materialised();
  bench::keep(clipped(m, x, y));
  fmt::print("    {} bytes made dense\n", st::debug::materialised().bytes);
  const auto base = [&] { bench::keep(plain(m, x, y)); };
  ratio(name + "/stacked : plain", 0, base, [&] { bench::keep(stacked(m, x, y)); });
  return ratio(name + "/clipped_mean : plain", bound, base, [&] { bench::keep(clipped(m, x, y)); });
}

}  // namespace

int main(int argc, char** argv) {
  bench::Bench bench(argc, argv);
  const auto draw = [](std::uint32_t seed, const st::Shape& shape) {
    return st::random::normal(st::random::key(seed), shape);
  };
  const auto labels = [](std::int64_t n) { return st::random::randint(st::random::key(9), {n}, 0, 10); };
  bool holds = run<Mlp>(bench, draw(1, {256, 784}), labels(256), 1.5);
  holds &= run<Cnn>(bench, draw(2, {64, 1, 28, 28}), labels(64), 2);
  holds &= run<Block>(bench, draw(3, {8, 128, 256}), draw(4, {8, 128, 256}), 2);
  return holds ? bench.status() : 1;
}
