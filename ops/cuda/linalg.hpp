// Factorisations and solves of many matrices on a GPU, as plain calls. Asked for by ops/cuda/linalg.cpp; run by
// ops/cuda/linalg.cu. Matrices follow one another without gaps, columns one after the other as LAPACK has them, float32
// or float64. What has no result becomes NaN there, without the host's knowing.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

struct Matrices {
  Dtype dtype;
  std::int64_t rows, cols, count;
};

struct LinalgLibrary {
  /// a's upper triangle becomes u with uT u = a, zeros below.
  Error (*cholesky)(int device, const Matrices& m, void* a);
  /// x becomes the solution of x op(a) = x for a triangular a of m.cols columns.
  Error (*triangular_solve)(int device, const Matrices& m, bool upper, bool transpose, bool unit, const void* a,
                            void* x);
  /// a becomes its factors.
  Error (*lu)(int device, const Matrices& m, void* a, std::int32_t* pivots);
  /// x becomes the solution of op(a) x = x for the a that was factored, of m.rows rows.
  Error (*lu_solve)(int device, const Matrices& m, bool transpose, const void* factors, const std::int32_t* pivots,
                    void* x);
  /// The determinants from factors; with `log` the sign and the logarithm of the size instead.
  Error (*determinants)(int device, const Matrices& m, const void* factors, const std::int32_t* pivots, void* det,
                        void* log);
  /// The cofactors of matrices up to 3 x 3.
  Error (*small_cofactors)(int device, const Matrices& m, const void* a, void* c);
  /// others[i, j] = first[i] * second[i] * the product of all s[i, ...] but s[i, j]. m: [1, length] each.
  Error (*products_of_others)(int device, const Matrices& m, const void* s, const void* first, const void* second,
                              void* others);
  /// The eigenvectors of the symmetric matrix in a's upper triangle, in a's columns; values ascending.
  Error (*eigh)(int device, const Matrices& m, void* a, void* values);
  /// a = u s vT: u [rows, k], s [k] descending, v [cols, k]. Destroys a.
  Error (*svd)(int device, const Matrices& m, void* a, void* u, void* s, void* v);
  /// a becomes q; r [cols, cols] with its rows one after the other. rows >= cols.
  Error (*qr)(int device, const Matrices& m, void* a, void* r);
};
extern const LinalgLibrary linalg_library;

}  // namespace strata::gpu
