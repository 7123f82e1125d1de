// Labels of axes (ops/contract.hpp): putting one more among them, within the rank that tensors have. Called by the
// rules of products and by einsum.
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/contract.hpp"

namespace strata {

void Labels::insert(int place, int label) {
  if (n_ == max_rank) {
    throw ShapeError("product: the result would have more than " + std::to_string(max_rank) + " axes" +
                     level_context());
  }
  for (int i = n_++; i > place; --i) at_[i] = at_[i - 1];
  at_[place] = static_cast<std::int8_t>(label);
}

}  // namespace strata
