// Which tape walks backward now. Asked by rules whose transpose depends on where the tape began (distributed's border).
#pragma once
#include <cstdint>

namespace strata {

/// The serial of the level of the innermost tape on this thread whose backward pass runs; 0 outside of any.
std::uint64_t walking_tape();

}  // namespace strata
