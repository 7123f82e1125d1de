// What the tests over processes share: the world, tensors that every rank draws alike, comparisons. Included by
// tests/mpi/*.cpp. Always holds: a test makes the same collectives on every rank; a check that fails on one rank does
// not keep it from the next collective.
#pragma once
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "strata/distributed/group.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace mpi_case {

namespace st = strata;
using st::Tensor;

inline st::distributed::Communicator world() { return {}; }
inline int ranks() { return world().size(); }

/// Values in (-1, 1), the same on all ranks.
inline Tensor sample(st::Shape shape, st::Dtype dtype = st::float64, int salt = 0) {
  std::vector<double> v(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = std::sin(static_cast<double>(3 * i + 1) + 0.7 * salt);
  const Tensor x = st::array(std::span<const double>(v), shape, {.dtype = st::float64});
  return st::is_float(dtype) ? st::astype(x, dtype) : st::astype(st::abs(x) * 20, dtype);
}

inline double largest_difference(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape())) return INFINITY;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    most = std::max(most, std::abs(x[i] - y[i]) / std::max({1.0, std::abs(x[i]), std::abs(y[i])}));
  return most;
}

template <class F>
auto over_lanes(F f) {
  return st::vmap(f, {.axis_name = "i"});
}
template <class F>
auto over_ranks(F f) {
  return st::pmap(f, {.axis_name = "i"});
}

}  // namespace mpi_case
