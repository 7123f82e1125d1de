// STRATA_HD marks a function that runs on both sides: a CPU kernel inlines it into each instruction set's copy, nvcc
// also compiles it for the GPU. Used by ops/math and by every op's scalar formula. It always inlines: a copy emitted by
// an AVX-512 object could otherwise be linked into code for older machines.
// STRATA_BOTH marks one that need not be inlined. STRATA_ALSO_HOST stands before a template marked STRATA_BOTH that is
// called on the host alone for some of its arguments, and then calls what only the host has.
// STRATA_THREAD_POINTER marks a thread-local that is reached without a call; nvcc does not know the attribute.
#pragma once

#if defined(__CUDACC__)
#define STRATA_HD __host__ __device__ __forceinline__
#define STRATA_BOTH __host__ __device__
#define STRATA_ALSO_HOST _Pragma("nv_exec_check_disable")
#define STRATA_THREAD_POINTER
#else
#define STRATA_HD __attribute__((always_inline)) inline
#define STRATA_BOTH
#define STRATA_ALSO_HOST
#define STRATA_THREAD_POINTER __attribute__((tls_model("initial-exec")))
#endif
