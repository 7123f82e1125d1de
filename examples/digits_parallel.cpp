// Trains a classifier of handwritten digits with as many processes as mpirun starts; the numbers are those of one
// process. The loss is a function of one example; data_parallel averages the gradients of all processes' parts of each
// batch. Checkpoints can be continued with another number of processes. Run it: mpirun -n 4
// build/examples/digits_parallel
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

constexpr std::int64_t train_rows = 1500;

struct Settings {
  std::string data = STRATA_DATA_DIR "/digits.safetensors", checkpoint;
  bool resume = false, single = false, check = false, quiet = false;
  std::int64_t steps = 200, batch = 60, hidden = 64, seed = 0;
  double lr = 3e-3, clip = 0;
};

struct Digits {
  Tensor images, labels;  // uint8 [n, 8, 8] of 0..16, uint8 [n]
};

struct Batch {
  Tensor x, y;  // [n, 64] in [0, 1], int32 [n]
};

Batch prepare(const Digits& d, st::Dtype dtype) {
  const Tensor x = st::reshape(st::astype(d.images, dtype) / 16, {d.images.size(0), 64});
  return {x[st::range(0, train_rows)], st::astype(d.labels, st::int32)[st::range(0, train_rows)]};
}

/// One example's loss: neither batch nor processes appear in it.
Tensor loss(const st::nn::MLP& model, const Tensor& x, const Tensor& y) {
  return st::softmax_cross_entropy_with_integer_labels(model(x), y);
}

Tensor batch_loss(const st::nn::MLP& model, const Batch& b) {
  return st::mean(st::vmap(loss, {.in_axes = {st::none, 0, 0}})(model, b.x, b.y));
}

/// The batch's loss and gradient; with `clip` each example's gradient is cut to that norm first.
std::pair<Tensor, st::nn::MLP> value_and_grad(double clip, const st::nn::MLP& model, const Batch& b) {
  if (clip <= 0) return st::value_and_grad(batch_loss)(model, b);
  const auto one = [&](const Tensor& x, const Tensor& y) {
    auto [value, g] = st::value_and_grad(loss)(model, x, y);
    const Tensor scale = st::minimum(1.0, clip / (st::optim::global_norm(g) + 1e-12));
    return std::pair{value, st::tree_map([&](const Tensor& leaf) { return leaf * scale; }, g)};
  };
  return st::vmap(one, {.out_axes = st::mean_out})(b.x, b.y);
}

/// Everything that training changes: what a checkpoint holds.
template <class Optimizer>
struct State {
  st::nn::MLP model;
  decltype(std::declval<Optimizer>().init(std::declval<st::nn::MLP>())) optimizer;
  st::LoaderState loader;
};

void run(const Settings& s, const st::distributed::Communicator& world) {
  const st::Dtype dtype = s.single ? st::float32 : st::float64;
  const Batch train = prepare(st::load<Digits>(s.data), dtype);
  st::Loader loader(train, {.batch = s.batch, .key = st::random::fold_in(st::random::key(s.seed), 1)});

  const auto cast = [&](const Tensor& w) { return st::astype(w, dtype); };
  const auto model = st::tree_map(cast, st::nn::MLP::init(st::random::key(s.seed), {64, s.hidden, 10}));
  const auto optimizer = st::optim::adam({.lr = s.lr});
  State<std::decay_t<decltype(optimizer)>> state{model, optimizer.init(model), loader.state()};
  if (s.resume) {
    state = st::load_into(s.checkpoint, state);
    loader.resume(state.loader);
  }

  const auto gradient = [&](const st::nn::MLP& m, const Batch& b) { return value_and_grad(s.clip, m, b); };
  const auto step = st::data_parallel(gradient, state.model, {.uneven = st::Uneven::weighted});
  const std::int64_t begin = loader.epoch() * loader.steps_per_epoch() + loader.step();
  st::Progress progress(s.steps - begin, {.quiet = s.quiet});
  for (std::int64_t i = begin; i < s.steps; ++i) {
    const auto [value, grads] = step(state.model, loader.next());
    auto [updates, optimizer_state] = optimizer.update(grads, state.optimizer, state.model);
    state.optimizer = std::move(optimizer_state);
    state.model = st::optim::apply_updates(state.model, updates);
    if (s.check) world.require_equal(state.model, "model");
    progress.step(fmt::format("loss {:.4f}", value.item<double>()), s.batch);
  }
  state.loader = loader.state();
  if (world.rank() == 0 && !s.checkpoint.empty()) st::save(s.checkpoint, state, {{"program", "digits_parallel"}});
  if (world.rank() == 0) fmt::print("final loss {:.4f}\n", batch_loss(state.model, train).item<double>());
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app{"Trains a digit classifier on all processes of mpirun"};
  app.add_option("--data", s.data, "file with images and labels")->capture_default_str();
  app.add_option("--checkpoint", s.checkpoint, "file to write at the end");
  app.add_flag("--resume", s.resume, "continue from the checkpoint");
  app.add_option("--steps", s.steps, "training steps in all")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--batch", s.batch, "examples a step, of all processes")
      ->capture_default_str()
      ->check(CLI::Range(1, 1500));
  app.add_option("--hidden", s.hidden, "width of the hidden layer")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--lr", s.lr, "learning rate of Adam")->capture_default_str();
  app.add_option("--clip", s.clip, "cut each example's gradient to this norm; 0: not at all")->capture_default_str();
  app.add_option("--seed", s.seed, "seed of weights and order")->capture_default_str();
  app.add_flag("--float32", s.single, "train in float32 instead of float64");
  app.add_flag("--check", s.check, "compare the models of all processes after each step");
  app.add_flag("--quiet", s.quiet, "print the result only");
  CLI11_PARSE(app, argc, argv);
  try {
    const auto world = st::distributed::init();
    run(s, world);
    return 0;
  } catch (const st::Error& error) {
    fmt::print(stderr, "digits_parallel: {}\n", error.what());
    return 1;
  }
}
