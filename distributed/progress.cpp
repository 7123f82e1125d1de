// See progress.hpp.
#include "strata/distributed/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace strata {

Progress::Progress(std::int64_t steps, ProgressOptions options)
    : show_(!options.quiet && distributed::Communicator().rank() == 0),
      terminal_(isatty(STDOUT_FILENO) != 0),
      options_(options),
      steps_(std::max<std::int64_t>(steps, 1)) {}

void Progress::step(const std::string& text, std::int64_t examples) {
  ++done_;
  examples_ += examples;
  if (!show_) return;
  const std::int64_t every = std::max<std::int64_t>(1, steps_ / std::max<std::int64_t>(options_.lines, 1));
  const bool last = done_ == steps_;
  if (!terminal_ && done_ % every != 0 && !last) return;
  const std::chrono::duration<double> t = std::chrono::steady_clock::now() - start_;
  const auto filled = static_cast<int>(24 * std::min(done_, steps_) / steps_);
  const std::string rate =
      examples_ > 0 ? fmt::format("  {:.0f} examples/s", static_cast<double>(examples_) / std::max(t.count(), 1e-9))
                    : "";
  fmt::print("{}step {}/{} [{:#<{}}{: <{}}] {}{}{}", terminal_ ? "\r" : "", done_, steps_, "", filled, "", 24 - filled,
             text, rate, terminal_ && !last ? "   " : "\n");
  std::fflush(stdout);
}

}  // namespace strata
