// Products by labels of axes on a GPU (ops/backend/products.hpp). Implemented by contraction.cpp; the list of all
// products is in ops/cuda/products.cpp.
#pragma once
#include "strata/ops/contract.hpp"

namespace strata::gpu {

Tensor contract(const Contraction& p, Tensor a, Tensor b);
bool add_contraction(const Contraction& p, const Tensor& a, const Tensor& b, Tensor& sum);

}  // namespace strata::gpu
