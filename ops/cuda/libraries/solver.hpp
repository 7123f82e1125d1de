// LAPACK's routines on raw memory of a GPU: cuSOLVER's and cuBLAS's (solver.cu), or in the tests' double of a GPU
// LAPACK's own. Called by ops/cuda/linalg.cu. Matrices as in ops/cuda/linalg.hpp; `info` gets LAPACK's word for each
// matrix, on the device: 0 is success.
#pragma once
#include "strata/ops/cuda/linalg.hpp"

namespace strata::gpu {

/// potrf: of the upper triangle, in place.
Error solver_cholesky(int device, const Matrices& m, void* a, std::int32_t* info);
/// trsm from the right: x op(a) = x.
Error solver_triangle(int device, const Matrices& m, bool upper, bool transpose, bool unit, const void* a, void* x);
/// getrf of square matrices, in place.
Error solver_lu(int device, const Matrices& m, void* a, std::int32_t* pivots, std::int32_t* info);
/// getrs: op(a) x = x.
Error solver_lu_solve(int device, const Matrices& m, bool transpose, const void* factors, const std::int32_t* pivots,
                      void* x);
/// syevd of the upper triangle: vectors in a's columns.
Error solver_eigh(int device, const Matrices& m, void* a, void* values, std::int32_t* info);
/// The thin decomposition: u [rows, k], s [k], v [cols, k].
Error solver_svd(int device, const Matrices& m, void* a, void* u, void* s, void* v, std::int32_t* info);
/// geqrf: reflectors below the diagonal of a and in tau [cols]; r on and above the diagonal.
Error solver_reflectors(int device, const Matrices& m, void* a, void* tau, std::int32_t* info);
/// orgqr: reflectors become q.
Error solver_orthogonal(int device, const Matrices& m, void* a, const void* tau, std::int32_t* info);

}  // namespace strata::gpu
