// The laws of tests/support/laws.hpp on every sample of every op of the registry. One op: `laws_test "vmap*" -c
// matmul`. What an op does not obey on purpose is listed below with its reason.
#include <map>
#include <set>

#include "strata/distributed/collectives.hpp"
#include "strata/functorch/lanes.hpp"
#include "strata/functorch/rows.hpp"
#include "strata/ops/registry.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/laws.hpp"

using namespace strata;
using namespace strata::laws;

namespace {

/// Ops whose tangent is not the difference, on purpose.
const std::map<std::string_view, const char*> not_a_difference = {
    {"random_gamma", "the derivative is that at a fixed quantile; with a fixed key a candidate is accepted or not"},
    {"random.beta", "made of random_gamma"},
    {"random.chisquare", "made of random_gamma"},
    {"random.f", "made of random_gamma"},
    {"random.student_t", "made of random_gamma"},
    {"stop_gradient", "says that its argument is a constant"},
};

/// The registry, and the ops of the layers above it.
std::vector<Entry> all_entries() {
  std::vector<Entry> all = registry();
  for (const auto family : {&lane_entries, &rows_entries, &collective_entries}) {
    for (const Entry& e : family()) all.push_back(e);
  }
  return all;
}

/// Runs `law(sample)` on all samples of all entries, one section per op.
template <class Law>
void for_all(Law law) {
  for (const Entry& e : all_entries()) {
    DYNAMIC_SECTION(e.name) {
      for (const Sample& s : e.samples()) {
        const Failure failure = law(e, s);
        INFO(e.name << " " << s.label << ": " << failure.value_or(""));
        CHECK_FALSE(failure.has_value());
      }
    }
  }
}

/// The law on a sample made of the sample, when there is one.
template <class Law>
Failure on(const std::optional<Sample>& s, Law law) {
  return s ? law(*s) : std::nullopt;
}

bool smooth(const Entry& e) { return (!e.op || e.op->differentiable) && !not_a_difference.count(e.name); }

}  // namespace

TEST_CASE("every entry is listed once and has samples, each with a label of its own", "[laws]") {
  std::set<std::string_view> names;
  for (const Entry& e : all_entries()) {
    INFO(e.name);
    CHECK(names.insert(e.name).second);
    std::set<std::string> labels;
    for (const Sample& s : e.samples()) CHECK(labels.insert(s.label).second);
    CHECK_FALSE(labels.empty());
  }
}

TEST_CASE("jvp is the finite difference", "[laws]") {
  for_all([](const Entry& e, const Sample& s) { return smooth(e) ? jvp_is_difference(s) : Failure(); });
}

TEST_CASE("vjp is the adjoint of jvp", "[laws]") {
  for_all([](const Entry&, const Sample& s) { return vjp_is_adjoint(s); });
}

TEST_CASE("second order: the jvp of the vjp is its difference, and the vjp of the vjp its adjoint", "[laws]") {
  for_all([](const Entry& e, const Sample& s) -> Failure {
    const auto pulled = vjp_of(in_float64(s));
    if (!pulled) return std::nullopt;
    if (const Failure f = smooth(e) ? jvp_is_difference(*pulled) : Failure()) return "jvp: " + *f;
    if (const Failure f = vjp_is_adjoint(*pulled)) return "vjp: " + *f;
    return std::nullopt;
  });
}

TEST_CASE("vmap is the loop", "[laws]") {
  for_all([](const Entry&, const Sample& s) { return vmap_is_loop(s); });
}

TEST_CASE("vmap of vjp is the loop", "[laws]") {
  for_all([](const Entry&, const Sample& s) {
    return on(vjp_of(s), [](const Sample& v) { return vmap_is_loop(v, false); });
  });
}

TEST_CASE("vmap of jvp is the loop", "[laws]") {
  for_all([](const Entry&, const Sample& s) {
    return on(jvp_of(s), [](const Sample& v) { return vmap_is_loop(v, false); });
  });
}

TEST_CASE("vmap of vmap is two loops", "[laws]") {
  for_all([](const Entry&, const Sample& s) { return nested_vmap_is_loop(s); });
}

TEST_CASE("derivatives of vmap: the jvp is the difference, the vjp its adjoint", "[laws]") {
  for_all([](const Entry& e, const Sample& s) -> Failure {
    for (std::size_t shared = 0; shared <= s.arguments.size(); ++shared) {  // all mapped, then all but one
      std::vector<int> axes(s.arguments.size(), 0);
      if (shared > 0) axes[shared - 1] = -1;
      const Sample mapped = vmap_of(s, axes, 2);
      if (const Failure f = smooth(e) ? jvp_is_difference(mapped) : Failure()) return "jvp: " + *f;
      if (const Failure f = vjp_is_adjoint(mapped)) return "vjp: " + *f;
    }
    return std::nullopt;
  });
}

TEST_CASE("strided arguments are as good as contiguous ones", "[laws]") {
  for_all([](const Entry&, const Sample& s) -> Failure {
    if (const Failure f = strided_is_contiguous(s)) return f;
    return on(vjp_of(s), strided_is_contiguous);
  });
}

TEST_CASE("donation is invisible", "[laws]") {
  for_all([](const Entry&, const Sample& s) -> Failure {
    if (const Failure f = donation_is_invisible(s)) return f;
    if (const Failure f = on(vjp_of(s), donation_is_invisible)) return "vjp: " + *f;
    if (const Failure f = on(enlarged(s, 8192), donation_is_invisible)) return "enlarged: " + *f;
    return std::nullopt;
  });
}

TEST_CASE("pending chains are invisible", "[laws]") {
  for_all([](const Entry&, const Sample& s) -> Failure {
    if (const Failure f = on(enlarged(s, 4096), chains_are_invisible)) return f;
    const auto pulled = vjp_of(s);
    if (const Failure f = pulled ? on(enlarged(*pulled, 4096), chains_are_invisible) : Failure()) return "vjp: " + *f;
    const auto pushed = jvp_of(s);
    if (const Failure f = pushed ? on(enlarged(*pushed, 4096), chains_are_invisible) : Failure()) return "jvp: " + *f;
    return std::nullopt;
  });
}

TEST_CASE("results do not depend on the number of threads", "[laws]") {
  for (const Entry& e : all_entries()) {
    DYNAMIC_SECTION(e.name) {
      for (const Sample& s : e.samples()) {
        const auto large = enlarged(s, 200000);
        if (!large) continue;
        Failure failure = threads_agree(*large);
        if (!failure) failure = on(vjp_of(*large), threads_agree);
        INFO(e.name << " " << s.label << ": " << failure.value_or(""));
        CHECK_FALSE(failure.has_value());
        break;
      }
    }
  }
}
