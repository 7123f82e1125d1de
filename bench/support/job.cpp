// See job.hpp.
#include "strata/bench/support/job.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace bench {

bool outside_of_job() { return !std::getenv("OMPI_COMM_WORLD_SIZE"); }

int run_job(int n, const std::vector<std::string>& arguments) {
  char self[4096] = {};
  if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return -1;
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    for (const char* setting :
         {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "OMPI_MCA_rmaps_base_oversubscribe=1",
          "OMPI_MCA_pml=ob1", "OMPI_MCA_btl=self,vader", "OMPI_MCA_hwloc_base_binding_policy=none",
          "OMPI_MCA_mpi_yield_when_idle=1", "STRATA_NUM_THREADS=1"})
      putenv(const_cast<char*>(setting));
    std::vector<std::string> words = {"mpirun", "-n", std::to_string(n), self};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    execvp("mpirun", argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return code == 127 ? -1 : code;
}

std::vector<double> best_in_turns(const std::vector<std::function<void()>>& calls, int rounds,
                                  const std::function<void()>& barrier) {
  std::vector<double> best(calls.size(), 1e30);
  for (int round = 0; round < rounds + 2; ++round) {  // the first two warm up
    for (std::size_t i = 0; i < calls.size(); ++i) {
      barrier();
      const auto begin = std::chrono::steady_clock::now();
      calls[i]();
      const std::chrono::duration<double, std::micro> t = std::chrono::steady_clock::now() - begin;
      if (round >= 2) best[i] = std::min(best[i], t.count());
    }
  }
  return best;
}

void Limits::say(const std::string& name, double value, double limit, bool holds, const char* relation,
                 const std::string& note) {
  if (!print_) return;
  if (!holds) ++missed_;
  fmt::print("{:<44} {:>10.3f}  ({} {}){}  {}\n", name, value, relation, limit, holds ? "" : "  MISSED", note);
  std::fflush(stdout);
}
void Limits::at_most(const std::string& name, double value, double limit, const std::string& note) {
  say(name, value, limit, value <= limit, "at most", note);
}
void Limits::at_least(const std::string& name, double value, double limit, const std::string& note) {
  say(name, value, limit, value >= limit, "at least", note);
}

}  // namespace bench
