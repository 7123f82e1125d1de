// Progress of a training loop, shown by rank 0 alone: a bar that redraws itself on a terminal, a line now and then
// elsewhere. Called by training loops.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "strata/distributed/communicator.hpp"

namespace strata {

struct ProgressOptions {
  std::int64_t lines = 10;  ///< how many lines to print in all where the output is no terminal
  bool quiet = false;
};

class Progress {
 public:
  Progress(std::int64_t steps, ProgressOptions options = {});
  /// One step is done; `text` follows the bar: "loss 0.1234".
  void step(const std::string& text, std::int64_t examples = 0);

 private:
  bool show_, terminal_;
  ProgressOptions options_;
  std::int64_t steps_, done_ = 0, examples_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace strata
