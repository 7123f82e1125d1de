// The main function of every test executable, compiled once (Catch2 v2's runner takes long to compile).
// tests/CMakeLists.txt links it into each of them; the session is created by hand because v2 and v3 name their mains
// differently. STRATA_TEST_DEVICE=cuda runs a test on the first GPU, or says SKIPPED where there is none.
#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "strata/core/device.hpp"
#include "strata/core/error.hpp"
#include "strata/tests/catch.hpp"

int main(int argc, char** argv) {
  const char* device = std::getenv("STRATA_TEST_DEVICE");
  if (device && std::string_view(device) == "cuda") {
    try {
      strata::default_device(strata::cuda(0));
    } catch (const strata::DeviceError& e) {
      std::printf("SKIPPED: %s\n", e.what());
      return 0;
    }
  }
  return Catch::Session().run(argc, argv);
}
