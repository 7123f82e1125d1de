// Benchmarks over processes: a program that is started alone starts itself again under mpirun. Called by
// bench/allreduce and bench/data_parallel. Figures of several ranks: the best of interleaved rounds, taken on rank 0
// after a barrier.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Not a process of mpirun's, nor told to be alone.
bool outside_of_job();
/// Runs this program under mpirun with n processes and these arguments; its exit code, -1 where there is no mpirun.
int run_job(int n, const std::vector<std::string>& arguments);

/// The best times in us of calls taken in turns, `rounds` each.
std::vector<double> best_in_turns(const std::vector<std::function<void()>>& calls, int rounds,
                                  const std::function<void()>& barrier);

/// Prints "name: value (limit ...)" and remembers a limit that is exceeded. Without `print` it does neither: other ranks
/// do not judge.
class Limits {
 public:
  explicit Limits(bool print) : print_(print) {}
  void at_most(const std::string& name, double value, double limit, const std::string& note = "");
  void at_least(const std::string& name, double value, double limit, const std::string& note = "");
  int status() const { return missed_ > 0; }

 private:
  void say(const std::string& name, double value, double limit, bool holds, const char* relation,
           const std::string& note);
  bool print_;
  int missed_ = 0;
};

}  // namespace bench
