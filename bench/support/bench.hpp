// A small harness for the benchmarks: warms up, times rounds of a callable, prints the median and its spread, checks
// budgets, writes JSON. Called by every program in bench/. Figures are nanoseconds per repetition; a budget that is
// missed makes the program exit with 1.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// The optimiser must believe that x is used.
template <class T>
inline void keep(const T& x) {
  asm volatile("" : : "r,m"(x) : "memory");
}

struct Result {
  std::string name, note;
  double median_ns = 0, low_ns = 0, high_ns = 0;  // low, high: the middle 90 % of rounds
  double budget_ns = 0;                           // 0: none
};

/// A case just measured: `.below(60)` gives it a budget in ns.
class Case {
 public:
  explicit Case(Result* r) : result_(r) {}
  Case& below(double ns);
  double median() const { return result_ ? result_->median_ns : 0; }

 private:
  Result* result_;
};

class Bench {
 public:
  /// Reads --only SUBSTRING, --json FILE, --threads N, --seconds S (per case), --list.
  Bench(int argc, char** argv);
  /// Writes the JSON file.
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// `setup` returns the callable to time; only that is timed. `per` divides the figure: ops in one call.
  template <class Setup>
  Case operator()(std::string name, std::string note, Setup setup, double per = 1) {
    if (!wanted(name)) return Case(nullptr);
    auto call = setup();
    return measure(
        std::move(name), std::move(note),
        [&](std::int64_t n) {
          for (std::int64_t i = 0; i < n; ++i) call();
        },
        per);
  }

  /// 0 when every budget holds.
  int status() const;

 private:
  bool wanted(const std::string& name) const;
  Case measure(std::string name, std::string note, const std::function<void(std::int64_t)>& run, double per);

  std::vector<std::unique_ptr<Result>> results_;
  std::string only_, json_;
  double seconds_ = 0.3;
  bool list_ = false;
};

}  // namespace bench
