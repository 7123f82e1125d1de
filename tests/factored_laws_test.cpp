// The laws of tests/support/laws.hpp where every per-example gradient that can be stays factored, however small: the
// mapped derivatives of all ops, and the derivatives of those.
#include "strata/core/debug.hpp"
#include "strata/ops/registry.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/laws.hpp"

using namespace strata;
using namespace strata::laws;

namespace {

template <class Law>
void for_all(Law law) {
  const debug::FactoringScope on(debug::Factoring::always);
  for (const Entry& e : registry()) {
    for (const Sample& s : e.samples()) {
      const auto pulled = vjp_of(s);
      if (!pulled) continue;
      const Failure failure = law(*pulled);
      INFO(e.name << " " << s.label << ": " << failure.value_or(""));
      CHECK_FALSE(failure.has_value());
    }
  }
}

}  // namespace

TEST_CASE("factored: vmap of vjp is the loop", "[laws]") {
  debug::reset_materialised();
  for_all([](const Sample& v) { return vmap_is_loop(v, false); });
  CHECK(debug::materialised().count > 100);  // there was something to see
}

TEST_CASE("factored: vmap of vmap of vjp is two loops", "[laws]") {
  for_all([](const Sample& v) { return nested_vmap_is_loop(v); });
}

TEST_CASE("factored: the vjp of vmap of vjp is the adjoint of its jvp", "[laws]") {
  for_all([](const Sample& v) -> Failure {
    for (std::size_t shared = 0; shared < v.arguments.size(); ++shared) {
      std::vector<int> axes(v.arguments.size(), 0);
      axes[shared] = -1;
      if (const Failure f = vjp_is_adjoint(vmap_of(in_float64(v), axes, 2))) return f;
    }
    return std::nullopt;
  });
}
