// Trains a classifier of handwritten digits from a function of one example: vmap(value_and_grad) gives every example's
// own gradient. Shows progress, evaluates, names the hardest digits, draws those it got wrong, and keeps a checkpoint
// that --resume continues bit for bit. Run it: build/examples/digits --help
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

constexpr std::int64_t train_rows = 1500;

struct Settings {
  std::string data = STRATA_DATA_DIR "/digits.safetensors";
  std::string checkpoint = "digits-checkpoint.safetensors";
  bool resume = false;
  std::int64_t epochs = 40, batch = 50, hidden = 128, seed = 0;
  double lr = 3e-3;
  bool quiet = false;
};

struct Digits {
  Tensor images, labels;  // uint8 [n, 8, 8] of 0..16, uint8 [n]
};

struct Batch {
  Tensor x, y;  // float32 [n, 64] in [0, 1], int32 [n]
};

Batch prepare(const Digits& d) {
  return {st::reshape(st::astype(d.images, st::float32) / 16, {d.images.size(0), 64}), st::astype(d.labels, st::int32)};
}

/// One example's loss: the batch never appears in it.
Tensor loss(const st::nn::MLP& model, const Tensor& x, const Tensor& y) {
  return st::softmax_cross_entropy_with_integer_labels(model(x), y);
}

const auto per_example = st::vmap(st::value_and_grad(loss), {.in_axes = {st::none, 0, 0}});

const auto logits_of =
    st::vmap([](const st::nn::MLP& model, const Tensor& x) { return model(x); }, {.in_axes = {st::none, 0}});

double accuracy(const st::nn::MLP& model, const Batch& b) {
  return st::mean(st::astype(st::argmax(logits_of(model, b.x), {.axis = -1}) == b.y, st::float32)).item<double>();
}

template <class Grads>
Tensor gradient_norms(const Grads& grads) {
  return st::vmap([](const Grads& g) { return st::optim::global_norm(g); })(grads);
}

/// Everything that training changes: what a checkpoint holds.
template <class Optimizer>
struct State {
  st::nn::MLP model;
  decltype(std::declval<Optimizer>().init(std::declval<st::nn::MLP>())) optimizer;
  Tensor epoch;
};

/// A bar that redraws itself on a terminal, one line per epoch elsewhere.
class Progress {
 public:
  Progress(const Settings& s, std::int64_t steps)
      : settings_(s), steps_(steps), terminal_(isatty(STDOUT_FILENO) != 0) {}

  void step(std::int64_t epoch, std::int64_t step, double loss, std::int64_t examples) {
    examples_ += examples;
    if (!terminal_ || settings_.quiet) return;
    const auto filled = static_cast<std::size_t>(24 * (step + 1) / steps_);
    fmt::print("\repoch {:2}/{} [{:#<{}}{: <{}}] loss {:.4f}  {:7.0f} examples/s", epoch + 1, settings_.epochs, "",
               filled, "", 24 - filled, loss, rate());
    std::fflush(stdout);
  }
  void epoch(std::int64_t epoch, double loss, double train, double norm) {
    if (settings_.quiet) return;
    fmt::print("{}epoch {:2}/{}: loss {:.4f}, train accuracy {:.3f}, mean gradient norm {:.3f}, {:.0f} examples/s{}\n",
               terminal_ ? "\r" : "", epoch + 1, settings_.epochs, loss, train, norm, rate(),
               terminal_ ? "        " : "");
    std::fflush(stdout);
  }

