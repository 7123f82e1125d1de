// The CPU's linear algebra (ops/backend/linalg.hpp) through LAPACK and BLAS: one matrix after the other over leading
// axes, shared among the pool's threads; LAPACK never starts threads of its own. Row-major memory is its transpose to
// LAPACK: symmetric matrices do not care, factorisations (lu's too) are taken of the transpose, right-hand sides are
// turned round in scratch memory.
#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "strata/core/parallel.hpp"
#include "strata/ops/backend/linalg.hpp"
#include "strata/ops/cpu/openblas.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/lane.hpp"

namespace strata {
namespace {

using Int = std::int64_t;

template <class T>
struct Routines;
template <>
struct Routines<float> {
  static constexpr auto potrf = &LAPACKE_spotrf_work;
  static constexpr auto getrf = &LAPACKE_sgetrf_work;
  static constexpr auto getrs = &LAPACKE_sgetrs_work;
  static constexpr auto syevd = &LAPACKE_ssyevd;
  static constexpr auto gesdd = &LAPACKE_sgesdd;
  static constexpr auto geqrf = &LAPACKE_sgeqrf;
  static constexpr auto orgqr = &LAPACKE_sorgqr;
  static constexpr auto trsm = &cblas_strsm;
};
template <>
struct Routines<double> {
  static constexpr auto potrf = &LAPACKE_dpotrf_work;
  static constexpr auto getrf = &LAPACKE_dgetrf_work;
  static constexpr auto getrs = &LAPACKE_dgetrs_work;
  static constexpr auto syevd = &LAPACKE_dsyevd;
  static constexpr auto gesdd = &LAPACKE_dgesdd;
  static constexpr auto geqrf = &LAPACKE_dgeqrf;
  static constexpr auto orgqr = &LAPACKE_dorgqr;
  static constexpr auto trsm = &cblas_dtrsm;
};

/// The leading axes as one, and the matrix.
struct Matrices {
  Int count, rows, cols;
  Shape leading;
  explicit Matrices(const Tensor& a) : rows(a.size(-2)), cols(a.size(-1)), leading(a.shape().slice(0, a.ndim() - 2)) {
    count = leading.elements();
  }
  Int size() const { return rows * cols; }
  Shape with(std::initializer_list<Dim> last) const { return leading + Shape(last); }
};

template <class T>
T* data(const Tensor& x) {
  return reinterpret_cast<T*>(dense(x).data);
}
lapack_int small(Int n) { return static_cast<lapack_int>(n); }
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

/// f(T{}) for the two float types.
template <class F>
void visit_float(const Tensor& x, F f) {
  openblas_single_threaded();
  if (x.dtype() == Dtype::float32)
    f(float{});
  else
    f(double{});
}

/// f(i) for each matrix; `work` is about the multiply-adds of one.
template <class F>
void for_matrices(Int count, Int work, F f) {
  parallel_for(count, std::max<Int>(1, 20'000 / (work + 100)), [&](Int begin, Int end) {
    for (Int i = begin; i < end; ++i) f(i);
  });
}

Tensor like(const Tensor& x, const Shape& shape) { return empty_dense(shape, x.dtype(), x.device()); }

Tensor copy_of(const Tensor& x) {
  const Tensor p = pack(x);
  Tensor y = like(x, x.shape());
  std::memcpy(dense(y).data, dense(p).data, static_cast<std::size_t>(x.size() * itemsize(x.dtype())));
  return y;
}

/// to[j, i] = from[i, j].
template <class T>
void turn(const T* from, Int rows, Int cols, T* to) {
  for (Int i = 0; i < rows; ++i) {
    for (Int j = 0; j < cols; ++j) to[j * rows + i] = from[i * cols + j];
  }
}

Tensor cholesky(const Tensor& a) {
  Tensor y = copy_of(a);
  const Matrices m(a);
  const Int n = m.rows;
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, n * n * n / 3, [&](Int i) {
      T* l = data<T>(y) + i * n * n;
      const bool good = Routines<T>::potrf(LAPACK_COL_MAJOR, 'U', small(n), l, small(std::max<Int>(n, 1))) == 0;
      for (Int r = 0; r < n; ++r) {
        if (!good) std::fill(l + r * n, l + r * n + r + 1, nan<T>);
        std::fill(l + r * n + r + 1, l + (r + 1) * n, T(0));
      }
    });
  });
  return y;
}

