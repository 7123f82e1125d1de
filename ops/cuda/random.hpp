// Random draws on a GPU, as plain calls. Asked for by ops/cuda/random.cpp; run by ops/cuda/random.cu and
// ops/cuda/samplers.cu. All memory is row-major.
#pragma once
#include "strata/ops/cuda/call.hpp"
#include "strata/ops/threefry.hpp"

namespace strata::gpu {

/// y's element i is number i % count under key i / count.
struct KeyedCall {
  const std::uint32_t* keys;
  std::int64_t count, n;  // elements of a key, and of all
  void* y;
  Dtype dtype;  // of y
};
struct FillDrawsCall {
  KeyedCall keyed;
  Draw draw;
};
struct FoldCall {
  const std::uint32_t *keys, *data;
  std::uint32_t* y;
  std::int64_t n;  // keys
};
struct IntegersCall {
  KeyedCall keyed;
  const std::int64_t *low, *high;
  bool one_low, one_high;
};
/// [lanes, outer, n, inner], int32: see OrderShape.
struct OrdersCall {
  const std::uint32_t* keys;
  std::int64_t lanes, outer, n, inner;
  int rounds;
  std::int32_t* y;
};
/// Samplers: parameters lie as y does; `b` is not read where there is one only.
struct SampleCall {
  KeyedCall keyed;
  const void *a, *b;
  bool logarithm;  // gamma
};
struct SensitivityCall {
  int k;
  Dtype dtype;
  std::int64_t n;
  const void *a, *s;
  void* y;
};

struct RandomLibrary {
  Error (*fill)(int device, const FillDrawsCall& call);
  Error (*fold_in)(int device, const FoldCall& call);
  Error (*integers)(int device, const IntegersCall& call);
  Error (*orders)(int device, const OrdersCall& call);
  Error (*poisson)(int device, const SampleCall& call);
  Error (*binomial)(int device, const SampleCall& call);
  Error (*gamma)(int device, const SampleCall& call);
  Error (*gamma_sensitivity)(int device, const SensitivityCall& call);
};
extern const RandomLibrary random_library;

}  // namespace strata::gpu
