// Linear algebra of tensors on a GPU (ops/backend/linalg.hpp). Row-major memory is its transpose to the routines, as it
// is to LAPACK (ops/cpu/lapack.cpp): factorisations are taken of the transpose; right-hand sides, vectors and q, which
// the routines have column by column, are copied or returned as transposed views.
#include "strata/ops/backend/linalg.hpp"

#include <algorithm>

#include "strata/ops/backend.hpp"
#include "strata/ops/cuda/tensors.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace {

using namespace gpu;

Shape leading(const Tensor& a) { return a.shape().slice(0, a.ndim() - 2); }
Shape with(const Tensor& a, std::initializer_list<Dim> last) { return leading(a) + Shape(last); }
Tensor like(const Tensor& x, const Shape& shape) { return empty_dense(shape, x.dtype(), x.device()); }

/// The matrices of x as its memory has them, column by column: x's rows are their columns.
Matrices matrices(const Tensor& x) { return {x.dtype(), x.size(-1), x.size(-2), leading(x).elements()}; }

Tensor copy_of(const Tensor& x) {
  Tensor y = like(x, x.shape());
  if (y.size() > 0) backend(x).elements.copy(x, y);
  return y;
}
/// A view with the last two axes exchanged.
Tensor turned(const Tensor& x) {
  Shape shape = x.shape(), strides = dense(x).strides;
  const int n = x.ndim();
  std::swap(shape[n - 1], shape[n - 2]);
  std::swap(strides[n - 1], strides[n - 2]);
  return view_of(x, shape, strides, 0);
}
void* data(const Tensor& x) { return dense(x).data; }
std::int32_t* pivots_of(const Tensor& x) { return reinterpret_cast<std::int32_t*>(dense(x).data); }
const LinalgLibrary& library(const Tensor& x) { return kernels(x).linalg; }

Tensor cholesky(const Tensor& a) {
  Tensor y = copy_of(a);
  if (y.size() > 0) check("linalg::cholesky", y, library(y).cholesky(index_of(y), matrices(y), data(y)));
  return y;
}

Tensor triangular_solve(const Triangle& t, const Tensor& a, const Tensor& b) {
  const Tensor triangle = pack(a);
  Tensor x = copy_of(b);
  if (x.size() == 0) return x;
  check("linalg::triangular_solve", x,
        library(x).triangular_solve(index_of(x), matrices(x), t.lower, t.transpose, t.unit, data(triangle), data(x)));
  return x;
}

Lu lu(const Tensor& a) {
  Lu f{copy_of(a), empty_dense(with(a, {a.size(-1)}), Dtype::int32, a.device())};
  if (a.size() > 0)
    check("linalg::lu", a, library(a).lu(index_of(a), matrices(a), data(f.factors), pivots_of(f.pivots)));
  return f;
}

Tensor lu_solve(const Tensor& factors, const Tensor& pivots, const Tensor& b, bool transpose) {
  const Tensor f = pack(factors), p = pack(pivots), x = copy_of(turned(b));
  if (x.size() > 0)
    check("linalg::solve", x,
          library(x).lu_solve(index_of(x), matrices(x), !transpose, data(f), pivots_of(p), data(x)));
  return turned(x);
}

/// The determinants, or their signs and logarithms.
std::array<Tensor, 2> determinants(const Tensor& a, bool logarithm) {
  const Lu f = lu(a);
  std::array<Tensor, 2> y{like(a, leading(a)), logarithm ? like(a, leading(a)) : Tensor()};
  if (y[0].size() == 0) return y;
  check("linalg::det", a,
        library(a).determinants(index_of(a), matrices(a), data(f.factors), pivots_of(f.pivots), data(y[0]),
                                logarithm ? data(y[1]) : nullptr));
  return y;
}
std::array<Tensor, 2> slogdet(const Tensor& a) { return determinants(a, true); }
Tensor det(const Tensor& a) { return determinants(a, false)[0]; }

std::array<Tensor, 2> eigh(const Tensor& a) {
  const Tensor vectors = copy_of(a);
  std::array<Tensor, 2> y{like(a, with(a, {a.size(-1)})), turned(vectors)};
  if (a.size() > 0) check("linalg::eigh", a, library(a).eigh(index_of(a), matrices(a), data(vectors), data(y[0])));
  return y;
}

std::array<Tensor, 3> svd(const Tensor& a) {
  const std::int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n);
  const Tensor work = copy_of(a), ut = like(a, with(a, {k, m}));
  std::array<Tensor, 3> y{turned(ut), like(a, with(a, {k})), like(a, with(a, {k, n}))};
  if (work.size() > 0)
    check("linalg::svd", a, library(a).svd(index_of(a), matrices(a), data(work), data(y[2]), data(y[1]), data(ut)));
  return y;
}

std::array<Tensor, 2> qr(const Tensor& a) {
  const Tensor q = copy_of(turned(a));
  std::array<Tensor, 2> y{turned(q), like(a, with(a, {a.size(-1), a.size(-1)}))};
  if (q.size() > 0) check("linalg::qr", a, library(a).qr(index_of(a), matrices(q), data(q), data(y[1])));
  return y;
}

/// By the singular values: cof(U S V) = det(U) det(V) U cof(S) V.
Tensor singular_cofactors(const Tensor& a) {
  const auto [u, s, vt] = svd(a);
  const Tensor first = slogdet(u)[0], second = slogdet(vt)[0], others = like(s, s.shape());
  const Matrices m{a.dtype(), 1, a.size(-1), leading(a).elements()};
  check("linalg::det", a,
        library(a).products_of_others(index_of(a), m, data(s), data(first), data(second), data(others)));
  return matmul(u * expand_dims(others, -2), vt);
}

Tensor cofactors(const Tensor& a) {
  if (a.size() == 0) return like(a, a.shape());
  if (a.size(-1) > 3) return singular_cofactors(a);
  const Tensor from = pack(a);
  Tensor y = like(a, a.shape());
  check("linalg::det", a, library(a).small_cofactors(index_of(a), matrices(a), data(from), data(y)));
  return y;
}

}  // namespace

const LinalgKernels cuda_linalg{&cholesky, &triangular_solve, &lu,   &lu_solve, &slogdet,
                                &det,      &cofactors,        &eigh, &svd,      &qr};

}  // namespace strata
