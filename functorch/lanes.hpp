// Choosing positions along an axis and putting them back: what narrowing and merging do to the hidden lane axis.
// Called by functorch/rows.cpp and the collectives. Both are linear and each other's transposes; consecutive (or evenly
// spaced) positions are taken as a view.
#pragma once
#include <memory>
#include <vector>

#include "strata/core/op.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

/// Positions along an axis, each at most once.
using Positions = std::shared_ptr<const std::vector<std::int64_t>>;

/// The slices of x at `positions` along `axis`.
Tensor take_lanes(Tensor x, int axis, Positions positions);
/// A tensor with `n` slices along `axis`: parts[i] at positions[i], zeros where nobody writes. The parts agree in dtype
/// and in the other axes.
Tensor put_lanes(std::vector<Tensor> parts, int axis, std::vector<Positions> positions, std::int64_t n);

/// The values of operands with their lanes along one axis, which is returned: where all of them have theirs, or 0.
/// Shared ones are broadcast to `size` lanes.
int align(std::span<const Lane> x, std::int64_t size, std::vector<Tensor>& values);

std::vector<Entry> lane_entries();

}  // namespace strata
