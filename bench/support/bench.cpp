// See bench.hpp.
#include "strata/bench/support/bench.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <thread>

#include "strata/core/parallel.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

double time_of(const std::function<void(std::int64_t)>& run, std::int64_t n) {
  const auto start = Clock::now();
  run(n);
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

std::string quoted(const std::string& s) {
  std::string out = "\"";
  for (char c : s) out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return out + "\"";
}

}  // namespace

Case& Case::below(double ns) {
  if (!result_) return *this;
  result_->budget_ns = ns;
  // A budget is missed only when the whole interval lies beyond it.
  fmt::print("    budget {:.0f} ns: {}\n", ns, result_->low_ns <= ns ? "holds" : "MISSED");
  return *this;
}

Bench::Bench(int argc, char** argv) {
  CLI::App app{"Benchmarks; figures are medians with the middle 90 % of rounds"};
  int threads = 1;
  app.add_option("--only", only_, "run the cases whose names hold this text");
  app.add_option("--json", json_, "write the figures to this file");
  app.add_option("--threads", threads, "threads of the library")->capture_default_str();
  app.add_option("--seconds", seconds_, "time for each case")->capture_default_str();
  app.add_flag("--list", list_, "print the cases, run none");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  strata::set_num_threads(threads);
  if (!list_)
    fmt::print("{} thread{} of the library, {} cores\n", threads, threads == 1 ? "" : "s",
               std::thread::hardware_concurrency());
}

Bench::~Bench() {
  if (json_.empty()) return;
  std::ofstream out(json_);
  out << "[\n";
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Result& r = *results_[i];
    out << fmt::format("  {{\"name\": {}, \"median_ns\": {}, \"low_ns\": {}, \"high_ns\": {}, \"budget_ns\": {}}}{}\n",
                       quoted(r.name), r.median_ns, r.low_ns, r.high_ns, r.budget_ns,
                       i + 1 < results_.size() ? "," : "");
  }
  out << "]\n";
}

bool Bench::wanted(const std::string& name) const {
  if (list_) fmt::print("{}\n", name);
  return !list_ && name.find(only_) != std::string::npos;
}

Case Bench::measure(std::string name, std::string note, const std::function<void(std::int64_t)>& run, double per) {
  std::int64_t n = 1;
  double t = time_of(run, n);  // the first call warms up
  while ((t = time_of(run, n)) < 1e6 && n < (std::int64_t{1} << 40)) n *= 2;
  const double round_seconds = t * 1e-9;
  const auto rounds = static_cast<std::size_t>(std::clamp(seconds_ / round_seconds, 5.0, 200.0));
  std::vector<double> ns;
  for (std::size_t i = 0; i < rounds; ++i) ns.push_back(time_of(run, n) / static_cast<double>(n) / per);
  std::sort(ns.begin(), ns.end());
  const auto at = [&](double q) { return ns[static_cast<std::size_t>(q * static_cast<double>(ns.size() - 1))]; };
  results_.push_back(
      std::make_unique<Result>(Result{std::move(name), std::move(note), at(0.5), at(0.05), at(0.95), 0}));
  const Result& r = *results_.back();
  fmt::print("{:<44} {:>12.1f} ns  [{:.1f}, {:.1f}]  {}\n", r.name, r.median_ns, r.low_ns, r.high_ns, r.note);
  return Case(results_.back().get());
}

int Bench::status() const {
  return std::all_of(results_.begin(), results_.end(),
                     [](const auto& r) { return r->budget_ns == 0 || r->low_ns <= r->budget_ns; })
             ? 0
             : 1;
}

}  // namespace bench