Tensor triangular_solve(const Triangle& t, const Tensor& a, const Tensor& b) {
  const Tensor triangle = pack(a);
  Tensor x = copy_of(b);
  const Matrices m(b);
  if (x.size() == 0) return x;
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, m.rows * m.rows * m.cols / 2, [&](Int i) {
      Routines<T>::trsm(CblasRowMajor, CblasLeft, t.lower ? CblasLower : CblasUpper,
                        t.transpose ? CblasTrans : CblasNoTrans, t.unit ? CblasUnit : CblasNonUnit, small(m.rows),
                        small(m.cols), 1, data<T>(triangle) + i * m.rows * m.rows, small(m.rows),
                        data<T>(x) + i * m.size(), small(m.cols));
    });
  });
  return x;
}

Lu lu(const Tensor& a) {
  const Matrices m(a);
  const Int n = m.rows;
  Lu f{copy_of(a), empty_dense(m.with({n}), Dtype::int32, a.device())};
  if (n == 0) return f;
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, n * n * n / 2, [&](Int i) {
      Routines<T>::getrf(LAPACK_COL_MAJOR, small(n), small(n), data<T>(f.factors) + i * n * n, small(n),
                         data<std::int32_t>(f.pivots) + i * n);
    });
  });
  return f;
}

Tensor lu_solve(const Tensor& factors, const Tensor& pivots, const Tensor& b, bool transpose) {
  const Tensor f = pack(factors), p = pack(pivots);
  Tensor x = copy_of(b);
  const Matrices m(b);
  const Int n = m.rows, k = m.cols;
  if (x.size() == 0) return x;
  visit_float(b, [&]<class T>(T) {
    for_matrices(m.count, n * n * k, [&](Int i) {
      T* right = data<T>(x) + i * m.size();
      const Scratch<T> turned(k == 1 ? 0 : n * k);
      if (k > 1) turn(right, n, k, turned.get());
      Routines<T>::getrs(LAPACK_COL_MAJOR, transpose ? 'N' : 'T', small(n), small(k), data<T>(f) + i * n * n, small(n),
                         data<std::int32_t>(p) + i * n, k == 1 ? right : turned.get(), small(n));
      if (k > 1) turn(turned.get(), k, n, right);
    });
  });
  return x;
}

/// Factors a in place; +1 or -1 for the order of the pivots.
template <class T>
T factor(Int n, T* a, std::int32_t* pivots) {
  Routines<T>::getrf(LAPACK_COL_MAJOR, small(n), small(n), a, small(n), pivots);
  T sign = 1;
  for (Int i = 0; i < n; ++i) {
    if (pivots[i] != i + 1) sign = -sign;
  }
  return sign;
}

/// f(i, factors, sign of the pivots' order, pivots) for each matrix.
template <class F>
void for_factored(const Tensor& a, F f) {
  const Matrices m(a);
  const Int n = m.rows;
  const Tensor packed = pack(a);
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, n * n * n / 2, [&](Int i) {
      const Scratch<T> copy(n * n);
      const Scratch<std::int32_t> pivots(n);
      const T* from = data<T>(packed) + i * n * n;
      std::copy(from, from + n * n, copy.get());
      const T sign = n == 0 ? T(1) : factor(n, copy.get(), pivots.get());
      f(i, copy.get(), sign, pivots.get(), from);
    });
  });
}

