// Sums over processes beside MPI's own call, in one job, in turns: what cutting into pieces gains, what agreement
// costs, what half types save. Started alone it starts itself under mpirun with 2 and 4 processes. Run it:
// build/bench/allreduce
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <strata/strata.hpp>

#include "strata/bench/support/job.hpp"
#include "strata/distributed/group.hpp"

namespace st = strata;
namespace dist = strata::distributed;

namespace {

struct Case {
  dist::Group& on;   // with agreement
  dist::Group& off;  // without
  int rounds;
  bool print;

  void barrier() const { dist::mpi().Barrier(dist::mpi().world); }

  /// Raw MPI, ours without and with agreement; us.
  std::vector<double> times(st::Dtype dtype, std::int64_t count) const {
    const auto bytes = static_cast<std::size_t>(count * st::itemsize(dtype));
    std::vector<std::byte> in(bytes), out(bytes);
    const dist::What what{"psum over 'data'", dist::what_tensor(dtype, {count})};
    std::vector<std::function<void()>> calls;
    if (dist::mpi().type(dtype)) {
      calls.emplace_back([&] {
        dist::mpi().Allreduce(in.data(), out.data(), static_cast<int>(count), dist::mpi().type(dtype), dist::mpi().sum,
                              dist::mpi().world);
      });
    }
    for (dist::Group* g : {&off, &on})
      calls.emplace_back([&, g] { g->all_reduce(what, in.data(), out.data(), count, dtype, dist::Reduction::sum); });
    return bench::best_in_turns(calls, bytes > (8 << 20) ? rounds : 10 * rounds, [&] { barrier(); });
  }
};

int inside(int rounds) {
  const auto world = dist::init();
  dist::Options silent;
  silent.verify = false;
  dist::Group off(dist::mpi().world, silent);
  const bool print = world.rank() == 0;
  const Case run{*world.group(), off, rounds, print};
  if (print) {
    double load[1] = {};
    getloadavg(load, 1);
    fmt::print("{} processes, best of {} in turns, load {:.1f}\n", world.size(), rounds, load[0]);
  }
  bench::Limits limits(print);
  const auto sized = [&](const char* name, std::int64_t bytes, double limit) {
    const auto t = run.times(st::float32, bytes / 4);
    limits.at_most(fmt::format("P1 float32 {}, ours / MPI", name), t[2] / t[0], limit,
                   fmt::format("MPI {:.1f} us, ours {:.1f} us, without agreement {:.1f} us", t[0], t[2], t[1]));
  };
  const auto four = run.times(st::float32, 1);
  const auto note = fmt::format("MPI {:.1f} us", four[0]);
  limits.at_most("P1 4 bytes without agreement, us beyond MPI", four[1] - four[0], 20, note);
  limits.at_most("P1 4 bytes with agreement, us beyond MPI", four[2] - four[0], 40, note);
  sized("64 KiB", 64 << 10, 1.5);
  sized("1 MiB", 1 << 20, 1.10);
  sized("64 MiB", 64 << 20, 0.75);
  const std::int64_t many = 16 << 20;
  const double f32 = run.times(st::float32, many)[2], bf16 = run.times(st::bfloat16, many)[1],
               f16 = run.times(st::float16, many)[1];
  limits.at_most("P2 bfloat16 / float32, 16 Mi elements", bf16 / f32, 0.80, fmt::format("{:.1f} ms", bf16 / 1000));
  limits.at_most("P2 float16 / float32, 16 Mi elements", f16 / f32, 0.90, fmt::format("{:.1f} ms", f16 / 1000));
  return limits.status();
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 9;
  CLI::App app{"Sums over processes beside raw MPI"};
  app.add_option("--rounds", rounds, "rounds, of which the best counts")->capture_default_str();
  app.allow_extras();  // ./dev bench gives all programs the same arguments
  CLI11_PARSE(app, argc, argv);
  if (!bench::outside_of_job()) return inside(rounds);
  int status = 0;
  for (const int n : {2, 4}) {
    const int code = bench::run_job(n, {"--rounds", std::to_string(rounds)});
    if (code < 0) {
      fmt::print("allreduce: SKIPPED, there is no mpirun\n");
      return 0;
    }
    status |= code;
  }
  return status;
}
