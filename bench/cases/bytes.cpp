// What cases write to memory and make dense: the library's own counters around one call of a case.
#include "strata/bench/cases/cases.hpp"
#include "strata/core/debug.hpp"

namespace bench {
namespace {

/// The second call of a case (the first fills caches), which must be registered already.
Ready warm(const Cases& cases, const std::string& name) {
  for (const NamedCase& c : cases.list()) {
    if (c.name != name) continue;
    Ready ready = c.setup();
    ready.run(1);
    return ready;
  }
  throw std::runtime_error("no case " + name);
}

}  // namespace

void byte_measures(Cases& cases) {
  cases.measure("bytes/pairwise_written_per_result", [&cases] {
    const Ready ready = warm(cases, "plain/pairwise");
    const std::int64_t before = strata::debug::bytes_written();
    ready.run(1);
    return static_cast<double>(strata::debug::bytes_written() - before) / (1024.0 * 1024 * sizeof(float));
  });
  for (const std::string model : {"mlp", "cnn", "transformer"}) {
    cases.measure("bytes/materialised_" + model + "_clipped", [&cases, model] {
      const Ready ready = warm(cases, "per_example/" + model + "_clipped");
      strata::debug::reset_materialised();
      ready.run(1);
      return static_cast<double>(strata::debug::materialised().bytes);
    });
  }
}

}  // namespace bench