std::array<Tensor, 2> slogdet(const Tensor& a) {
  const Matrices m(a);
  std::array<Tensor, 2> y{like(a, m.leading), like(a, m.leading)};
  for_factored(a, [&]<class T>(Int i, const T* f, T sign, const std::int32_t*, const T*) {
    T log = 0;
    for (Int d = 0; d < m.rows; ++d) {
      const T u = f[d * m.rows + d];
      sign *= u > 0 ? T(1) : u < 0 ? T(-1) : u == 0 ? T(0) : u;
      log += std::log(std::abs(u));
    }
    data<T>(y[0])[i] = sign;
    data<T>(y[1])[i] = log;
  });
  return y;
}

Tensor det(const Tensor& a) {
  const Matrices m(a);
  Tensor y = like(a, m.leading);
  for_factored(a, [&]<class T>(Int i, const T* f, T value, const std::int32_t*, const T*) {
    for (Int d = 0; d < m.rows; ++d) value *= f[d * m.rows + d];
    data<T>(y)[i] = value;
  });
  return y;
}

/// The cofactors of a matrix up to 3 x 3.
template <class T>
void small_cofactors(Int n, const T* a, T* c) {
  if (n == 1) c[0] = 1;
  if (n == 2) c[0] = a[3], c[1] = -a[2], c[2] = -a[1], c[3] = a[0];
  if (n != 3) return;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
      c[i * 3 + j] = a[i1 * 3 + j1] * a[i2 * 3 + j2] - a[i1 * 3 + j2] * a[i2 * 3 + j1];
    }
  }
}

/// The determinant of an orthogonal matrix: 1 or -1. Destroys it.
template <class T>
T orientation(Int n, T* q, std::int32_t* pivots) {
  T sign = factor(n, q, pivots);
  for (Int i = 0; i < n; ++i) sign = q[i * n + i] < 0 ? -sign : sign;
  return sign;
}

/// By the singular values: cof(U S V) = det(U) det(V) U cof(S) V.
template <class T>
void singular_cofactors(Int n, const T* a, T* c) {
  const Scratch<T> work(4 * n * n + 2 * n);
  T *copy = work.get(), *u = copy + n * n, *v = u + n * n, *q = v + n * n, *s = q + n * n, *others = s + n;
  const Scratch<std::int32_t> pivots(n);
  std::copy(a, a + n * n, copy);
  if (Routines<T>::gesdd(LAPACK_COL_MAJOR, 'S', small(n), small(n), copy, small(n), s, u, small(n), v, small(n)) != 0) {
    std::fill(c, c + n * n, nan<T>);
    return;
  }
  T sign = 1;
  for (const T* x : {u, v}) {
    std::copy(x, x + n * n, q);
    sign *= orientation(n, q, pivots.get());
  }
  for (Int i = 0; i < n; ++i) {
    others[i] = sign;
    for (Int j = 0; j < n; ++j) others[i] *= j == i ? T(1) : s[j];
  }
  for (Int i = 0; i < n; ++i) {  // by columns, as LAPACK has them; the transpose of it is the same by rows
    for (Int j = 0; j < n; ++j) {
      T sum = 0;
      for (Int l = 0; l < n; ++l) sum += u[l * n + i] * others[l] * v[j * n + l];
      c[j * n + i] = sum;
    }
  }
}

Tensor cofactors(const Tensor& a) {
  const Matrices m(a);
  const Int n = m.rows;
  Tensor y = like(a, a.shape());
  for_factored(a, [&]<class T>(Int i, const T* f, T value, std::int32_t* pivots, const T* from) {
    T* c = data<T>(y) + i * n * n;
    if (n <= 3) return small_cofactors(n, from, c);
    T least = std::numeric_limits<T>::infinity(), most = 0;
    for (Int d = 0; d < n; ++d) {
      const T u = f[d * n + d];
      value *= u;
      least = std::min(least, std::abs(u)), most = std::max(most, std::abs(u));
    }
    if (!(least > static_cast<T>(n) * std::numeric_limits<T>::epsilon() * most)) return singular_cofactors(n, from, c);
    for (Int d = 0; d < n * n; ++d) c[d] = d % (n + 1) == 0 ? value : T(0);
    Routines<T>::getrs(LAPACK_COL_MAJOR, 'T', small(n), small(n), f, small(n), pivots, c, small(n));
  });
  return y;
}

