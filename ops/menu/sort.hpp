// The menu: sorting and searching. The order is stable; NaN counts as the largest value.
#pragma once
#include <array>

#include "strata/core/tensor.hpp"

namespace strata {

struct Sorting {
  int axis = -1;
  bool descending = false;
};

/// x sorted along `.axis`, NaN last (first when descending). The derivative follows each element to its new place.
///     Tensor y = sort(x, {.axis = 0, .descending = true});
Tensor sort(Tensor x, Sorting p = {});
/// int32: which element comes k-th; equal ones keep their order, also when descending.
///     Tensor order = argsort(scores, {.descending = true});
Tensor argsort(Tensor x, Sorting p = {});
/// {keys sorted, values in the keys' order}; both have the same shape.     auto [k, v] = sort_pairs(keys, values);
std::array<Tensor, 2> sort_pairs(Tensor keys, Tensor values, Sorting p = {});

struct Selection {
  int axis = -1;
};
/// {the k largest along `.axis`, largest first; their positions, int32}. Of equal ones the first wins. ValueError when
/// the axis is shorter than k or k is negative.
///     auto [best, where] = top_k(logits, 5);
std::array<Tensor, 2> top_k(Tensor x, std::int64_t k, Selection p = {});

struct Searching {
  bool right = false;
};
/// int32, of v's shape: where each v would go in the sorted vector a, before equal elements (after them with `.right`).
///     Tensor bin = searchsorted(edges, x, {.right = true});
Tensor searchsorted(Tensor a, Tensor v, Searching p = {});

}  // namespace strata
