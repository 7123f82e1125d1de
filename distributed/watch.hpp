// The watchdog: a thread that ends this process when a collective has waited longer than its deadline. It makes no MPI
// call, so it works where a call into MPI hangs; the launcher ends the other processes. Called by Group around every
// call that may block. Always holds: what it prints names rank, collective and shape.
#pragma once
#include <chrono>
#include <string>

namespace strata::distributed {

/// The exit code of a job that failed.
inline constexpr int failure_code = 13;

/// While it lives, a call is under way that must end before the deadline. `text` outlives the guard.
class Watched {
 public:
  Watched(const std::string& text, std::chrono::milliseconds timeout);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  std::size_t slot_;
};

/// Prints "[rank r] message" to stderr in one write.
void report(int rank, const std::string& message);

}  // namespace strata::distributed
