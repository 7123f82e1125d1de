// Gathering slices by index, and combining slices into a tensor by index, on the CPU: for ops/cpu/slices.cpp. What the
// functions do stands in ops/backend/slices.hpp.
#pragma once
#include "strata/ops/backend/slices.hpp"

namespace strata::cpu_kernel {

Tensor resolve_positions(const SliceGeometry& g, const Tensor& index);
void gather_slices(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& y, const void* fill);
void scatter_slices(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& u, ScatterKind kind);
void keep_winners(const SliceGeometry& g, const Tensor& offsets);

}  // namespace strata::cpu_kernel
