// The products of a GPU, as the seam lists them (ops/backend/products.hpp). Products by labels are in contraction.cpp,
// convolutions in conv.cpp.
#include "strata/ops/backend/products.hpp"

#include "strata/ops/cuda/contraction.hpp"
#include "strata/ops/cuda/conv.hpp"

namespace strata {

const ProductsKernels cuda_products{&gpu::contract, &gpu::add_contraction, &gpu::convolution_result,
                                    &gpu::convolution_image, &gpu::convolution_kernel};

}  // namespace strata
