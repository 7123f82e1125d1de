// Linear algebra on a GPU: LAPACK's routines as NVIDIA has them, and small kernels for what lies between: triangles
// without what the routines leave in the other half, NaN where a routine says that it failed, determinants from
// factors. Nothing here waits for the GPU. Asked for by ops/cuda/linalg.cpp.
#include "strata/ops/cuda/linalg.hpp"

#include <cmath>
#include <limits>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/solver.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

template <class F>
Error with_float(Dtype dtype, F f) {
  return dtype == Dtype::float64 ? f(double{}) : f(float{});
}

std::size_t bytes_of(const Matrices& m, Int elements) {
  return static_cast<std::size_t>(elements) * static_cast<std::size_t>(itemsize(m.dtype));
}

/// `per` elements for each matrix: NaN for those that failed, which is neither 0 nor `accepted`.
template <class T>
struct MarkFailed {
  T* data;
  Int per;
  const std::int32_t* info;
  std::int32_t accepted;
  STRATA_HD void operator()(Int i) const {
    const std::int32_t said = info[i / per];
    if (said != 0 && said != accepted) data[i] = std::numeric_limits<T>::quiet_NaN();
  }
};
Error mark_failed(int device, const Matrices& m, void* data, Int per, const std::int32_t* info,
                  std::int32_t accepted = 0) {
  return with_float(m.dtype, [&]<class T>(T) {
    return for_each(device, m.count * per, MarkFailed<T>{static_cast<T*>(data), per, info, accepted});
  });
}

/// The first error of the steps, which follow one another.
template <class... Step>
Error in_turn(Step... step) {
  Error error = nullptr;
  static_cast<void>(((error = step()) || ...));
  return error;
}

/// Zeros below the diagonal.
template <class T>
struct KeepUpper {
  T* a;
  Int n;
  STRATA_HD void operator()(Int i) const {
    const Int row = i % n, column = i / n % n;
    if (row > column) a[i] = T(0);
  }
};

Error cholesky(int device, const Matrices& m, void* a) {
  const Scratch info(device, static_cast<std::size_t>(m.count) * sizeof(std::int32_t));
  if (info.error()) return info.error();
  auto* said = static_cast<std::int32_t*>(info.get());
  return in_turn([&] { return solver_cholesky(device, m, a, said); },
                 [&] { return mark_failed(device, m, a, m.rows * m.rows, said); },
                 [&] {
                   return with_float(m.dtype, [&]<class T>(T) {
                     return for_each(device, m.count * m.rows * m.rows, KeepUpper<T>{static_cast<T*>(a), m.rows});
                   });
                 });
}

Error lu(int device, const Matrices& m, void* a, std::int32_t* pivots) {
  const Scratch info(device, static_cast<std::size_t>(m.count) * sizeof(std::int32_t));
  if (info.error()) return info.error();
  return solver_lu(device, m, a, pivots, static_cast<std::int32_t*>(info.get()));
}

/// One matrix's determinant.
template <class T>
struct Determinant {
  const T* factors;
  const std::int32_t* pivots;
  T *det, *log;
  Int n;
  STRATA_HD void operator()(Int i) const {
    T sign = 1, value = 0;
    for (Int d = 0; d < n; ++d) {
      const T u = factors[(i * n + d) * n + d];
      if (pivots[i * n + d] != d + 1) sign = -sign;
      sign *= !log ? u : u > 0 ? T(1) : u < 0 ? T(-1) : u == 0 ? T(0) : u;
      if (log) value += std::log(std::fabs(u));
    }
    det[i] = sign;
    if (log) log[i] = value;
  }
};

Error determinants(int device, const Matrices& m, const void* factors, const std::int32_t* pivots, void* det,
                   void* log) {
  return with_float(m.dtype, [&]<class T>(T) {
    return for_each(
        device, m.count,
        Determinant<T>{static_cast<const T*>(factors), pivots, static_cast<T*>(det), static_cast<T*>(log), m.rows});
  });
}

template <class T>
struct SmallCofactors {
  const T* from;
  T* to;
  Int n;
  STRATA_HD void operator()(Int i) const {
    const T* a = from + i * n * n;
    T* c = to + i * n * n;
    if (n == 1) c[0] = 1;
    if (n == 2) c[0] = a[3], c[1] = -a[2], c[2] = -a[1], c[3] = a[0];
    if (n != 3) return;
    for (int row = 0; row < 3; ++row) {
      for (int col = 0; col < 3; ++col) {
        const int i1 = (row + 1) % 3, i2 = (row + 2) % 3, j1 = (col + 1) % 3, j2 = (col + 2) % 3;
        c[row * 3 + col] = a[i1 * 3 + j1] * a[i2 * 3 + j2] - a[i1 * 3 + j2] * a[i2 * 3 + j1];
      }
    }
  }
};

