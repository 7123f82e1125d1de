// to_float: the operand of an op that computes in floating point. Used by the files of ops/ whose functions take
// integers and booleans too. One place, because dtype and value of one tensor in one call depend on the order of
// evaluation.
#pragma once
#include "strata/ops/menu/create.hpp"

namespace strata {

/// x itself when its dtype is a floating one (weak or not), else x in the float dtype of its kind.
inline Tensor to_float(Tensor x) {
  const Dtype d = x.dtype();
  if (is_float(d)) return x;
  return astype(std::move(x), inexact(d));
}

}  // namespace strata
