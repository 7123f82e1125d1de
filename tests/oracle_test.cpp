// Values, vjp and jvp of every op against JAX's (tests/oracle): one test per file of reference data.
// A case whose op is not there yet is counted and listed (`./dev coverage` lists them in full); in the groups that the
// library promises in full none may be missing. What differs from JAX on purpose is listed below with its reason.
#include <cstdio>
#include <map>
#include <set>

#include "strata/tests/catch.hpp"
#include "strata/tests/support/oracle.hpp"

using namespace strata;
using namespace strata::oracle;

namespace {

/// Cases that may differ from JAX, and why.
const std::map<std::string, const char*>& exceptions() {
  static const std::map<std::string, const char*> list = {
      {"reciprocal.dn", "JAX on CPUs flushes denormals to zero, here 1 / 5.9e-39 is 1.7e38"},
      {"sign.dn", "JAX on CPUs flushes denormals to zero"},
      {"log.dn", "JAX on CPUs flushes denormals to zero"},
      {"sqrt.dn", "JAX on CPUs flushes denormals to zero"},
      {"rsqrt.dn", "JAX on CPUs flushes denormals to zero"},
      {"floor.dn", "JAX on CPUs flushes denormals to zero"},
      {"eq.dn", "JAX on CPUs flushes denormals to zero"},
      {"kink.norm_zero", "the derivative of the norm at 0 is 0, JAX gives NaN"},
      {"kink.std_const", "the derivative of the deviation of a constant is 0, JAX gives NaN"},
      {"kink.logsumexp_inf", "the derivative of logsumexp of all -inf is 0, JAX gives NaN"},
      {"kink.pow", "the derivative of pow(x, 0) is 0 at x = 0 too, JAX gives NaN"},
  };
  return list;
}

/// Groups of which no op may be missing.
const std::set<std::string> complete = {"elementwise", "reductions", "shapeindex", "linalg",
                                        "random",      "transforms", "guide"};

struct Tally {
  int passed = 0, failed = 0, excepted = 0, cases_missing = 0;
  std::map<std::string, int> missing;  // op to number of cases
  std::string report;
};

void run_case(const Case& c, Tally& t) {
  const auto op = all_ops().find(c.op);
  if (op == all_ops().end()) throw Missing("");
  const std::string difference = check(c, op->second);
  if (difference.empty()) {
    ++t.passed;
  } else if (exceptions().count(c.name)) {
    ++t.excepted;
  } else {
    ++t.failed;
    t.report += c.name + " (" + c.op + " " + c.params.dump() + ")\n" + difference;
  }
}

Tally run_group(const std::string& group) {
  Tally t;
  for (const Case& c : load(folder() + "/" + group + ".safetensors")) {
    try {
      run_case(c, t);
    } catch (const Missing& part) {
      ++t.missing[*part.what() ? c.op + " of " + part.what() : c.op];
      ++t.cases_missing;
    }
  }
  return t;
}

void run(const std::string& group) {
  const Tally t = run_group(group);
  std::printf("oracle %-12s %4d passed, %d failed, %d differ on purpose, %d missing\n", group.c_str(), t.passed,
              t.failed, t.excepted, t.cases_missing);
  INFO(t.report);
  CHECK(t.failed == 0);
  if (complete.count(group)) CHECK(t.cases_missing == 0);
}

}  // namespace

TEST_CASE("oracle: elementwise") { run("elementwise"); }
TEST_CASE("oracle: reductions") { run("reductions"); }
TEST_CASE("oracle: shapeindex") { run("shapeindex"); }
TEST_CASE("oracle: linalg") { run("linalg"); }
TEST_CASE("oracle: random") { run("random"); }
TEST_CASE("oracle: transforms") { run("transforms"); }
TEST_CASE("oracle: guide") { run("guide"); }

TEST_CASE("which ops of the oracle are missing", "[.][coverage]") {
  for (const char* group : {"elementwise", "reductions", "shapeindex", "linalg", "random", "transforms", "guide"}) {
    const Tally t = run_group(group);
    std::printf("%-12s %4d cases pass, %d fail, %d differ on purpose, %d are missing:\n", group, t.passed, t.failed,
                t.excepted, t.cases_missing);
    for (const auto& [op, count] : t.missing) std::printf("  %-32s %d\n", op.c_str(), count);
  }
}
