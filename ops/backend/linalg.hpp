// Factorisations and solves of dense matrices along the last two axes, float32 or float64. Called by the ops of
// ops/linalg*.cpp through backend(a).linalg; implemented by ops/cpu/lapack.cpp and ops/cuda/linalg.cpp. What has no
// result is NaN: nothing throws, and on a GPU nobody waits for what a factorisation says of itself.
#pragma once
#include <array>

#include "strata/core/tensor.hpp"

namespace strata {

struct Triangle {
  bool lower, transpose, unit;
};

/// The factors of a matrix as a device's own library leaves them, and the pivots, int32 [..., n]: for lu_solve alone.
struct Lu {
  Tensor factors, pivots;
};

struct LinalgKernels {
  /// The lower Cholesky factor, zeros above; reads the lower triangle; NaN where a is not positive definite.
  Tensor (*cholesky)(const Tensor& a);
  /// x with op(a) x = b for a triangular a. Equal leading axes.
  Tensor (*triangular_solve)(const Triangle& t, const Tensor& a, const Tensor& b);
  Lu (*lu)(const Tensor& a);
  /// x with a x = b, or aT x = b, given the factors of a. Equal leading axes.
  Tensor (*lu_solve)(const Tensor& factors, const Tensor& pivots, const Tensor& b, bool transpose);
  /// Sign and logarithm of |det|.
  std::array<Tensor, 2> (*slogdet)(const Tensor& a);
  Tensor (*det)(const Tensor& a);
  /// The cofactors: d det / d a. Right for singular matrices too.
  Tensor (*cofactors)(const Tensor& a);
  /// Eigenvalues ascending [..., n] and eigenvectors in columns, of the symmetric matrix in a's lower triangle.
  std::array<Tensor, 2> (*eigh)(const Tensor& a);
  /// u [..., m, k], s [..., k] descending, vT [..., k, n]; k = min(m, n).
  std::array<Tensor, 3> (*svd)(const Tensor& a);
  /// q [..., m, n] and r [..., n, n]; m >= n.
  std::array<Tensor, 2> (*qr)(const Tensor& a);
};

extern const LinalgKernels cpu_linalg, cuda_linalg;

}  // namespace strata
