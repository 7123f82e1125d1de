// The unit vectors that a Jacobian is taken along. A product of them is rows of the other operand, which are picked
// instead of multiplied by ones and zeros. Made by functorch/jacobian.cpp, asked by the contract op.
// Always holds: UnitRows holds its vectors while it lives, so no op takes over their memory.
#pragma once
#include "strata/ops/contract.hpp"

namespace strata {

/// While it lives, products on this thread know that `rows` [count, n] are rows [begin, begin + count) of the identity.
class UnitRows {
 public:
  UnitRows(Tensor rows, std::int64_t begin);
  ~UnitRows();
  UnitRows(const UnitRows&) = delete;
  UnitRows& operator=(const UnitRows&) = delete;

 private:
  friend Tensor pick_rows(const Contraction& p, const Tensor& a, const Tensor& b);
  Tensor picked(const Labels& rows, const Labels& other, const Labels& out, const Tensor& x) const;

  Tensor rows_;
  std::int64_t begin_;
  const UnitRows* outer_;
};

/// The product of dense a and b where one of them is known to be unit vectors, its second axis is summed and the result
/// lies in the other's memory: a view of that. Undefined otherwise.
Tensor pick_rows(const Contraction& p, const Tensor& a, const Tensor& b);

}  // namespace strata
