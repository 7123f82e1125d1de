// A product of two dense tensors by labels of their axes, as loops of GEMM: merges axes, reads operands by their
// strides where BLAS can, packs where it cannot. Called by the contract op's eval and by kernels that multiply.
#pragma once
#include "strata/ops/contract.hpp"

namespace strata {

/// out[...] = sum over the labels that are not in `out` of a[...] b[...]. Equal dtypes. The result's axes are those of
/// `out`; its strides need not be row-major: the memory lies as the GEMM leaves it.
Tensor contract_dense(const Contraction& p, Tensor a, Tensor b);

}  // namespace strata
