// Runs the cases on request: bench/compare.py starts it, sends one JSON object a line and reads one back, so that
// rounds of this program and of its peers take turns.
//   {"do": "list"}                                       names of cases and measures, instruction set, threads
//   {"do": "prepare", "case": NAME, "outputs": FILE}     sets up, calls, writes samples of the outputs as float32
//   {"do": "time", "case": NAME, "seconds": S, "clock": C}   nanoseconds, one figure for each sample of calls; C is
//                                                        "wall", or "cpu" for the processor time of the whole process
//   {"do": "memory", "case": NAME}                       the most resident bytes of five calls, above those before
//   {"do": "measure", "case": NAME}, {"do": "drop", "case": NAME}, {"do": "quit"}
// By hand: build/bench/compare_cases --only NAME [--seconds S] prints medians. With --instructions it runs the dispatch
// cases for callgrind (bench/instructions.py).
#include <fmt/format.h>
#include <gnu/libc-version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "strata/bench/cases/cases.hpp"
#include "strata/core/cpu_isa.hpp"

namespace bench {
namespace {

using Json = nlohmann::json;
constexpr std::int64_t most_samples = 1 << 18;  // of one output

/// Every k-th element of each output, as raw float32.
Json write_outputs(const std::vector<strata::Tensor>& outputs, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  Json shapes = Json::array();
  for (const strata::Tensor& y : outputs) {
    shapes.push_back(std::vector<std::int64_t>(y.shape().begin(), y.shape().end()));
    const std::vector<float> v = y.to_vector<float>();
    const std::int64_t stride = std::max<std::int64_t>(1, (y.size() + most_samples - 1) / most_samples);
    for (std::int64_t i = 0; i < y.size(); i += stride)
      file.write(reinterpret_cast<const char*>(&v[static_cast<std::size_t>(i)]), sizeof(float));
  }
  return shapes;
}

std::string compiler() {
#ifdef __clang__
  return "clang++ " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

double now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

double nanoseconds(const Ready& ready, std::int64_t n, clockid_t clock) {
  const double start = now(clock);
  ready.run(n);
  return now(clock) - start;
}

/// Samples of at least 0.2 ms until the time is over, three at least.
std::vector<double> time_case(const Ready& ready, double seconds, double per, clockid_t clock) {
  std::int64_t n = 1;
  while (nanoseconds(ready, n, clock) < 2e5) n *= 2;
  std::vector<double> samples;
  const double end = now(CLOCK_MONOTONIC) + 1e9 * seconds;
  while (samples.size() < 3 || now(CLOCK_MONOTONIC) < end)
    samples.push_back(nanoseconds(ready, n, clock) / static_cast<double>(n) / per);
  return samples;
}

class Session {
 public:
  Session(const Cases& cases, std::string version) : cases_(cases), version_(std::move(version)) {}

  Json answer(const Json& request) {
    const std::string what = request.at("do");
    if (what == "list") return list();
    const std::string name = request.at("case");
    if (what == "measure") return {{"value", measure(name).value()}};
    const NamedCase& c = find(name);
    if (what == "drop") return {{"dropped", ready_.erase(name)}};
    if (what == "memory") return {{"bytes", memory(c)}};
    if (what == "prepare") {
      ready_[name] = c.setup();
      const std::vector<strata::Tensor> outputs = ready_[name].outputs();
      return {{"shapes", write_outputs(outputs, request.at("outputs"))}};
    }
    return {{"ns", time_case(ready_.at(name), request.at("seconds"), c.settings.per,
                             request.at("clock") == "cpu" ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC)}};
  }

 private:
  Json list() const {
    Json cases = Json::array(), measures = Json::array();
    for (const NamedCase& c : cases_.list()) cases.push_back(c.name);
    for (const Measure& m : cases_.measures()) measures.push_back(m.name);
    return {{"cases", cases}, {"measures", measures}, {"version", version_}, {"threads", strata::num_threads()}};
  }
  const NamedCase& find(const std::string& name) const {
    for (const NamedCase& c : cases_.list())
      if (c.name == name) return c;
    throw std::runtime_error("no case " + name);
  }
  const Measure& measure(const std::string& name) const {
    for (const Measure& m : cases_.measures())
      if (m.name == name) return m;
    throw std::runtime_error("no measure " + name);
  }
  static double memory(const NamedCase& c) {
    const Ready ready = c.setup();
    const double before = resident_bytes();
    reset_peak_resident();
    ready.run(5);
    return peak_resident_bytes() - before;
  }

  const Cases& cases_;
  std::string version_;
  std::map<std::string, Ready> ready_;
};

void serve(const Cases& cases, std::string version) {
  Session session(cases, std::move(version));
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = Json::parse(line);
    if (request.at("do") == "quit") return;
    Json reply;
    try {
      reply = session.answer(request);
    } catch (const std::exception& e) {
      reply = {{"error", e.what()}};
    }
    std::cout << reply.dump() << std::endl;
  }
}

void print(const Cases& cases, const std::string& only, double seconds) {
  for (const NamedCase& c : cases.list()) {
    if (c.name.find(only) == std::string::npos) continue;
    std::vector<double> ns = time_case(c.setup(), seconds, c.settings.per, CLOCK_MONOTONIC);
    std::sort(ns.begin(), ns.end());
    fmt::print("{:<36} {:>14.1f} ns\n", c.name, ns[ns.size() / 2]);
  }
  for (const Measure& m : cases.measures())
    if (m.name.find(only) != std::string::npos) fmt::print("{:<36} {:>14.1f}\n", m.name, m.value());
}

/// What callgrind counts: it collects inside this function only and writes a profile at each return.
extern "C" [[gnu::noinline]] void strata_measured(const Ready& ready, std::int64_t n) { ready.run(n); }

/// Runs each case that is about dispatch, warm, for about two thousand ops, and says how many they were.
void count_instructions(const Cases& cases) {
  Json ops = Json::array();
  for (const NamedCase& c : cases.list()) {
    if (c.settings.per > 1000) continue;
    const Ready ready = c.setup();
    const auto calls = static_cast<std::int64_t>(2000 / c.settings.per);
    ready.run(calls);
    strata_measured(ready, calls);
    ops.push_back({c.name, static_cast<double>(calls) * c.settings.per});
  }
  const Json told{{"compiler", compiler()}, {"libc", gnu_get_libc_version()}, {"isa", isa_name(strata::cpu_isa())}};
  std::cout << Json{{"built", told}, {"ops", ops}}.dump() << std::endl;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app{"The cases of bench/compare.py"};
  std::string only, peer;
  double seconds = 0.3;
  int threads = 1;
  bool instructions = false;
  app.add_option("--only", only, "run the cases whose names hold this text and print medians");
  app.add_option("--seconds", seconds, "time for each case")->capture_default_str();
  app.add_option("--threads", threads, "threads of the library")->capture_default_str();
  app.add_option("--peer", peer, "another library's cases")->check(CLI::IsMember({"openblas"}));
  app.add_flag("--instructions", instructions, "run the dispatch cases, to be counted by callgrind");
  CLI11_PARSE(app, argc, argv);
  strata::set_num_threads(threads);
  bench::Cases cases;
  if (peer == "openblas") {
    bench::openblas_cases(cases);
  } else {
    bench::dispatch_cases(cases);
  }
  if (instructions) {
    bench::count_instructions(cases);
    return 0;
  }
  if (peer.empty()) {
    bench::pointwise_cases(cases);
    bench::product_cases(cases);
    bench::training_cases(cases);
    bench::per_example_cases(cases);
    bench::loop_cases(cases);
    bench::jacobian_cases(cases);
    bench::growth_cases(cases);
    bench::byte_measures(cases);
  }
  if (app.count("--only"))
    bench::print(cases, only, seconds);
  else
    bench::serve(cases, peer.empty() ? fmt::format("{} kernels, {}", isa_name(strata::cpu_isa()), bench::compiler())
                                     : bench::openblas_version());
}
