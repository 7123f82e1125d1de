// All kernels of the GPU's library, by family. The library's side is ops/cuda/*.cu, the tensors' side ops/cuda/*.cpp.
#pragma once
#include "strata/ops/cuda/elements.hpp"
#include "strata/ops/cuda/linalg.hpp"
#include "strata/ops/cuda/products.hpp"
#include "strata/ops/cuda/random.hpp"
#include "strata/ops/cuda/reductions.hpp"
#include "strata/ops/cuda/slices.hpp"
#include "strata/ops/cuda/sorting.hpp"
#include "strata/ops/cuda/windows.hpp"

namespace strata::gpu {

struct Kernels {
  const ElementLibrary& elements;
  const ReductionLibrary& reductions;
  const SortingLibrary& sorting;
  const SliceLibrary& slices;
  const ProductLibrary& products;
  const WindowLibrary& windows;
  const LinalgLibrary& linalg;
  const RandomLibrary& random;
};

}  // namespace strata::gpu
