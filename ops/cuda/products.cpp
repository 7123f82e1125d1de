// Product kernels of a GPU, seen from tensors.
#include "strata/ops/backend/products.hpp"

namespace strata {

const ProductsKernels cuda_products{};

}  // namespace strata