 private:
  double rate() const {
    const std::chrono::duration<double> t = std::chrono::steady_clock::now() - start_;
    return static_cast<double>(examples_) / std::max(t.count(), 1e-9);
  }
  const Settings& settings_;
  std::int64_t steps_, examples_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// One pass over the training rows in an order drawn from the epoch's own key, so that a resumed run draws the same.
template <class Optimizer>
void train_epoch(State<Optimizer>& s, const Optimizer& optimizer, const Batch& train, const Settings& settings,
                 Progress& progress) {
  const auto epoch = s.epoch.template item<std::int64_t>();
  const Tensor key = st::random::fold_in(st::random::key(settings.seed), epoch + 1);
  const Tensor order = st::random::permutation(key, train_rows);
  const std::int64_t steps = train_rows / settings.batch;
  Tensor total = 0.0, norms = 0.0;
  for (std::int64_t i = 0; i < steps; ++i) {
    const Tensor rows = order[st::range(i * settings.batch, (i + 1) * settings.batch)];
    const auto [losses, grads] =
        per_example(s.model, st::take(train.x, rows, {.axis = 0}), st::take(train.y, rows, {.axis = 0}));
    const auto mean = st::tree_map([](const Tensor& g) { return st::mean(g, {.axes = {0}}); }, grads);
    norms = norms + st::mean(gradient_norms(grads));
    auto [updates, optimizer_state] = optimizer.update(mean, s.optimizer, s.model);
    s.optimizer = std::move(optimizer_state);
    s.model = st::optim::apply_updates(s.model, updates);
    const Tensor batch_loss = st::mean(losses);
    total = total + batch_loss;
    progress.step(epoch, i, batch_loss.item<double>(), settings.batch);
  }
  s.epoch = s.epoch + 1;
  const auto n = static_cast<double>(steps);
  progress.epoch(epoch, total.item<double>() / n, accuracy(s.model, train), norms.item<double>() / n);
}

/// An 8 x 8 digit in five shades, two characters a pixel.
void draw(const Tensor& image) {
  static constexpr const char* shade[] = {"  ", "..", "::", "oo", "##"};
  const auto pixels = st::astype(image, st::int32).to_vector<int>();
  for (std::size_t row = 0; row < 8; ++row) {
    fmt::print("    ");
    for (std::size_t column = 0; column < 8; ++column)
      fmt::print("{}", shade[std::min(pixels[row * 8 + column] / 4, 4)]);
    fmt::print("\n");
  }
}

void report(const st::nn::MLP& model, const Digits& raw, const Batch& train, const Batch& test) {
  const auto grads = per_example(model, train.x, train.y).second;
  const Tensor norms = gradient_norms(grads);
  const auto hardest = st::top_k(norms, 5);
  fmt::print("\nlargest per-example gradient norms among the training digits:\n");
  for (int i = 0; i < 5; ++i) {
    const auto row = hardest[1][i].item<std::int64_t>();
    fmt::print("  row {:4}: a {} with norm {:.3f}\n", row, raw.labels[row].item<int>(), hardest[0][i].item<double>());
  }
  const Tensor guess = st::argmax(logits_of(model, test.x), {.axis = -1});
  fmt::print("\nsome test digits it got wrong:\n");
  int shown = 0;
  for (std::int64_t i = 0; i < guess.size() && shown < 3; ++i) {
    const int said = guess[i].item<int>(), is = test.y[i].item<int>();
    if (said == is) continue;
    ++shown;
    fmt::print("  row {}: a {}, taken for a {}\n", train_rows + i, is, said);
    draw(raw.images[train_rows + i]);
  }
}

int run(const Settings& settings) {
  const auto raw = st::load<Digits>(settings.data);
  const Batch all = prepare(raw);
  const Batch train{all.x[st::range(0, train_rows)], all.y[st::range(0, train_rows)]};
  const Batch test{all.x[st::range(train_rows, st::none)], all.y[st::range(train_rows, st::none)]};

  const auto optimizer = st::optim::adam({.lr = settings.lr});
  const auto model = st::nn::MLP::init(st::random::key(settings.seed), {64, settings.hidden, settings.hidden, 10});
  State<std::decay_t<decltype(optimizer)>> state{model, optimizer.init(model), st::zeros({}, {.dtype = st::int32})};
  if (settings.resume && std::filesystem::exists(settings.checkpoint)) {
    state = st::load_into(settings.checkpoint, state);
    fmt::print("resumed from {} after epoch {}\n", settings.checkpoint, state.epoch.template item<int>());
  }
  Progress progress(settings, train_rows / settings.batch);
  while (state.epoch.template item<std::int64_t>() < settings.epochs) {
    train_epoch(state, optimizer, train, settings, progress);
    st::save(settings.checkpoint, state, {{"program", "digits"}});
  }
  if (!settings.quiet) report(state.model, raw, train, test);
  fmt::print("\ntest accuracy on rows {}..: {:.4f}\n", train_rows, accuracy(state.model, test));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app{"Trains a digit classifier with per-example gradients"};
  app.add_option("--data", s.data, "file with images and labels")->capture_default_str();
  app.add_option("--checkpoint", s.checkpoint, "file to write after each epoch")->capture_default_str();
  app.add_flag("--resume", s.resume, "continue from the checkpoint if there is one");
  app.add_option("--epochs", s.epochs, "passes over the training rows")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", s.batch, "examples a step")->capture_default_str()->check(CLI::Range(1, 1500));
  app.add_option("--hidden", s.hidden, "width of the two hidden layers")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--lr", s.lr, "learning rate of Adam")->capture_default_str();
  app.add_option("--seed", s.seed, "seed of weights and order")->capture_default_str();
  app.add_flag("--quiet", s.quiet, "print the result only");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(s);
  } catch (const st::Error& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 1;
  }
}
