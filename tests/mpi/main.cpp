// The main function of mpi_test: every rank runs the same test cases at the same time; rank 0 reports, the others print
// only what fails. Run by ctest through tests/mpi/run with 1 to 4 processes.
#define CATCH_CONFIG_RUNNER
#include <fstream>
#include <sstream>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

int main(int argc, char** argv) {
  const auto world = strata::distributed::init();
  std::ostringstream quiet;
  std::streambuf* out = world.rank() == 0 ? nullptr : std::cout.rdbuf(quiet.rdbuf());
  const int failed = Catch::Session().run(argc, argv);
  if (out) std::cout.rdbuf(out);
  if (out && failed) std::cerr << "rank " << world.rank() << ":\n" << quiet.str();
  return failed;
}
