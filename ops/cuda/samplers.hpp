// The samplers that try until they accept, for ops/cuda/random.cu's table; run by ops/cuda/samplers.cu.
#pragma once
#include "strata/ops/cuda/random.hpp"

namespace strata::gpu {

Error sample_poisson(int device, const SampleCall& call);
Error sample_binomial(int device, const SampleCall& call);
Error sample_gamma(int device, const SampleCall& call);
Error gamma_sensitivities(int device, const SensitivityCall& call);

}  // namespace strata::gpu
