// Windows that the library of pooling has a way for: which they are, and how they are asked for. Used by windows.cpp;
// tests check without a GPU what is asked.
#pragma once
#include "strata/ops/backend/windows.hpp"
#include "strata/ops/cuda/windows.hpp"

namespace strata::gpu {

/// The call for windows over a row-major base, its memory left open. False where there is none: other dtypes, more than
/// three neighbouring axes with windows, dilation, more padding at one end than at the other, windows of padding alone.
bool pool_call(PoolWork work, const WindowGeometry& g, Dtype dtype, PoolCall& call);

/// The result, laid as x is; undefined where the library has no way.
Tensor pool(PoolWork work, const WindowGeometry& g, const Tensor& x);

}  // namespace strata::gpu
