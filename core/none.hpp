// The empty tree and the empty setting: st::none. A scan without outputs returns std::pair{carry, st::none}, an
// argument that vmap does not map has the entry st::none. Used by core/tree.hpp, core/axes.hpp and
// core/dynamic_tree.hpp.
#pragma once

namespace strata {

/// The type of st::none. Its constructor is explicit, so that {} never means none.
struct None {
  explicit constexpr None() noexcept {}
  friend constexpr bool operator==(None, None) { return true; }
};

/// No tensors (as a tree), not mapped (as an axis).
///     auto [carry, ys] = scan([](Tensor c, Tensor x) { return std::pair{c + x, st::none}; }, init, xs);
inline constexpr None none{};

}  // namespace strata
