// The menu: linear algebra, namespace strata::linalg. Arguments are [..., m, n]: matrices along the last two axes, any
// leading ones. float32 or float64; integers become floats first, half types are a DtypeError.
#pragma once
#include <array>
#include <utility>

#include "strata/core/tensor.hpp"

namespace strata::linalg {

struct Cholesky {
  bool upper = false;
  bool symmetrize_input = true;  // (a + aT) / 2 first; otherwise only one triangle is read, and differentiated
};
/// The triangular L with L LT = a, or its transpose; NaN where a is not positive definite. ShapeError when not square.
///     Tensor l = st::linalg::cholesky(a);
Tensor cholesky(Tensor a, Cholesky p = {});

struct TriangularSolve {
  bool left_side = true;  // a x = b; false: x a = b
  bool lower = false;
  bool transpose_a = false;
  bool unit_diagonal = false;  // a's diagonal is taken as ones
};
/// Solves with a triangular a [..., n, n]; the other triangle is not read. b [..., n, k] (or [..., k, n] on the right);
/// leading axes broadcast.      Tensor x = st::linalg::triangular_solve(l, b, {.lower = true});
Tensor triangular_solve(Tensor a, Tensor b, TriangularSolve p = {});

/// x with a x = b. b is [n] or [..., n, k]; leading axes broadcast. One factorisation of an `a` that vmap does not map
/// serves all lanes. Singular a gives inf or NaN.      Tensor x = st::linalg::solve(a, b);
Tensor solve(Tensor a, Tensor b);
/// The inverse.                                          Tensor b = st::linalg::inv(a);
Tensor inv(Tensor a);
/// The determinant; the derivative is right for singular matrices too. 1 for [0, 0].   Tensor d = st::linalg::det(a);
Tensor det(Tensor a);
/// Sign (0 for a singular matrix) and logarithm of the size of the determinant.
///     auto [sign, logabsdet] = st::linalg::slogdet(a);
struct SlogDet {
  Tensor sign, logabsdet;
};
SlogDet slogdet(Tensor a);

struct Symmetrize {
  bool symmetrize_input = true;  // (a + aT) / 2 first; otherwise only the lower triangle is read, and differentiated
};
/// Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices.
///     auto [w, v] = st::linalg::eigh(a);
struct Eigh {
  Tensor eigenvalues, eigenvectors;
};
Eigh eigh(Tensor a, Symmetrize p = {});
/// The eigenvalues alone.                                Tensor w = st::linalg::eigvalsh(a);
Tensor eigvalsh(Tensor a, Symmetrize p = {});

/// Thin: a = u diag(s) vt, with k = min(m, n) singular values, descending. [..., m, k], [..., k], [..., k, n].
///     auto [u, s, vt] = st::linalg::svd(a);
struct Svd {
  Tensor u, s, vt;
};
Svd svd(Tensor a);
/// The singular values alone.                            Tensor s = st::linalg::svdvals(a);
Tensor svdvals(Tensor a);

/// Reduced: a = q r, q [..., m, k] with orthonormal columns, r [..., k, n] upper triangular, k = min(m, n).
///     auto [q, r] = st::linalg::qr(a);
struct Qr {
  Tensor q, r;
};
Qr qr(Tensor a);

}  // namespace strata::linalg
