// A product of two dense tensors by labels of their axes, as loops of GEMM: merges axes, reads operands by their
// strides where BLAS can, packs where it cannot. Called by the contract op's eval and by kernels that multiply.
#pragma once
#include "strata/ops/contract.hpp"

namespace strata {

/// out[...] = sum over the labels that are not in `out` of a[...] b[...]. Equal dtypes. The result's axes are those of
/// `out`; its strides need not be row-major: the memory lies as the GEMM leaves it.
Tensor contract_dense(const Contraction& p, Tensor a, Tensor b);

/// Adds the product of dense a and b onto `sum`, in its own memory. False, and nothing done, when somebody else sees
/// that memory, types or shapes differ, or the product is none of plain matrices.
bool add_contraction(const Contraction& p, const Tensor& a, const Tensor& b, Tensor& sum);

}  // namespace strata
