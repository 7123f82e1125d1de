// The CPU's products, as the seam lists them (ops/backend/products.hpp). Products by labels are in contraction.cpp,
// convolutions in conv.cpp.
#include "strata/ops/backend/products.hpp"

#include "strata/ops/cpu/contraction.hpp"
#include "strata/ops/cpu/conv.hpp"

namespace strata {

const ProductsKernels cpu_products{&contract_dense, &add_contraction, &conv_result_dense, &conv_image_dense,
                                   &conv_kernel_dense};

}  // namespace strata
