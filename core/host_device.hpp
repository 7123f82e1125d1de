// STRATA_HD marks a function that runs on both sides: a CPU kernel inlines it into each instruction set's copy, nvcc
// also compiles it for the GPU. Used by ops/math and by every op's scalar formula. It always inlines: a copy emitted by
// an AVX-512 object could otherwise be linked into code for older machines.
// STRATA_BOTH marks one that need not be inlined.
#pragma once

#if defined(__CUDACC__)
#define STRATA_HD __host__ __device__ __forceinline__
#define STRATA_BOTH __host__ __device__
#else
#define STRATA_HD __attribute__((always_inline)) inline
#define STRATA_BOTH
#endif