std::array<Tensor, 2> eigh(const Tensor& a) {
  const Matrices m(a);
  const Int n = m.rows;
  const Tensor vectors = copy_of(a);
  std::array<Tensor, 2> y{like(a, m.with({n})), like(a, a.shape())};
  if (n == 0) return y;
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, 10 * n * n * n, [&](Int i) {
      T *v = data<T>(vectors) + i * n * n, *w = data<T>(y[0]) + i * n;
      if (Routines<T>::syevd(LAPACK_COL_MAJOR, 'V', 'U', small(n), v, small(n), w) != 0) {
        std::fill(w, w + n, nan<T>);
        std::fill(v, v + n * n, nan<T>);
      }
      turn(v, n, n, data<T>(y[1]) + i * n * n);
    });
  });
  return y;
}

std::array<Tensor, 3> svd(const Tensor& a) {
  const Matrices m(a);
  const Int k = std::min(m.rows, m.cols);
  const Tensor work = copy_of(a);
  std::array<Tensor, 3> y{like(a, m.with({m.rows, k})), like(a, m.with({k})), like(a, m.with({k, m.cols}))};
  if (k == 0) return y;
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, 10 * m.size() * k, [&](Int i) {
      T *u = data<T>(y[0]) + i * m.rows * k, *s = data<T>(y[1]) + i * k, *v = data<T>(y[2]) + i * k * m.cols;
      const lapack_int info =
          Routines<T>::gesdd(LAPACK_COL_MAJOR, 'S', small(m.cols), small(m.rows), data<T>(work) + i * m.size(),
                             small(m.cols), s, v, small(m.cols), u, small(k));
      if (info == 0) return;
      std::fill(u, u + m.rows * k, nan<T>);
      std::fill(s, s + k, nan<T>);
      std::fill(v, v + k * m.cols, nan<T>);
    });
  });
  return y;
}

std::array<Tensor, 2> qr(const Tensor& a) {
  const Matrices m(a);
  const Int rows = m.rows, n = m.cols;
  const Tensor packed = pack(a);
  std::array<Tensor, 2> y{like(a, a.shape()), like(a, m.with({n, n}))};
  if (n == 0) return y;
  visit_float(a, [&]<class T>(T) {
    for_matrices(m.count, 2 * m.size() * n, [&](Int i) {
      const Scratch<T> work(rows * n + n);
      T *q = work.get(), *tau = q + rows * n, *r = data<T>(y[1]) + i * n * n;
      turn(data<T>(packed) + i * m.size(), rows, n, q);
      lapack_int info = Routines<T>::geqrf(LAPACK_COL_MAJOR, small(rows), small(n), q, small(rows), tau);
      for (Int row = 0; row < n; ++row) {
        for (Int col = 0; col < n; ++col) r[row * n + col] = col < row ? T(0) : q[col * rows + row];
      }
      if (info == 0) info = Routines<T>::orgqr(LAPACK_COL_MAJOR, small(rows), small(n), small(n), q, small(rows), tau);
      if (info != 0) std::fill(q, q + rows * n, nan<T>);
      turn(q, n, rows, data<T>(y[0]) + i * m.size());
    });
  });
  return y;
}

}  // namespace

const LinalgKernels cpu_linalg{&cholesky, &triangular_solve, &lu,   &lu_solve, &slogdet,
                               &det,      &cofactors,        &eigh, &svd,      &qr};

}  // namespace strata
