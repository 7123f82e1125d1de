// Window kernels of a GPU, as plain calls. Asked for by ops/cuda/windows.cpp; run by ops/cuda/windows.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct WindowLibrary {};
extern const WindowLibrary windows_library;

}  // namespace strata::gpu
