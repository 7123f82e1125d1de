// What can be set of a job of several processes; users give it to distributed::init, tests override it by environment
// variables (STRATA_DISTRIBUTED_TIMEOUT in seconds, STRATA_DISTRIBUTED_VERIFY=0).
#pragma once
#include <chrono>
#include <cstdint>

namespace strata::distributed {

struct Options {
  /// How long a collective may wait for other ranks before the job ends with a message.
  std::chrono::milliseconds timeout{600'000};
  /// Before each collective the ranks compare what they are about to call (about 20 us).
  bool verify = true;
  /// Reductions are cut into pieces of so many bytes.
  std::int64_t chunk_bytes = std::int64_t{1} << 20;
  /// For measuring: reductions last at least as long as a link of so many bytes a second takes; 0 is off.
  double simulated_link = 0;
};

}  // namespace strata::distributed