Error small_cofactors(int device, const Matrices& m, const void* a, void* c) {
  return with_float(m.dtype, [&]<class T>(T) {
    return for_each(device, m.count, SmallCofactors<T>{static_cast<const T*>(a), static_cast<T*>(c), m.rows});
  });
}

template <class T>
struct ProductOfOthers {
  const T *s, *first, *second;
  T* others;
  Int n;
  STRATA_HD void operator()(Int i) const {
    const Int item = i / n, skip = i - item * n;
    T y = first[item] * second[item];
    for (Int j = 0; j < n; ++j) y *= j == skip ? T(1) : s[item * n + j];
    others[i] = y;
  }
};

Error products_of_others(int device, const Matrices& m, const void* s, const void* first, const void* second,
                         void* others) {
  return with_float(m.dtype, [&]<class T>(T) {
    return for_each(device, m.count * m.cols,
                    ProductOfOthers<T>{static_cast<const T*>(s), static_cast<const T*>(first),
                                       static_cast<const T*>(second), static_cast<T*>(others), m.cols});
  });
}

Error eigh(int device, const Matrices& m, void* a, void* values) {
  const Scratch info(device, static_cast<std::size_t>(m.count) * sizeof(std::int32_t));
  if (info.error()) return info.error();
  auto* said = static_cast<std::int32_t*>(info.get());
  return in_turn([&] { return solver_eigh(device, m, a, values, said); },
                 [&] { return mark_failed(device, m, a, m.rows * m.rows, said); },
                 [&] { return mark_failed(device, m, values, m.rows, said); });
}

Error svd(int device, const Matrices& m, void* a, void* u, void* s, void* v) {
  const Int k = m.rows < m.cols ? m.rows : m.cols;
  const Scratch info(device, static_cast<std::size_t>(m.count) * sizeof(std::int32_t));
  if (info.error()) return info.error();
  auto* said = static_cast<std::int32_t*>(info.get());
  const auto short_of_tolerance = static_cast<std::int32_t>(k + 1);  // as good as it gets: a result
  return in_turn([&] { return solver_svd(device, m, a, u, s, v, said); },
                 [&] { return mark_failed(device, m, u, m.rows * k, said, short_of_tolerance); },
                 [&] { return mark_failed(device, m, s, k, said, short_of_tolerance); },
                 [&] { return mark_failed(device, m, v, m.cols * k, said, short_of_tolerance); });
}

/// r, row after row, from what lies on and above the diagonal of a.
template <class T>
struct TakeUpper {
  const T* a;
  T* r;
  Int rows, cols;
  STRATA_HD void operator()(Int i) const {
    const Int column = i % cols, row = i / cols % cols, item = i / (cols * cols);
    r[i] = column < row ? T(0) : a[(item * cols + column) * rows + row];
  }
};

Error qr(int device, const Matrices& m, void* a, void* r) {
  const Scratch info(device, static_cast<std::size_t>(2 * m.count) * sizeof(std::int32_t));
  const Scratch tau(device, bytes_of(m, m.count * m.cols));
  if (info.error()) return info.error();
  if (tau.error()) return tau.error();
  auto* said = static_cast<std::int32_t*>(info.get());
  return in_turn([&] { return solver_reflectors(device, m, a, tau.get(), said); },
                 [&] {
                   return with_float(m.dtype, [&]<class T>(T) {
                     return for_each(device, m.count * m.cols * m.cols,
                                     TakeUpper<T>{static_cast<const T*>(a), static_cast<T*>(r), m.rows, m.cols});
                   });
                 },
                 [&] { return solver_orthogonal(device, m, a, tau.get(), said + m.count); },
                 [&] { return mark_failed(device, m, a, m.rows * m.cols, said); },
                 [&] { return mark_failed(device, m, a, m.rows * m.cols, said + m.count); });
}

}  // namespace

const LinalgLibrary linalg_library{&cholesky,
                                   &solver_triangle,
                                   &lu,
                                   &solver_lu_solve,
                                   &determinants,
                                   &small_cofactors,
                                   &products_of_others,
                                   &eigh,
                                   &svd,
                                   &qr};

}  // namespace strata::gpu
