// Joins the families' lists.
#include "strata/ops/registry.hpp"

namespace strata {

std::vector<Entry> registry() {
  std::vector<Entry> all;
  for (const auto family : {&arithmetic_entries, &create_entries, &random_entries, &reduce_entries, &shape_entries}) {
    for (const Entry& e : family()) all.push_back(e);
  }
  return all;
}

}  // namespace strata
