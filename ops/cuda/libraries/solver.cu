// LAPACK's routines by cuSOLVER and cuBLAS, on the calling thread's stream. Many small matrices go to the batched
// routines, which take lists of pointers (made on the GPU); else one matrix follows the other. What a routine says of
// its matrices stays on the GPU. Called by ops/cuda/linalg.cu.
#include "strata/ops/cuda/libraries/solver.hpp"

#include <algorithm>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/solver_routines.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

constexpr Int small_side = 512;  // of matrices that batched routines do better

int narrow(Int n) { return static_cast<int>(n); }
bool many(const Matrices& m) { return m.count > 1 && std::max(m.rows, m.cols) <= small_side; }

/// Matrix number i of `elements` elements each.
template <class T>
T* part(void* data, Int elements, Int i) {
  return static_cast<T*>(data) + i * elements;
}
template <class T>
const T* part(const void* data, Int elements, Int i) {
  return static_cast<const T*>(data) + i * elements;
}

/// f(T{}) for the two float types.
template <class F>
Error with_float(const Matrices& m, F f) {
  return m.dtype == Dtype::float64 ? f(double{}) : f(float{});
}
/// f(i) for each matrix, until one fails to be asked for.
template <class F>
Error each(const Matrices& m, F f) {
  for (Int i = 0; i < m.count; ++i) {
    if (const Error error = f(i)) return error;
  }
  return nullptr;
}

template <class T>
struct PointTo {
  T** list;
  T* first;
  Int elements;
  STRATA_HD void operator()(Int i) const { list[i] = first + i * elements; }
};

/// Where each matrix begins, as a list on the GPU.
template <class T>
class Pointers {
 public:
  Pointers(int device, const Matrices& m, const void* first, Int elements)
      : room_(device, static_cast<std::size_t>(m.count) * sizeof(T*)), error_(room_.error()) {
    if (!error_)
      error_ = for_each(device, m.count, PointTo<T>{get(), static_cast<T*>(const_cast<void*>(first)), elements});
  }
  T** get() const { return static_cast<T**>(room_.get()); }
  Error error() const { return error_; }

 private:
  Scratch room_;
  Error error_;
};

/// Memory for `elements` of T, and a routine's words where nobody wants them.
template <class T>
struct Room {
  Scratch scratch;
  Room(int device, Int elements) : scratch(device, static_cast<std::size_t>(elements) * sizeof(T)) {}
  T* get() const { return static_cast<T*>(scratch.get()); }
  Error error() const { return scratch.error(); }
};

}  // namespace

Error solver_cholesky(int device, const Matrices& m, void* a, std::int32_t* info) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const int n = narrow(m.rows);
    if (many(m)) {
      const Pointers<T> list(device, m, a, m.rows * m.rows);
      if (list.error()) return list.error();
      return said(R::potrf_batched(on.solver, CUBLAS_FILL_MODE_UPPER, n, list.get(), n, info, narrow(m.count)));
    }
    int size = 0;
    if (const Error e = said(R::potrf_size(on.solver, CUBLAS_FILL_MODE_UPPER, n, static_cast<T*>(a), n, &size)))
      return e;
    const Room<T> room(device, size);
    if (room.error()) return room.error();
    return each(m, [&](Int i) {
      return said(R::potrf(on.solver, CUBLAS_FILL_MODE_UPPER, n, part<T>(a, m.rows * m.rows, i), n, room.get(), size,
                           info + i));
    });
  });
}

Error solver_triangle(int device, const Matrices& m, bool upper, bool transpose, bool unit, const void* a, void* x) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const T one = 1;
    const int rows = narrow(m.rows), n = narrow(m.cols);
    const cublasFillMode_t half = upper ? CUBLAS_FILL_MODE_UPPER : CUBLAS_FILL_MODE_LOWER;
    const cublasOperation_t op = transpose ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasDiagType_t diagonal = unit ? CUBLAS_DIAG_UNIT : CUBLAS_DIAG_NON_UNIT;
    if (many(m)) {
      const Pointers<T> as(device, m, a, m.cols * m.cols), xs(device, m, x, m.rows * m.cols);
      if (as.error()) return as.error();
      if (xs.error()) return xs.error();
      return said(R::trsm_batched(on.blas, CUBLAS_SIDE_RIGHT, half, op, diagonal, rows, n, &one, as.get(), n, xs.get(),
                                  rows, narrow(m.count)));
    }
    return each(m, [&](Int i) {
      return said(R::trsm(on.blas, CUBLAS_SIDE_RIGHT, half, op, diagonal, rows, n, &one, part<T>(a, m.cols * m.cols, i),
                          n, part<T>(x, m.rows * m.cols, i), rows));
    });
  });
}

