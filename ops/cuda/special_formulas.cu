// Kernels of the special ops on a GPU: the ops of ops/cpu/special.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/special.hpp"

namespace strata::gpu {
const std::span<const Formula> special_formulas =
    formulas<true, Erf, Erfc, ErfInv, Lgamma, Digamma, I0e, I1e, Polygamma, Zeta, LogNdtr, Ndtri>;
}
