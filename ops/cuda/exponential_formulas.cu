// Kernels of the exponential ops on a GPU: the ops of ops/cpu/exponential.isa.cpp.
#include "strata/ops/cuda/pointwise.hpp"
#include "strata/ops/exponential.hpp"

namespace strata::gpu {
const std::span<const Formula> exponential_formulas =
    formulas<false, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Logistic, LogAddExp, LogAddExp2, XLogY, XLog1pY>;
}