Error solver_lu(int device, const Matrices& m, void* a, std::int32_t* pivots, std::int32_t* info) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const int n = narrow(m.rows);
    if (many(m)) {
      const Pointers<T> list(device, m, a, m.rows * m.rows);
      if (list.error()) return list.error();
      return said(R::getrf_batched(on.blas, n, list.get(), n, pivots, info, narrow(m.count)));
    }
    int size = 0;
    if (const Error e = said(R::getrf_size(on.solver, n, n, static_cast<T*>(a), n, &size))) return e;
    const Room<T> room(device, size);
    if (room.error()) return room.error();
    return each(m, [&](Int i) {
      return said(
          R::getrf(on.solver, n, n, part<T>(a, m.rows * m.rows, i), n, room.get(), pivots + i * m.rows, info + i));
    });
  });
}

Error solver_lu_solve(int device, const Matrices& m, bool transpose, const void* factors, const std::int32_t* pivots,
                      void* x) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const int n = narrow(m.rows), columns = narrow(m.cols);
    const cublasOperation_t op = transpose ? CUBLAS_OP_T : CUBLAS_OP_N;
    if (many(m)) {
      const Pointers<T> fs(device, m, factors, m.rows * m.rows), xs(device, m, x, m.rows * m.cols);
      if (fs.error()) return fs.error();
      if (xs.error()) return xs.error();
      int arguments = 0;  // about the arguments alone, and on the host
      return said(
          R::getrs_batched(on.blas, op, n, columns, fs.get(), n, pivots, xs.get(), n, &arguments, narrow(m.count)));
    }
    const Room<std::int32_t> info(device, 1);
    if (info.error()) return info.error();
    return each(m, [&](Int i) {
      return said(R::getrs(on.solver, op, n, columns, part<T>(factors, m.rows * m.rows, i), n, pivots + i * m.rows,
                           part<T>(x, m.rows * m.cols, i), n, info.get()));
    });
  });
}

Error solver_eigh(int device, const Matrices& m, void* a, void* values, std::int32_t* info) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const int n = narrow(m.rows);
    int size = 0;
    if (const Error e = said(R::syevd_size(on.solver, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_UPPER, n,
                                           static_cast<T*>(a), n, static_cast<T*>(values), &size)))
      return e;
    const Room<T> room(device, size);
    if (room.error()) return room.error();
    return each(m, [&](Int i) {
      return said(R::syevd(on.solver, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_UPPER, n,
                           part<T>(a, m.rows * m.rows, i), n, part<T>(values, m.rows, i), room.get(), size, info + i));
    });
  });
}

Error solver_svd(int device, const Matrices& m, void* a, void* u, void* s, void* v, std::int32_t* info) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const Int k = std::min(m.rows, m.cols);
    const int rows = narrow(m.rows), cols = narrow(m.cols);
    int size = 0;
    if (const Error e = said(R::gesvdj_size(on.solver, CUSOLVER_EIG_MODE_VECTOR, 1, rows, cols, static_cast<T*>(a),
                                            rows, static_cast<T*>(s), static_cast<T*>(u), rows, static_cast<T*>(v),
                                            cols, &size, on.jacobi)))
      return e;
    const Room<T> room(device, size);
    if (room.error()) return room.error();
    return each(m, [&](Int i) {
      return said(R::gesvdj(on.solver, CUSOLVER_EIG_MODE_VECTOR, 1, rows, cols, part<T>(a, m.rows * m.cols, i), rows,
                            part<T>(s, k, i), part<T>(u, m.rows * k, i), rows, part<T>(v, m.cols * k, i), cols,
                            room.get(), size, info + i, on.jacobi));
    });
  });
}

Error solver_reflectors(int device, const Matrices& m, void* a, void* tau, std::int32_t* info) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const int rows = narrow(m.rows), cols = narrow(m.cols);
    int size = 0;
    if (const Error e = said(R::geqrf_size(on.solver, rows, cols, static_cast<T*>(a), rows, &size))) return e;
    const Room<T> room(device, size);
    if (room.error()) return room.error();
    return each(m, [&](Int i) {
      return said(R::geqrf(on.solver, rows, cols, part<T>(a, m.rows * m.cols, i), rows, part<T>(tau, m.cols, i),
                           room.get(), size, info + i));
    });
  });
}

Error solver_orthogonal(int device, const Matrices& m, void* a, const void* tau, std::int32_t* info) {
  return with_float(m, [&]<class T>(T) -> Error {
    using R = Routines<T>;
    const Solvers on(device);
    if (on.error) return on.error;
    const int rows = narrow(m.rows), cols = narrow(m.cols);
    int size = 0;
    if (const Error e = said(R::orgqr_size(on.solver, rows, cols, cols, static_cast<const T*>(a), rows,
                                           static_cast<const T*>(tau), &size)))
      return e;
    const Room<T> room(device, size);
    if (room.error()) return room.error();
    return each(m, [&](Int i) {
      return said(R::orgqr(on.solver, rows, cols, cols, part<T>(a, m.rows * m.cols, i), rows, part<T>(tau, m.cols, i),
                           room.get(), size, info + i));
    });
  });
}

}  // namespace strata::gpu
