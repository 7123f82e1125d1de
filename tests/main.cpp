// The main function of every test executable, compiled once (Catch2 v2's runner takes long to compile).
// tests/CMakeLists.txt links it into each of them; the session is created by hand because v2 and v3 name their mains
// differently.
#define CATCH_CONFIG_RUNNER
#include "strata/tests/catch.hpp"

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
