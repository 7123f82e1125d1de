// What averaging gradients costs a training step, how much of it hides behind the backward pass where a (simulated)
// link does the work, and how long a small job takes. Started alone it starts itself under mpirun. Run it:
// build/bench/data_parallel
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <strata/strata.hpp>

#include "strata/bench/support/bench.hpp"
#include "strata/bench/support/job.hpp"

namespace st = strata;
using st::Tensor;

namespace {

struct Net {
  std::vector<Tensor> w;
};

Net net(const std::vector<std::int64_t>& sizes) {
  Net n;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    n.w.push_back(st::random::normal(st::random::key(static_cast<std::int64_t>(i)), {sizes[i], sizes[i + 1]}) * 0.03);
  return n;
}

Tensor loss(const Net& n, const Tensor& x) {
  Tensor h = x;
  for (const Tensor& w : n.w) h = st::relu(st::matmul(h, w));
  return st::mean(st::square(h));
}

void head(const char* what, int ranks) {
  double load[1] = {};
  getloadavg(load, 1);
  fmt::print("{}: {} processes, load {:.1f}\n", what, ranks, load[0]);
}

/// Eight layers of 4 MiB each over a link of 0.2 GB/s: how much of the backward pass the exchange hides behind.
int hidden(int rounds) {
  constexpr double link = 0.2e9;
  constexpr int layers = 8;
  const auto world = st::distributed::init({.simulated_link = link});
  const Net n = net(std::vector<std::int64_t>(layers + 1, 1024));
  const Tensor x = st::random::normal(st::random::key(9), {64, 1024});
  const auto step = [](st::Overlap overlap) {
    return st::data_parallel(st::value_and_grad(loss), {.first_bucket_bytes = 4 << 20, .overlap = overlap});
  };
  const auto with = step(st::Overlap::on), without = step(st::Overlap::off);
  if (world.rank() == 0) head("P3", world.size());
  bench::Limits limits(world.rank() == 0);
  double best = 0, control = 0;
  std::string note;
  for (int attempt = 0; attempt < 3 && best < 0.8; ++attempt) {
    const auto t = bench::best_in_turns({[&] { bench::keep(loss(n, x)); }, [&] { bench::keep(with.no_sync(n, x)); },
                                         [&] { bench::keep(with(n, x)); }, [&] { bench::keep(without(n, x)); }},
                                        rounds, [&] { world.barrier(); });
    const double backward = t[1] - t[0], exchange = layers * 4.0 * (1 << 20) / link * 1e6;
    const double most = std::min(backward, exchange) * (layers - 1) / layers;
    best = std::max(best, (t[1] + exchange - t[2]) / most);
    control = (t[1] + exchange - t[3]) / most;
    note = fmt::format("backward {:.1f} ms, exchange {:.1f} ms, one after the other {:.1f} ms, together {:.1f} ms",
                       backward / 1000, exchange / 1000, t[3] / 1000, t[2] / 1000);
  }
  limits.at_least("P3 hidden share of the backward pass", best, 0.5, "wanted 0.8; " + note);
  limits.at_most("P3 control: the same without overlap", control, 0.1);
  return limits.status();
}

/// 11.6 MB of gradients: a step that averages beside one that does not.
int cost(int rounds) {
  const auto world = st::distributed::init();
  const Net n = net({784, 1024, 1024, 1024, 16});
  const auto step = st::data_parallel(st::value_and_grad(loss));
  if (world.rank() == 0) head("P4", world.size());
  bench::Limits limits(world.rank() == 0);
  for (const auto& [batch, limit] : {std::pair{256, 1.20}, std::pair{64, 1.5}}) {
    const Tensor x = st::random::normal(st::random::key(9), {batch, 784});
    const auto t = bench::best_in_turns({[&] { bench::keep(step.no_sync(n, x)); }, [&] { bench::keep(step(n, x)); }},
                                        rounds, [&] { world.barrier(); });
    limits.at_most(fmt::format("P4 averaged / not, {} examples each", batch), t[1] / t[0], limit,
                   fmt::format("{:.1f} ms and {:.1f} ms", t[1] / 1000, t[0] / 1000));
  }
  return limits.status();
}

int trivial() {
  const auto world = st::distributed::init();
  const Tensor n = st::pmap([](const Tensor& x) { return st::psum(x, "i"); },
                            {.out_axes = st::none, .axis_name = "i"})(st::ones({world.size()}));
  return n.item<int>() == world.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 9;
  std::string part, torch;
  CLI::App app{"What averaging gradients over processes costs"};
  app.add_option("--rounds", rounds, "rounds, of which the best counts")->capture_default_str();
  app.add_option("--part", part, "hidden, cost or trivial: inside a job");
  app.add_option("--torch", torch, "a Python that has PyTorch: its DDP over gloo beside ours");
  app.allow_extras();  // ./dev bench gives all programs the same arguments
  CLI11_PARSE(app, argc, argv);
  if (!bench::outside_of_job()) return part == "hidden" ? hidden(rounds) : part == "cost" ? cost(rounds) : trivial();
  bench::Limits limits(true);
  int status = 0;
  for (const char* p : {"hidden", "cost"}) {
    const int code = bench::run_job(2, {"--part", p, "--rounds", std::to_string(rounds)});
    if (code < 0) {
      fmt::print("data_parallel: SKIPPED, there is no mpirun\n");
      return 0;
    }
    status |= code;
  }
  if (!torch.empty()) status |= std::system((torch + " " STRATA_BENCH_DIR "/peers/torch_ddp.py").c_str()) != 0;
  double best = 1e30;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    status |= bench::run_job(4, {"--part", "trivial"});
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  limits.at_most("P5 a trivial job of 4 processes, s", best, 1);
  return status | limits.status();
}
