// How long it takes to sum a tensor over all processes, by size and dtype: a first look at a machine or a network.
// Run it: mpirun -n 4 build/examples/allreduce_bench --mib 64
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

/// The best of `rounds` times in microseconds.
double best_us(const Tensor& x, int rounds) {
  const auto sum = [&](const Tensor&) { return st::psum(x, "all"); };
  const auto call = st::pmap(sum, {.out_axes = st::local, .axis_name = "all"});
  const Tensor each = st::zeros({st::distributed::Communicator().size()});
  double best = 1e30;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    call(each);
    best = std::min(best, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t mib = 4;
  int rounds = 9;
  CLI::App app{"Times psum over all processes"};
  app.add_option("--mib", mib, "the largest tensor, in MiB")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--rounds", rounds, "rounds, of which the best counts")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    const auto world = st::distributed::init();
    if (world.rank() == 0)
      fmt::print("{} processes, best of {}\n{:>10}  {:>9}  {:>12}  {:>8}\n", world.size(), rounds, "bytes", "dtype",
                 "us", "GB/s");
    for (const st::Dtype dtype : {st::float32, st::bfloat16}) {
      for (std::int64_t bytes = 64; bytes <= mib << 20; bytes *= 16) {
        const double us = best_us(st::ones({bytes / st::itemsize(dtype)}, {.dtype = dtype}), rounds);
        if (world.rank() == 0)
          fmt::print("{:>10}  {:>9}  {:>12.1f}  {:>8.3f}\n", bytes, st::name(dtype), us,
                     static_cast<double>(bytes) / us / 1000);
      }
    }
    return 0;
  } catch (const st::Error& error) {
    fmt::print(stderr, "allreduce_bench: {}\n", error.what());
    return 1;
  }
}
