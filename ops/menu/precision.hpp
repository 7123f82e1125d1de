// The menu: how exactly a GPU multiplies.
#pragma once

namespace strata {

/// Whether products and convolutions of float32 on a GPU may multiply in TF32, with 10 bits of fraction: several times
/// faster. For all threads; not allowed until then. The CPU does not know it.      allow_tf32(true);
void allow_tf32(bool allowed);
bool tf32_allowed();

}  // namespace strata
