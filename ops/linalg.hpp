// What the files of linear algebra share: checks, triangles, symmetric parts. Internal to ops/linalg*.cpp.
#pragma once
#include <string>

#include "strata/core/op.hpp"

namespace strata::linalg {

/// a in float32 or float64, with matrices along the last two axes. ShapeError below rank 2 (or when not square and
/// `square`), DtypeError for half types; both name `op`.
Tensor matrices(const char* op, Tensor a, bool square);

/// Both in their common dtype.
void promote_both(Tensor& a, Tensor& b);
/// Leading axes broadcast to one another. ShapeError when they do not fit.
void broadcast_leading(const char* op, Tensor& a, Tensor& b);

/// Mapped right-hand sides of one shared matrix: the lanes join the columns, and leave them again.
class LanesAsColumns {
 public:
  explicit LanesAsColumns(const Lane& b);
  Lane back(Tensor x) const;
  Tensor columns;

 private:
  Shape parted_;
};

/// x with zeros above diagonal k.
Tensor lower_part(const Tensor& x, int k);
/// Half the diagonal and what lies below it.
Tensor lower_half(const Tensor& x);
/// The symmetric matrix whose lower triangle is x's; and its transpose as a linear map.
Tensor symmetric_from_lower(const Tensor& x);
Tensor symmetric_to_lower(const Tensor& x);
/// (x + xT) / 2.
Tensor symmetric_part(const Tensor& x);
/// The diagonal [..., n] of x [..., n, n]; and a matrix with that diagonal.
Tensor diagonal_of(const Tensor& x);
Tensor matrix_with_diagonal(const Tensor& d);
/// The unit matrix, once for each of a's matrices; of a's dtype, on its device.
Tensor unit_like(const Tensor& a);

}  // namespace strata::linalg
