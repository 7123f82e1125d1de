// What a device multiplies: products by labels of axes (ops/contract.hpp) and convolutions (ops/conv.hpp). Implemented
// by ops/cpu/products.cpp and ops/cuda/products.cpp; called through backend(x).products. Arguments are dense.
#pragma once
#include "strata/ops/contract.hpp"
#include "strata/ops/conv.hpp"

namespace strata {

struct ProductsKernels {
  /// out[...] = sum over the labels that are not in `out` of a[...] b[...]. Equal dtypes. The result's axes are those
  /// of `out`; its strides need not be row-major: the memory lies as the product leaves it.
  Tensor (*contract)(const Contraction& p, Tensor a, Tensor b);
  /// Adds the product onto `sum`, in its own memory. False, and nothing done, when somebody else sees that memory,
  /// types or shapes differ, or the product is none of plain matrices.
  bool (*add_contraction)(const Contraction& p, const Tensor& a, const Tensor& b, Tensor& sum);
  Tensor (*conv_result)(const ConvGeometry& p, const Tensor& x, const Tensor& w);
  Tensor (*conv_image)(const ConvGeometry& p, const Tensor& y, const Tensor& w);
  Tensor (*conv_kernel)(const ConvGeometry& p, const Tensor& x, const Tensor& y);
};

extern const ProductsKernels cpu_products, cuda_products;

}  // namespace strata
