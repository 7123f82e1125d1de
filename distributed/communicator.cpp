// See communicator.hpp.
#include "strata/distributed/communicator.hpp"

#include <cstdlib>
#include <string>

#include "strata/core/error.hpp"

namespace strata::distributed {

Communicator init() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* value = std::getenv(variable);
    if (!value || std::atoi(value) <= 1) continue;
    throw DistributedError("distributed::init: this is one of " + std::string(value) + " processes (" + variable +
                           "), but this build of strata runs one only; start the program without mpirun");
  }
  return {};
}

}  // namespace strata::distributed
