// Collectives by axis name: sums, gathers and permutations over the lanes of a named axis, with all derivatives.
// Called by users inside vmap(f, {.axis_name = ...}) and pmap. Every one takes a tensor or a tree, whose leaves it
// maps. Always holds: the innermost axis of a name is meant; a value that no lane distinguishes counts once for each
// lane. NOTE [psum transposes to psum]  As in JAX's vmap and pmap: the gradient taken inside the mapped function is
// that of the sum of all lanes' losses. pvary and psum_invariant are the pair with the other convention, for code that
// keeps values equal on all lanes by construction.
#pragma once
#include <utility>
#include <vector>

#include "strata/core/tree.hpp"
#include "strata/distributed/axis.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

struct GatherOptions {
  int axis = 0;        ///< where the lanes go (of the result), or with .tiled the axis along which they are joined
  bool tiled = false;  ///< joined along an existing axis instead of stacked
};
struct ScatterOptions {
  int axis = 0;        ///< the axis that is split over the lanes
  bool tiled = false;  ///< it stays, shorter by the number of lanes
};
struct AllToAllOptions {
  int split_axis = 0;   ///< taken apart, one slice for each lane
  int concat_axis = 0;  ///< where the slices from all lanes go
  bool tiled = false;   ///< the split axis stays, shorter; the slices are joined along an existing axis
};

using LanePairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// The sum over the lanes of the axes, the same on all of them; a shared x counts once for each. bool becomes int32.
///     Tensor total = psum(x, "batch");  auto n = psum(1, "batch");
Tensor psum(Tensor x, const AxisNames& axes);
/// The mean over the lanes.                                        Tensor m = pmean(x, {"i", "j"});
Tensor pmean(Tensor x, const AxisNames& axes);
/// The largest and the smallest over the lanes; lanes that tie share the derivative.   Tensor m = pmax(x, "batch");
Tensor pmax(Tensor x, const AxisNames& axes);
Tensor pmin(Tensor x, const AxisNames& axes);
/// All lanes' values along a new axis, the same on all of them.    Tensor all = all_gather(x, "batch");
Tensor all_gather(Tensor x, const std::string& axis_name, GatherOptions p = {});
/// The sum over the lanes, of which lane i keeps slice i along `.axis`, which has as many slices as there are lanes
/// (.tiled: a multiple). ShapeError otherwise.                     Tensor mine = psum_scatter(x, "batch");
Tensor psum_scatter(Tensor x, const std::string& axis_name, ScatterOptions p = {});
/// Lane i sends slice j to lane j. ShapeError as psum_scatter.     Tensor y = all_to_all(x, "i", {.concat_axis = 1});
Tensor all_to_all(Tensor x, const std::string& axis_name, AllToAllOptions p = {});
/// Lane `second` of each pair gets the value of lane `first`; lanes that get none have zeros. ValueError when a lane
/// sends or gets twice or does not exist.                          Tensor y = ppermute(x, "i", {{0, 1}, {1, 0}});
Tensor ppermute(Tensor x, const std::string& axis_name, LanePairs pairs);
/// Lane `source`'s value on all lanes.                             Tensor y = pbroadcast(x, "i", 0);
Tensor pbroadcast(Tensor x, const std::string& axis_name, int source);
/// This lane's number, int32; over several axes the last counts fastest.   Tensor i = axis_index("batch");
Tensor axis_index(const AxisNames& axes);
/// The number of lanes.                                            auto n = axis_size("batch");
std::int64_t axis_size(const AxisNames& axes);
/// x; its cotangent is summed over the lanes: marks a shared value that lanes go on to use differently.
///     Tensor w_mine = pvary(w, "batch");
Tensor pvary(Tensor x, const AxisNames& axes);
/// As psum, but the cotangent goes back to each lane as it is: for a result that all lanes use alike.
///     Tensor total = psum_invariant(x, "batch");
Tensor psum_invariant(Tensor x, const AxisNames& axes);

namespace detail {
template <class T>
concept ProperTree = is_tree<T> && !std::is_same_v<T, Tensor> && !std::is_convertible_v<T, Tensor>;
}

// The same for trees, leaf by leaf.
template <detail::ProperTree T>
T psum(const T& tree, const AxisNames& axes) {
  return tree_map([&](const Tensor& x) { return psum(x, axes); }, tree);
}
template <detail::ProperTree T>
T pmean(const T& tree, const AxisNames& axes) {
  return tree_map([&](const Tensor& x) { return pmean(x, axes); }, tree);
}
template <detail::ProperTree T>
T pmax(const T& tree, const AxisNames& axes) {
  return tree_map([&](const Tensor& x) { return pmax(x, axes); }, tree);
}
template <detail::ProperTree T>
T pmin(const T& tree, const AxisNames& axes) {
  return tree_map([&](const Tensor& x) { return pmin(x, axes); }, tree);
}
template <detail::ProperTree T>
T all_gather(const T& tree, const std::string& axis_name, GatherOptions p = {}) {
  return tree_map([&](const Tensor& x) { return all_gather(x, axis_name, p); }, tree);
}
template <detail::ProperTree T>
T psum_scatter(const T& tree, const std::string& axis_name, ScatterOptions p = {}) {
  return tree_map([&](const Tensor& x) { return psum_scatter(x, axis_name, p); }, tree);
}
template <detail::ProperTree T>
T all_to_all(const T& tree, const std::string& axis_name, AllToAllOptions p = {}) {
  return tree_map([&](const Tensor& x) { return all_to_all(x, axis_name, p); }, tree);
}
template <detail::ProperTree T>
T ppermute(const T& tree, const std::string& axis_name, const LanePairs& pairs) {
  return tree_map([&](const Tensor& x) { return ppermute(x, axis_name, pairs); }, tree);
}
template <detail::ProperTree T>
T pbroadcast(const T& tree, const std::string& axis_name, int source) {
  return tree_map([&](const Tensor& x) { return pbroadcast(x, axis_name, source); }, tree);
}
template <detail::ProperTree T>
T pvary(const T& tree, const AxisNames& axes) {
  return tree_map([&](const Tensor& x) { return pvary(x, axes); }, tree);
}
template <detail::ProperTree T>
T psum_invariant(const T& tree, const AxisNames& axes) {
  return tree_map([&](const Tensor& x) { return psum_invariant(x, axes); }, tree);
}

std::vector<Entry> collective_entries();

}  // namespace strata
