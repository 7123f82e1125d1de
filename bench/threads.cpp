// What a second thread brings and costs: each op at two threads beside itself at one, called back to back, and now and
// then by a program that does other things; and how long calls take while a neighbour process keeps a core busy.
// Run it: build/bench/threads [--only name] [--rounds N]
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "strata/bench/support/bench.hpp"
#include "strata/bench/support/job.hpp"
#include "strata/core/op.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/ops.hpp"

namespace st = strata;
using st::Tensor;

namespace {

using Clock = std::chrono::steady_clock;
using Call = std::function<void()>;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

struct Op {
  std::string name;
  Call call;
};

Tensor filled(const st::Shape& shape) {
  const Tensor x = st::random::uniform(st::random::key(1), shape);
  return x + 0.5;
}

std::vector<Op> ops() {
  std::vector<Op> all;
  const auto map = [&](const char* name, std::int64_t n, auto f) {
    const Tensor x = filled({n});
    all.push_back({fmt::format("{} {}k", name, n / 1024), [=] { bench::keep(f(x)); }});
  };
  for (const std::int64_t n : {32, 64, 128, 1024})
    map("add", n * 1024, [](const Tensor& x) { return st::materialize(x + x); });
  for (const std::int64_t n : {8, 16, 32, 64, 1024})
    map("exp", n * 1024, [](const Tensor& x) { return st::materialize(st::exp(x)); });
  for (const std::int64_t n : {64, 256, 1024}) map("sum", n * 1024, [](const Tensor& x) { return st::sum(x); });
  for (const std::int64_t n : {64, 96, 128, 192, 256, 512}) {
    const Tensor a = filled({n, n}), b = filled({n, n});
    all.push_back({fmt::format("sgemm {}", n), [=] { bench::keep(st::matmul(a, b)); }});
  }
  const std::pair<std::int64_t, std::int64_t> batches[] = {{256, 8}, {1024, 8}, {32, 32}, {256, 32}};
  for (const auto& [batch, n] : batches) {
    const Tensor a = filled({batch, n, n}), b = filled({batch, n, n});
    all.push_back({fmt::format("{} x {}^3", batch, n), [=] { bench::keep(st::matmul(a, b)); }});
  }
  return all;
}

double quantile(std::vector<double>& times, double q) {
  std::sort(times.begin(), times.end());
  return times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))];
}

/// Times in us of single calls for so many ms; `between` runs before each and is not timed.
std::vector<double> times_of(const Call& call, double ms, const Call& between) {
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < 3 || us_since(start) < 1000 * ms) {
    between();
    const auto begin = Clock::now();
    call();
    times.push_back(us_since(begin));
  }
  return times;
}

/// The mean time of a call at two threads over that at one, round by round; what took ten times the median is left out.
struct Ratio {
  double median, low, high, one_us;
};

double typical(std::vector<double> times) {
  const double most = 10 * quantile(times, 0.5);
  double sum = 0, count = 0;
  for (const double t : times)
    if (t <= most) sum += t, ++count;
  return sum / count;
}

Ratio two_over_one(const Call& call, const Call& between, int rounds) {
  std::vector<double> ratios, ones;
  for (int round = 0; round < rounds; ++round) {
    double mean[2];
    for (const int threads : {1, 2}) {
      st::set_num_threads(threads);
      times_of(call, 3, between);
      mean[threads - 1] = typical(times_of(call, 15, between));
    }
    ones.push_back(mean[0]);
    ratios.push_back(mean[1] / mean[0]);
  }
  return {quantile(ratios, 0.5), quantile(ratios, 0.1), quantile(ratios, 0.9), quantile(ones, 0.5)};
}

void compare(const std::vector<Op>& all, const std::string& only, int rounds, bench::Limits& limits) {
  const std::pair<const char*, Call> patterns[] = {
      {"back to back", [] {}},
      {"every 0.1 ms",
       [] {
         for (const auto start = Clock::now(); us_since(start) < 100;) {
         }
       }},
      {"after sleep", [] { std::this_thread::sleep_for(std::chrono::microseconds(500)); }},
  };
  for (const Op& op : all) {
    if (op.name.find(only) == std::string::npos) continue;
    for (const auto& [pattern, between] : patterns) {
      const Ratio r = two_over_one(op.call, between, rounds);
      limits.at_most(fmt::format("{}, {}", op.name, pattern), r.median, 1.1,
                     fmt::format("of one thread's {:.1f} us [{:.2f}, {:.2f}]", r.one_us, r.low, r.high));
    }
  }
}

/// A process that computes until it is ended; the kernel chooses its core.
class Neighbour {
 public:
  Neighbour() : child_(fork()) {
    if (child_ != 0) return;
    for (;;) {
      asm volatile("");
    }
  }
  ~Neighbour() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

 private:
  pid_t child_;
};

void beside_neighbour(const std::vector<Op>& all, const std::string& only, bench::Limits& limits) {
  st::set_num_threads(1);
  for (const char* name : {"exp 1024k", "sum 1024k", "sgemm 128", "sgemm 256", "sgemm 512", "256 x 32^3"}) {
    const auto op = std::find_if(all.begin(), all.end(), [&](const Op& o) { return o.name == name; });
    if (op->name.find(only) == std::string::npos) continue;
    for (const int threads : {1, 2}) {
      std::vector<double> times;
      {
        st::set_num_threads(1);
        const Neighbour neighbour;
        st::set_num_threads(threads);
        times_of(op->call, 100, [] {});
        times = times_of(op->call, 1500, [] {});
      }
      const double p50 = quantile(times, 0.5), p99 = quantile(times, 0.99), most = times.back();
      limits.at_most(fmt::format("{}, neighbour, {} threads: p99 / p50", name, threads), p99 / p50, 10,
                     fmt::format("{:.0f} / {:.0f} us, mean {:.0f}, most {:.0f}", p99, p50,
                                 1.5e6 / static_cast<double>(times.size()), most));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("what a second thread brings and costs");
  std::string only;
  int rounds = 9;
  app.add_option("--only", only, "ops whose names hold this text");
  app.add_option("--rounds", rounds, "rounds of 2 x 15 ms for each ratio");
  CLI11_PARSE(app, argc, argv);
  bench::Limits limits(true);
  const std::vector<Op> all = ops();
  compare(all, only, rounds, limits);
  beside_neighbour(all, only, limits);
  return limits.status();
}
