// Joins the families' lists.
#include "strata/ops/registry.hpp"

namespace strata {

namespace {

using Family = std::vector<Entry> (*)();
// clang-format off
constexpr Family families[] = {
    &activation_entries,
    &arithmetic_entries,
    &bitwise_entries,
    &cast_entries,
    &compare_entries,
    &contract_entries,
    &conv_entries,
    &convolution_entries,
    &convolve_entries,
    &create_entries,
    &cross_entries,
    &cumulative_entries,
    &diagonal_entries,
    &einsum_entries,
    &exponential_entries,
    &gather_entries,
    &index_entries,
    &join_entries,
    &layer_entries,
    &lax_index_entries,
    &order_entries,
    &linalg_entries,
    &linalg_solve_entries,
    &linalg_spectral_entries,
    &losses_entries,
    &normalize_entries,
    &pad_entries,
    &patch_entries,
    &pool_entries,
    &power_entries,
    &random_distribution_entries,
    &random_entries,
    &random_sampler_entries,
    &reduce_curves_entries,
    &reduce_entries,
    &reduce_extrema_entries,
    &reduce_moments_entries,
    &reduce_statistics_entries,
    &rounding_entries,
    &select_entries,
    &set_entries,
    &shape_entries,
    &slice_entries,
    &softmax_entries,
    &sort_entries,
    &special_entries,
    &take_entries,
    &trigonometric_entries,
};
// clang-format on

}  // namespace

std::vector<Entry> registry() {
  std::vector<Entry> all;
  for (const Family family : families) {
    for (const Entry& e : family()) all.push_back(e);
  }
  return all;
}

}  // namespace strata
