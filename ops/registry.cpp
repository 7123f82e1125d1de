// Joins the families' lists.
#include "strata/ops/registry.hpp"

namespace strata {

std::vector<Entry> registry() {
  constexpr std::vector<Entry> (*families[])() = {
      &arithmetic_entries,   //
      &arithmetic_entries,  //
      &cast_entries,         //
      &cast_entries,        //
      &contract_entries,     //
      &contract_entries,    //
      &conv_entries,         //
      &convolution_entries,  //
      &create_entries,       //
      &create_entries,      //
      &cumulative_entries,   //
      &cumulative_entries,  //
      &einsum_entries,       //
      &einsum_entries,      //
      &index_entries,       //
      &join_entries,         //
      &join_entries,        //
      &random_entries,       //
      &random_entries,      //
      &reduce_entries,       //
      &reduce_entries,      //
      &shape_entries,        //
      &shape_entries,       //
      &slice_entries,       //
      &sort_entries,        //
  };
  std::vector<Entry> all;
  for (const auto family : families) {
    for (const Entry& e : family()) all.push_back(e);
  }
  return all;
}

}  // namespace strata
