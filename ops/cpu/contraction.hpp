// A product of two dense tensors by labels of their axes, as loops of GEMM: merges axes, reads operands by their
// strides where BLAS can, packs where it cannot. Called through the seam (ops/cpu/products.cpp), which says what the
// functions do.
#pragma once
#include "strata/ops/contract.hpp"

namespace strata {

Tensor contract_dense(const Contraction& p, Tensor a, Tensor b);
bool add_contraction(const Contraction& p, const Tensor& a, const Tensor& b, Tensor& sum);

}  // namespace strata
