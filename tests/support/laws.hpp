// Laws that every op obeys, as functions that say how a call breaks one. tests/laws_test.cpp runs them over the
// registry, tests/laws_selftest.cpp on ops broken on purpose.
// Always holds: a law draws its arguments from the sample alone, so a failure comes again; std::nullopt means it holds.
// Transforms of a sample are samples, so that the laws run on derivatives and on mapped functions as well.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "strata/core/op.hpp"

namespace strata::laws {

using Tensors = std::vector<Tensor>;
using Xs = std::span<const Tensor>;
using Failure = std::optional<std::string>;

/// Numbers that depend on the seed alone (splitmix64).
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits();
  double uniform(double low, double high);
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(n)); }

 private:
  std::uint64_t state_;
};

Tensor draw(const Argument& a, Rng& rng);
/// One draw of all arguments; draw number `number` of this sample.
Tensors draw(const Sample& s, int number = 0);

// ---- samples made of samples
// --------------------------------------------------------------------------------------------
/// Float arguments in float64.
Sample in_float64(Sample s);
/// Takes the arguments and a cotangent for each float result, gives those of the float arguments. None without floats.
std::optional<Sample> vjp_of(const Sample& s);
/// Takes the arguments and a tangent for each float argument, gives those of the float results.
std::optional<Sample> jvp_of(const Sample& s);
/// The call mapped over `lanes` lanes; axes[i] is where argument i has them, -1 for shared. Results have them first.
Sample vmap_of(const Sample& s, const std::vector<int>& axes, std::int64_t lanes);
/// The call mapped over so many lanes that its arguments have about `elements` elements; none if one of them is empty.
std::optional<Sample> enlarged(const Sample& s, std::int64_t elements);

// ---- laws
// ---------------------------------------------------------------------------------------------------------------
/// jvp = finite difference, in float64.
Failure jvp_is_difference(const Sample& s);
/// <g, jvp(dx)> = <vjp(g), dx>, in float64; cotangents have their argument's shape and dtype.
Failure vjp_is_adjoint(const Sample& s);
/// vmap = the loop, for 0, 1 and 3 lanes, every choice of mapped arguments and, when `every_axis`, of axes.
Failure vmap_is_loop(const Sample& s, bool every_axis = true);
/// vmap of vmap = two loops.
Failure nested_vmap_is_loop(const Sample& s);
/// Arguments given as strided views of larger memory, or as one element repeated.
Failure strided_is_contiguous(const Sample& s);
/// No op of the call writes to memory that somebody else can see, and taking over a buffer changes no result.
Failure donation_is_invisible(const Sample& s);
/// One thread and two give the same bytes.
Failure threads_agree(const Sample& s);
/// Pending chains change no bit.
Failure chains_are_invisible(const Sample& s);

}  // namespace strata::laws
