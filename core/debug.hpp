// Switches and counters for tests and for the curious: whether per-example gradients stay factored, and how much of
// what was factored has been made dense. Process-wide; results do not depend on them but for rounding.
#pragma once
#include <cstdint>

namespace strata::debug {

/// When the per-example gradient of a weight is kept as factors: never, when they are smaller than its elements (the
/// default), or always.
enum class Factoring : std::uint8_t { off, when_smaller, always };
Factoring factoring();
void set_factoring(Factoring mode);

/// A mode for a scope.
class FactoringScope {
 public:
  explicit FactoringScope(Factoring mode) : before_(factoring()) { set_factoring(mode); }
  ~FactoringScope() { set_factoring(before_); }
  FactoringScope(const FactoringScope&) = delete;
  FactoringScope& operator=(const FactoringScope&) = delete;

 private:
  Factoring before_;
};

/// Factored tensors made dense since the last reset: how many, and the bytes of their elements.
struct Materialised {
  std::int64_t count, bytes;
};
Materialised materialised();
void reset_materialised();
void note_materialised(std::int64_t bytes);

/// Which results of pointwise ops stay pending (ops/pending.hpp): from `grain` elements on, and where operands repeat
/// along other axes, with rows of at least `row` elements.
struct Chains {
  bool on = true;
  std::int64_t grain = 8192, row = 16;
};
Chains chains();
void set_chains(Chains settings);

/// Settings for a scope.
class ChainsScope {
 public:
  explicit ChainsScope(Chains settings) : before_(chains()) { set_chains(settings); }
  ~ChainsScope() { set_chains(before_); }
  ChainsScope(const ChainsScope&) = delete;
  ChainsScope& operator=(const ChainsScope&) = delete;

 private:
  Chains before_;
};

/// How often this process waited for a GPU because something was read on the host.
std::int64_t host_syncs();
void note_host_sync();

/// Bytes of all results of more than a few elements since the process started.
std::int64_t bytes_written();
void note_written(std::int64_t bytes);

}  // namespace strata::debug
