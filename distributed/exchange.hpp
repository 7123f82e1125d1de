// What the two files of collectives share. Called by collectives.cpp and exchange.cpp only.
#pragma once
#include <functional>

#include "strata/distributed/axis.hpp"
#include "strata/ops/registry.hpp"

namespace strata::detail {

/// f under vmap with an axis called "i".
Samples collective_samples(std::function<Tensor(const Tensor&)> f);
/// psum over one axis.
Tensor psum_over(const Axis& axis, Tensor x);
/// The lanes' numbers on the axis.
Tensor index_on(const Axis& axis);
std::vector<Entry> exchange_entries();

}  // namespace strata::detail
