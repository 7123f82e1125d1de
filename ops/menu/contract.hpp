// The menu: products that sum over axes. Arguments promote by JAX's lattice; half types accumulate in float32; integers
// and bool keep their dtype (integers wrap, bool is "or of ands").
#pragma once
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata {

/// Matrix product over the last two axes; leading axes broadcast. A rank-1 argument is a row (first) or a column
/// (second) whose axis of size 1 is dropped from the result. [3, 4] x [4, 2] -> [3, 2]; [5, 1, 3, 4] x [2, 4, 2] ->
/// [5, 2, 3, 2]. ShapeError when inner sizes differ or an argument is a scalar.
///     Tensor y = matmul(x, w);
Tensor matmul(Tensor a, Tensor b);
/// a's last axis with b's last but one (or only) axis; a scalar multiplies. [2, 3, 4] . [5, 4, 6] -> [2, 3, 5, 6].
///     Tensor y = dot(u, v);
Tensor dot(Tensor a, Tensor b);
/// Both flattened, then their inner product: a scalar.        Tensor y = vdot(a, b);
Tensor vdot(Tensor a, Tensor b);
/// Inner product along `axis`; the other axes broadcast. [3, 4], [4] -> [3].      Tensor y = vecdot(a, b);
struct Vecdot {
  int axis = -1;
};
Tensor vecdot(Tensor a, Tensor b, Vecdot p = {});
/// Matrices times vectors: [..., m, k], [..., k] -> [..., m]; leading axes broadcast.      Tensor y = matvec(a, x);
Tensor matvec(Tensor a, Tensor x);
/// Vectors times matrices: [..., k], [..., k, n] -> [..., n]; leading axes broadcast.      Tensor y = vecmat(x, a);
Tensor vecmat(Tensor x, Tensor a);
/// The last axes of both: [2, 4], [3, 4] -> [2, 3]; a scalar multiplies.      Tensor y = inner(a, b);
Tensor inner(Tensor a, Tensor b);
/// All products of elements of both, flattened: [m], [n] -> [m, n].      Tensor y = outer(a, b);
Tensor outer(Tensor a, Tensor b);

struct Cross {
  int axis = -1;
};
/// The vector product along `.axis`, of size 3 in both; the other axes broadcast. Of size 2 in both: the third part
/// alone, without the axis; 2 and 3: a third part of 0 is added. ShapeError for other sizes.     Tensor n = cross(u,
/// v);
Tensor cross(Tensor a, Tensor b, Cross p = {});
namespace linalg {
using strata::cross;
}

/// Which axes tensordot sums: so many (a's last with b's first), or pairs, the i-th of `a` with the i-th of `b`.
struct Tensordot {
  int count = -1;
  AxisList a, b;
  Tensordot(int n) : count(n) {}  // NOLINT: implicit on purpose
  Tensordot(AxisList of_a, AxisList of_b) : a(std::move(of_a)), b(std::move(of_b)) {}
};
/// Sums over pairs of axes; the others follow in order, a's first. [2, 3, 4], [3, 4, 5] -> [2, 5] for 2; 0 is the outer
/// product.      Tensor y = tensordot(a, b, 2);  Tensor z = tensordot(a, b, {{0, 2}, {1, 0}});
Tensor tensordot(Tensor a, Tensor b, Tensordot axes = 2);

/// Axes of dot_general, pair by pair.
struct DotGeneral {
  AxisList lhs_contracting{}, rhs_contracting{}, lhs_batch{}, rhs_batch{};
};
/// lax.dot_general: the result's axes are the batch axes, then what is left of a, then of b.
///     Tensor y = dot_general(a, b, {.lhs_contracting = {2}, .rhs_contracting = {1}, .lhs_batch = {0}, .rhs_batch =
///     {0}});
Tensor dot_general(Tensor a, Tensor b, DotGeneral p);

/// Einstein's summation: "ij,jk->ik". Without "->" the result has the letters that occur once, in order; "..." are axes
/// that broadcast; a letter twice in one argument is its diagonal; pairs are contracted cheapest first. ShapeError when
/// sizes of a letter differ.      Tensor scores = einsum("bthd,bshd->bhts", q, k);
Tensor einsum(std::string_view spec, std::vector<Tensor> x);
template <class... X>
requires(std::is_convertible_v<X, Tensor>&&...) Tensor einsum(std::string_view spec, X&&... x) {
  return einsum(spec, std::vector<Tensor>{Tensor(std::forward<X>(x))...});
}

}  // namespace strata
