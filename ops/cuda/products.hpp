// Product kernels of a GPU, as plain calls. Asked for by ops/cuda/products.cpp; run by ops/cuda/products.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct ProductLibrary {};
extern const ProductLibrary products_library;

}  // namespace strata::gpu
