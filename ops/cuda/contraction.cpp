// A product of two tensors of a GPU as one batch of matrix products. NOTE [one batch]  Each of the four groups of axes
// (ops/product_axes.hpp) becomes one axis: operands in which one stride does not cover a group are copied, and the
// result lies with its groups in order and is returned as a strided view, where the order asked for cannot be written
// at once. So there is one launch, whatever the labels.
#include "strata/ops/cuda/contraction.hpp"

#include "strata/ops/backend.hpp"
#include "strata/ops/cuda/tensors.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/menu/precision.hpp"
#include "strata/ops/product_plan.hpp"

namespace strata::gpu {
namespace {

class Product : ProductPlan {
 public:
  Product(const Contraction& p, Tensor a, Tensor b) : ProductPlan(p, std::move(a), std::move(b)) { split(); }

  Tensor run() {
    const Shape shape = out_shape();
    if (!one_each()) regroup_result();
    const Tensor c = empty_dense(shape, a_.dtype(), a_.device(), a_.weak() && b_.weak());
    if (c.size() == 0) return c;
    if (k_.elements() == 0) {
      const std::uint64_t zero = 0;
      backend(c).elements.fill(c, &zero);
      return c;
    }
    multiply(dense(c).data, false);
    return in_order() ? c : view_of(c, shape, out_strides(), 0);
  }

  /// False when c cannot be added to as it lies.
  bool add_to(const Tensor& c) {
    if (!(out_shape() == c.shape()) || !one_each() || a_.weak() != c.weak() || b_.weak() != c.weak()) return false;
    if (c.size() > 0 && k_.elements() > 0) multiply(dense(c).data, true);
    return true;
  }

 private:
  /// In the result's memory each group is one axis, and m's or n's elements are adjacent.
  bool one_each() const {
    const bool adjacent = m_.inner().c == 1 || n_.inner().c == 1 || m_.size() + n_.size() == 0;
    return adjacent && batch_.is_one(&ProductAxis::c) && m_.is_one(&ProductAxis::c) && n_.is_one(&ProductAxis::c);
  }
  bool readable(const AxisGroup& free, std::int64_t ProductAxis::*stride) const {
    if (!batch_.is_one(stride) || !free.is_one(stride) || !k_.is_one(stride)) return false;
    const std::int64_t rows = free.elements(), cols = k_.elements();
    return !is_float(a_.dtype()) || matrix_layout(rows, cols, free.inner().*stride, k_.inner().*stride).ld > 0;
  }
  /// The summed axes in an order that one operand has as one axis, if there is such an order; then copies.
  void settle_operands() {
    k_.sort([](const ProductAxis& x) { return x.a; });
    if (!k_.is_one(&ProductAxis::a)) k_.sort([](const ProductAxis& x) { return x.b; });
    if (!readable(m_, &ProductAxis::a)) a_ = pack(regrouped(a_, m_, &ProductAxis::a));
    if (!readable(n_, &ProductAxis::b)) b_ = pack(regrouped(b_, n_, &ProductAxis::b));
  }

  void multiply(void* c, bool accumulate) {
    settle_operands();
    const ProductAxis m = m_.inner(), n = n_.inner(), k = k_.inner(), batch = batch_.inner();
    GemmCall g;
    g.dtype = a_.dtype();
    g.accumulate = accumulate;
    g.tf32 = tf32_allowed();
    g.m = m_.elements(), g.n = n_.elements(), g.k = k_.elements(), g.batch = batch_.elements();
    g.a = dense(a_).data, g.b = dense(b_).data, g.c = c;
    g.a_row = m.a, g.a_col = k.a, g.a_batch = batch.a;
    g.b_row = k.b, g.b_col = n.b, g.b_batch = batch.b;
    g.c_row = m.c, g.c_batch = batch.c;
    if (n.c != 1 && m.c == 1) {  // C' = B' A'
      std::swap(g.m, g.n);
      std::swap(g.a, g.b);
      g.a_row = n.b, g.a_col = k.b, g.a_batch = batch.b;
      g.b_row = k.a, g.b_col = m.a, g.b_batch = batch.a;
      g.c_row = n.c;
    }
    if (g.m == 1) g.c_row = g.n;
    check("contract", a_, kernels(a_).products.gemm(index_of(a_), g));
  }
};

}  // namespace

Tensor contract(const Contraction& p, Tensor a, Tensor b) { return Product(p, std::move(a), std::move(b)).run(); }

bool add_contraction(const Contraction& p, const Tensor& a, const Tensor& b, Tensor& sum) {
  if (!is_float(sum.dtype()) || a.dtype() != sum.dtype() || b.dtype() != sum.dtype()) return false;
  if (!may_overwrite(sum)) return false;
  Tensor x[] = {a, b};
  const OpOnDevice named("contract");
  settle_on_device("contract", x, false);
  return Product(p, a, b).add_to(sum);
}

}  // namespace strata::gpu
