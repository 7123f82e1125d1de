// Products of matrices of floats, in the double of a GPU: plain loops. Half types accumulate in float32, as cuBLASLt
// does. Called by ops/cuda/products.cu.
#include "strata/ops/cuda/libraries/blas.hpp"

#include <vector>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/typed.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

template <class A>
void multiply(const GemmCall& g) {
  std::vector<A> b(static_cast<std::size_t>(g.k * g.n)), line(static_cast<std::size_t>(g.n));
  for (Int item = 0; item < g.batch; ++item) {
    for (Int k = 0; k < g.k; ++k) {
      for (Int n = 0; n < g.n; ++n)
        b[static_cast<std::size_t>(k * g.n + n)] = load<A>(g.b, g.dtype, item * g.b_batch + k * g.b_row + n * g.b_col);
    }
    for (Int m = 0; m < g.m; ++m) {
      const Int at = item * g.c_batch + m * g.c_row;
      for (Int n = 0; n < g.n; ++n)
        line[static_cast<std::size_t>(n)] = g.accumulate ? load<A>(g.c, g.dtype, at + n) : A(0);
      for (Int k = 0; k < g.k; ++k) {
        const A a = load<A>(g.a, g.dtype, item * g.a_batch + m * g.a_row + k * g.a_col);
        const A* row = b.data() + k * g.n;
        for (Int n = 0; n < g.n; ++n) line[static_cast<std::size_t>(n)] += a * row[n];
      }
      for (Int n = 0; n < g.n; ++n) store(g.c, g.dtype, at + n, line[static_cast<std::size_t>(n)]);
    }
  }
}

}  // namespace

Error blas_gemm(int, const GemmCall& g) {
  if (matrix_layout(g.m, g.k, g.a_row, g.a_col).ld == 0 || matrix_layout(g.k, g.n, g.b_row, g.b_col).ld == 0)
    return "cuBLASLt could not read an operand as it lies";
  if (g.batch > most_batch) return "a batch that cuBLASLt may refuse";
  if (g.m > 1 && g.c_row < g.n) return "rows of the product overlap";
  return give([g] { g.dtype == Dtype::float64 ? multiply<double>(g) : multiply<float>(g); });
}

}  // namespace strata::gpu
