// Products kernels of a device.
#pragma once

namespace strata {

struct ProductsKernels {};

extern const ProductsKernels cpu_products, cuda_products;

}  // namespace strata
