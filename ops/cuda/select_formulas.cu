// Kernels of the select ops on a GPU: the ops of ops/cpu/select.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/select.hpp"

namespace strata::gpu {
const std::span<const Formula> select_formulas = formulas<false, Where, Wins, Maximum, Minimum, Fmax, Fmin, Clip, Clamp,
                                                          Lerp, Abs, Sign, CopySign, NextAfter, Heaviside, NanToNum>;
}
