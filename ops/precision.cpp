// Whether products on a GPU may use TF32 (ops/menu/precision.hpp). Set by users, at any time from any thread; read by
// ops/cuda for each product.
#include "strata/ops/menu/precision.hpp"

#include <atomic>

namespace strata {
namespace {
std::atomic<bool> tf32{false};
}

void allow_tf32(bool allowed) { tf32.store(allowed, std::memory_order_relaxed); }
bool tf32_allowed() { return tf32.load(std::memory_order_relaxed); }

}  // namespace strata
