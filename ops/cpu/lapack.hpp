// Linear algebra of dense tensors through LAPACK and BLAS: one matrix after the other over leading axes, shared among
// the pool's threads. Called by the ops of ops/linalg*.cpp. Arguments are float32 or float64, matrices along the last
// two axes. LAPACK never starts threads of its own.
#pragma once
#include <array>

#include "strata/core/tensor.hpp"

namespace strata::lapack {

/// The lower Cholesky factor, zeros above; reads the lower triangle; NaN where a is not positive definite.
Tensor cholesky(const Tensor& a);

struct Triangle {
  bool lower, transpose, unit;
};
/// x with op(a) x = b for a triangular a. Equal leading axes.
Tensor triangular_solve(const Triangle& t, const Tensor& a, const Tensor& b);

/// LAPACK's factors of the transpose of a (its memory read by columns), and the pivots, int32 [..., n].
struct Lu {
  Tensor factors, pivots;
};
Lu lu(const Tensor& a);
/// x with a x = b, or aT x = b, given the factors of a. Equal leading axes.
Tensor lu_solve(const Tensor& factors, const Tensor& pivots, const Tensor& b, bool transpose);

/// Sign and logarithm of |det|.
std::array<Tensor, 2> slogdet(const Tensor& a);
Tensor det(const Tensor& a);
/// The cofactors: d det / d a. Right for singular matrices too.
Tensor cofactors(const Tensor& a);

/// Eigenvalues ascending [..., n] and eigenvectors in columns, of the symmetric matrix in a's lower triangle.
std::array<Tensor, 2> eigh(const Tensor& a);
/// u [..., m, k], s [..., k] descending, vT [..., k, n]; k = min(m, n).
std::array<Tensor, 3> svd(const Tensor& a);
/// q [..., m, n] and r [..., n, n]; m >= n.
std::array<Tensor, 2> qr(const Tensor& a);

}  // namespace strata::lapack
