// Every op of the library in one list, for tests, documentation and benchmarks. Nothing at run time looks ops up here.
// Each family's file ends with a function that lists its ops; registry() joins them.
#pragma once
#include <string_view>
#include <vector>

#include "strata/core/op.hpp"

namespace strata {

/// An op (`op` is its row) or a function of the menu made of ops (`op` is null). Both bring samples.
struct Entry {
  std::string_view name;
  std::string_view family;  // "pointwise", "linear", ...; "composite" for functions made of ops
  const Op* op;
  Samples (*samples)();
};

template <const Op& R>
constexpr Entry entry() {
  return {R.name, R.family, &R, R.samples};
}
constexpr Entry composite(std::string_view name, Samples (*samples)()) { return {name, "composite", nullptr, samples}; }

/// All entries, family after family.
std::vector<Entry> registry();

std::vector<Entry> activation_entries();
std::vector<Entry> arithmetic_entries();
std::vector<Entry> bitwise_entries();
std::vector<Entry> cast_entries();
std::vector<Entry> compare_entries();
std::vector<Entry> contract_entries();
std::vector<Entry> conv_entries();
std::vector<Entry> convolution_entries();
std::vector<Entry> convolve_entries();
std::vector<Entry> create_entries();
std::vector<Entry> cross_entries();
std::vector<Entry> cumulative_entries();
std::vector<Entry> diagonal_entries();
std::vector<Entry> einsum_entries();
std::vector<Entry> exponential_entries();
std::vector<Entry> gather_entries();
std::vector<Entry> index_entries();
std::vector<Entry> join_entries();
std::vector<Entry> layer_entries();
std::vector<Entry> lax_index_entries();
std::vector<Entry> order_entries();
std::vector<Entry> linalg_entries();
std::vector<Entry> linalg_solve_entries();
std::vector<Entry> linalg_spectral_entries();
std::vector<Entry> losses_entries();
std::vector<Entry> normalize_entries();
std::vector<Entry> pad_entries();
std::vector<Entry> patch_entries();
std::vector<Entry> pool_entries();
std::vector<Entry> power_entries();
std::vector<Entry> random_distribution_entries();
std::vector<Entry> random_entries();
std::vector<Entry> random_sampler_entries();
std::vector<Entry> reduce_curves_entries();
std::vector<Entry> reduce_entries();
std::vector<Entry> reduce_extrema_entries();
std::vector<Entry> reduce_moments_entries();
std::vector<Entry> reduce_statistics_entries();
std::vector<Entry> rounding_entries();
std::vector<Entry> select_entries();
std::vector<Entry> set_entries();
std::vector<Entry> shape_entries();
std::vector<Entry> slice_entries();
std::vector<Entry> softmax_entries();
std::vector<Entry> sort_entries();
std::vector<Entry> special_entries();
std::vector<Entry> take_entries();
std::vector<Entry> trigonometric_entries();

}  // namespace strata
