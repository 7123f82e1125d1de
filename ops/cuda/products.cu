// Product kernels of a GPU.
#include "strata/ops/cuda/products.hpp"

namespace strata::gpu {

const ProductLibrary products_library{};

}  // namespace strata::gpu
