// Product kernels of the CPU.
#include "strata/ops/backend/products.hpp"

namespace strata {

const ProductsKernels cpu_products{};

}  // namespace strata
