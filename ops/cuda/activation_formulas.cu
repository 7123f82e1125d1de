// Kernels of the activation ops on a GPU: the ops of ops/cpu/activation.isa.cpp.
#include "strata/ops/activation.hpp"
#include "strata/ops/cuda/pointwise.hpp"

namespace strata::gpu {
const std::span<const Formula> activation_formulas =
    formulas<false, Relu, Relu6, Selu, GeluTanh, GeluErf, Silu, Mish, Softplus, LogSigmoid, HardTanh, HardSigmoid,
             HardSwish, SoftSign, SparsePlus, SparseSigmoid, LeakyRelu, Elu, Celu, SquarePlus>;
}
