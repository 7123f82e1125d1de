// Functions that use each collective over an axis "i" once, for tests that compare axes: lanes with loops
// (collectives_test), processes with lanes (mpi/collectives_mpi).
#pragma once
#include <functional>
#include <map>
#include <string>

#include "strata/strata.hpp"

namespace strata {

using CollectiveUse = std::function<Tensor(const Tensor&)>;

/// Functions of one member's tensor of shape [a multiple of n, n] on an axis of size n. `ring` moves every member's
/// value, `some` not all; `root` is the member that pbroadcast asks.
inline std::map<std::string, CollectiveUse> collective_uses(const LanePairs& ring, const LanePairs& some, int root) {
  return {
      {"psum", [](const Tensor& x) { return x * psum(square(x), "i"); }},
      {"pmean", [](const Tensor& x) { return square(x - pmean(x, "i")); }},
      {"pmax", [](const Tensor& x) { return x * pmax(x, "i"); }},
      {"pmin", [](const Tensor& x) { return x * pmin(x, "i"); }},
      {"all_gather", [](const Tensor& x) { return all_gather(square(x), "i", {.axis = 1}) * 2; }},
      {"all_gather tiled", [](const Tensor& x) { return all_gather(square(x), "i", {.axis = -1, .tiled = true}); }},
      {"psum_scatter", [](const Tensor& x) { return square(psum_scatter(x, "i", {.axis = 1})); }},
      {"psum_scatter tiled", [](const Tensor& x) { return square(psum_scatter(x, "i", {.tiled = true})); }},
      {"all_to_all", [](const Tensor& x) { return sin(all_to_all(x, "i", {.split_axis = 1, .concat_axis = 0})); }},
      {"all_to_all tiled",
       [](const Tensor& x) {
         return square(all_to_all(x, "i", {0, 1, true}));
       }},
      {"ppermute", [=](const Tensor& x) { return x * ppermute(x, "i", ring); }},
      {"ppermute in part", [=](const Tensor& x) { return x * ppermute(x, "i", some); }},
      {"pbroadcast", [=](const Tensor& x) { return x * pbroadcast(x, "i", root); }},
      {"axis_index", [](const Tensor& x) { return x * axis_index("i") + axis_size("i"); }},
  };
}

}  // namespace strata
