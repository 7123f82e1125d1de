// LAPACK's routines in the double of a GPU: LAPACK's own, one matrix after the other. Called by ops/cuda/linalg.cu.
#include "strata/ops/cuda/libraries/solver.hpp"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <vector>

#include "strata/ops/cuda/launch.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

int small(Int n) { return static_cast<int>(n); }

template <class T>
struct Routines;
template <>
struct Routines<float> {
  static constexpr auto potrf = &LAPACKE_spotrf;
  static constexpr auto getrf = &LAPACKE_sgetrf;
  static constexpr auto getrs = &LAPACKE_sgetrs;
  static constexpr auto syevd = &LAPACKE_ssyevd;
  static constexpr auto gesdd = &LAPACKE_sgesdd;
  static constexpr auto geqrf = &LAPACKE_sgeqrf;
  static constexpr auto orgqr = &LAPACKE_sorgqr;
  static constexpr auto trsm = &cblas_strsm;
};
template <>
struct Routines<double> {
  static constexpr auto potrf = &LAPACKE_dpotrf;
  static constexpr auto getrf = &LAPACKE_dgetrf;
  static constexpr auto getrs = &LAPACKE_dgetrs;
  static constexpr auto syevd = &LAPACKE_dsyevd;
  static constexpr auto gesdd = &LAPACKE_dgesdd;
  static constexpr auto geqrf = &LAPACKE_dgeqrf;
  static constexpr auto orgqr = &LAPACKE_dorgqr;
  static constexpr auto trsm = &cblas_dtrsm;
};

/// Matrix number i of `elements` elements each.
template <class T>
T* part(void* data, Int elements, Int i) {
  return static_cast<T*>(data) + i * elements;
}
template <class T>
const T* part(const void* data, Int elements, Int i) {
  return static_cast<const T*>(data) + i * elements;
}

/// f(T{}, i) for each matrix, as work of the GPU.
template <class F>
Error each(const Matrices& m, F f) {
  return give([=] {
    for (Int i = 0; i < m.count; ++i) m.dtype == Dtype::float64 ? f(double{}, i) : f(float{}, i);
  });
}

}  // namespace

Error solver_cholesky(int, const Matrices& m, void* a, std::int32_t* info) {
  return each(m, [=]<class T>(T, Int i) {
    info[i] = Routines<T>::potrf(LAPACK_COL_MAJOR, 'U', small(m.rows), part<T>(a, m.rows * m.rows, i), small(m.rows));
  });
}

Error solver_triangle(int, const Matrices& m, bool upper, bool transpose, bool unit, const void* a, void* x) {
  return each(m, [=]<class T>(T, Int i) {
    Routines<T>::trsm(CblasColMajor, CblasRight, upper ? CblasUpper : CblasLower, transpose ? CblasTrans : CblasNoTrans,
                      unit ? CblasUnit : CblasNonUnit, small(m.rows), small(m.cols), 1, part<T>(a, m.cols * m.cols, i),
                      small(m.cols), part<T>(x, m.rows * m.cols, i), small(m.rows));
  });
}

Error solver_lu(int, const Matrices& m, void* a, std::int32_t* pivots, std::int32_t* info) {
  return each(m, [=]<class T>(T, Int i) {
    info[i] = Routines<T>::getrf(LAPACK_COL_MAJOR, small(m.rows), small(m.rows), part<T>(a, m.rows * m.rows, i),
                                 small(m.rows), pivots + i * m.rows);
  });
}

Error solver_lu_solve(int, const Matrices& m, bool transpose, const void* factors, const std::int32_t* pivots,
                      void* x) {
  return each(m, [=]<class T>(T, Int i) {
    Routines<T>::getrs(LAPACK_COL_MAJOR, transpose ? 'T' : 'N', small(m.rows), small(m.cols),
                       part<T>(factors, m.rows * m.rows, i), small(m.rows), pivots + i * m.rows,
                       part<T>(x, m.rows * m.cols, i), small(m.rows));
  });
}

Error solver_eigh(int, const Matrices& m, void* a, void* values, std::int32_t* info) {
  return each(m, [=]<class T>(T, Int i) {
    info[i] = Routines<T>::syevd(LAPACK_COL_MAJOR, 'V', 'U', small(m.rows), part<T>(a, m.rows * m.rows, i),
                                 small(m.rows), part<T>(values, m.rows, i));
  });
}

Error solver_svd(int, const Matrices& m, void* a, void* u, void* s, void* v, std::int32_t* info) {
  const Int k = std::min(m.rows, m.cols);
  return each(m, [=]<class T>(T, Int i) {
    std::vector<T> vt(static_cast<std::size_t>(k * m.cols));
    info[i] = Routines<T>::gesdd(LAPACK_COL_MAJOR, 'S', small(m.rows), small(m.cols), part<T>(a, m.rows * m.cols, i),
                                 small(m.rows), part<T>(s, k, i), part<T>(u, m.rows * k, i), small(m.rows), vt.data(),
                                 small(k));
    T* to = part<T>(v, m.cols * k, i);
    for (Int row = 0; row < k; ++row) {
      for (Int col = 0; col < m.cols; ++col) to[row * m.cols + col] = vt[static_cast<std::size_t>(col * k + row)];
    }
  });
}

Error solver_reflectors(int, const Matrices& m, void* a, void* tau, std::int32_t* info) {
  return each(m, [=]<class T>(T, Int i) {
    info[i] = Routines<T>::geqrf(LAPACK_COL_MAJOR, small(m.rows), small(m.cols), part<T>(a, m.rows * m.cols, i),
                                 small(m.rows), part<T>(tau, m.cols, i));
  });
}

Error solver_orthogonal(int, const Matrices& m, void* a, const void* tau, std::int32_t* info) {
  return each(m, [=]<class T>(T, Int i) {
    info[i] = Routines<T>::orgqr(LAPACK_COL_MAJOR, small(m.rows), small(m.cols), small(m.cols),
                                 part<T>(a, m.rows * m.cols, i), small(m.rows), part<T>(tau, m.cols, i));
  });
}

}  // namespace strata::gpu
