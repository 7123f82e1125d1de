// The slates of each thread.
#include "strata/ops/elementwise/traced.hpp"

namespace strata::fused {
namespace {

thread_local Slate* innermost = nullptr;

}  // namespace

Slate::Slate() : before_(innermost) { innermost = this; }
Slate::~Slate() { innermost = before_; }
Slate& Slate::here() { return *innermost; }

}  // namespace strata::fused
