// See contraction.hpp. NOTE [folding a product]: axes fall into four groups: batch (in all three), m (a and out),
// n (b and out), k (a and b). Each group's axes merge where one stride covers them; the last of m and of n are the
// GEMM's, what is left over becomes loops in which one operand stands still. Where the GEMM's m or n would be tiny and
// the loops many, the operand is packed instead, so that all of m (or n) is one axis; the result then lies with its
// axes in groups, and is returned as a strided view.
#include "strata/ops/cpu/contraction.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/gemm.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/product_plan.hpp"

namespace strata {
namespace {

using Axis = ProductAxis;
using Group = AxisGroup;

/// A product being planned: its operands (packed copies may replace them) and where everything lies.
class Plan : ProductPlan {
 public:
  Plan(const Contraction& p, Tensor a, Tensor b) : ProductPlan(p, std::move(a), std::move(b)) {}

  Tensor run() {
    const Shape shape = out_shape();
    Tensor c = empty_dense(shape, a_.dtype(), a_.device(), a_.weak() && b_.weak());
    if (c.size() == 0) return c;
    split();
    if (k_.elements() == 0) {
      std::memset(dense(c).data, 0, static_cast<std::size_t>(c.size() * itemsize(c.dtype())));
      return c;
    }
    const bool fold_m = tiny(m_), fold_n = tiny(n_);
    if (fold_m || fold_n || !unit(m_, n_)) regroup_result();
    settle_k();
    for (Group* g : {&batch_, &m_, &n_}) g->merge();
    settle_operands(fold_m, fold_n);
    multiply(dense(c).data);
    return in_order() ? c : view_of(c, shape, out_strides(), 0);
  }

 private:
  /// The summed axes as one: packs the operand that does not see them so.
  void settle_k() {
    Group by_a = k_, by_b = k_;
    by_a.sort([](const Axis& x) { return x.a; });
    by_b.sort([](const Axis& x) { return x.b; });
    Group merged = by_a;
    merged.merge();
    if (merged.size() <= 1) {
      k_ = merged;
      return;
    }
    const auto alone = [](Group g, bool a) {
      for (Axis& x : g) x.c = 0, (a ? x.b : x.a) = 0;
      g.merge();
      return g.size() == 1;
    };
    const bool keep_a = alone(by_a, true), keep_b = !keep_a && alone(by_b, false);
    k_ = keep_b ? by_b : by_a;
    if (!keep_a) pack_a();
    if (!keep_b) pack_b();
    k_.merge();
  }

  /// Its last axis alone makes a poor GEMM, all of them a good one.
  static bool tiny(Group g) {
    g.merge();
    return g.size() > 1 && g.inner().size < 16;
  }
  /// The result's adjacent elements belong to m or n.
  static bool unit(const Group& m, const Group& n) { return m.inner().c == 1 || n.inner().c == 1; }

  /// Copies operands so that axes fold as wished and BLAS can read them.
  void settle_operands(bool fold_m, bool fold_n) {
    if (fold_m && m_.size() > 1) pack_a();
    if (fold_n && n_.size() > 1) pack_b();
    m_.merge();
    n_.merge();
    if (!is_float(a_.dtype())) return;
    const Axis m = m_.inner(), n = n_.inner(), k = k_.inner();
    if (!blas_readable(m.size, k.size, m.a, k.a)) pack_a();
    if (!blas_readable(k.size, n.size, k.b, n.b)) pack_b();
  }

  void pack_a() { a_ = pack(regrouped(a_, m_, &Axis::a)); }
  void pack_b() { b_ = pack(regrouped(b_, n_, &Axis::b)); }

  void multiply(std::byte* c) const {
    Axis m = m_.inner(), n = n_.inner();
    const Axis k = k_.inner();
    std::array<GemmLoop, 3 * max_rank> loops;
    std::size_t count = 0;
    for (const Axis& x : batch_) loops[count++] = {x.size, x.a, x.b, x.c};
    for (int i = 0; i + 1 < m_.size(); ++i) loops[count++] = {m_[i].size, m_[i].a, 0, m_[i].c};
    for (int i = 0; i + 1 < n_.size(); ++i) loops[count++] = {n_[i].size, 0, n_[i].b, n_[i].c};
    const std::byte *a = dense(a_).data, *b = dense(b_).data;
    if (n.c == 1 || m.c != 1) {
      const Gemm g{a_.dtype(), m.size, n.size, k.size, m.a, k.a, k.b, n.b, m.c};
      return gemm(g, a, b, c, {loops.data(), count});
    }
    for (std::size_t i = 0; i < count; ++i) std::swap(loops[i].a, loops[i].b);  // C' = B' A'
    const Gemm g{a_.dtype(), n.size, m.size, k.size, n.b, k.b, k.a, m.a, n.c};
    gemm(g, b, a, c, {loops.data(), count});
  }
};

Tensor to_dtype(const Tensor& x, Dtype to) {
  const Tensor p = pack(x);
  Tensor y = empty_dense(x.shape(), to, x.device(), x.weak());
  const Dtype from = x.dtype();
  const std::byte* in = dense(p).data;
  std::byte* out = dense(y).data;
  parallel_for(x.size(), 32 * 1024, [&](std::int64_t b, std::int64_t e) {
    convert_run(in + b * itemsize(from), from, out + b * itemsize(to), to, e - b);
  });
  return y;
}

/// A matrix's axis: its size and stride, 1 and 0 when the label is missing.
struct Side {
  std::int64_t size = 1, stride = 0;
  Side(const Tensor& x, const Labels& labels, int label) {
    const int i = label < 0 ? -1 : labels.find(label);
    if (i < 0 || x.shape()[i] == 1) return;
    size = x.shape()[i];
    stride = dense(x).strides[i];
  }
};

/// The common case at once: at most one axis of each group, the result in the order batch, m, n (or batch, n, m),
/// operands that BLAS reads as they lie. Undefined when it is not that. With a `sum`, row-major and of the result's
/// shape and type, the product is added onto it.
Tensor contract_matrices(const Contraction& p, const Tensor& a, const Tensor& b, const Tensor& sum = {}) {
  if (a.dtype() != Dtype::float32 && a.dtype() != Dtype::float64) return {};
  int batch = -1, m = -1, n = -1, k = -1;
  for (const int l : p.a) {
    int& group = !p.b.has(l) ? m : p.out.has(l) ? batch : k;
    if (group >= 0) return {};
    group = l;
  }
  for (const int l : p.b) {
    if (p.a.has(l)) continue;
    if (n >= 0) return {};
    n = l;
  }
  if (k < 0 || (batch >= 0 && p.out[0] != batch)) return {};
  const bool swap = m >= 0 && n >= 0 && p.out[p.out.size() - 1] == m;
  if (swap) return contract_matrices({p.b, p.a, p.out}, b, a, sum);
  const Side batch_a(a, p.a, batch), batch_b(b, p.b, batch), m_a(a, p.a, m), k_a(a, p.a, k), k_b(b, p.b, k),
      n_b(b, p.b, n);
  if (a.size() == 0 || b.size() == 0) return {};
  if (!blas_readable(m_a.size, k_a.size, m_a.stride, k_a.stride)) return {};
  if (!blas_readable(k_b.size, n_b.size, k_b.stride, n_b.stride)) return {};
  Shape shape;
  for (const int l : p.out) {
    const int i = p.a.find(l);
    shape.push_back(i >= 0 ? a.shape()[i] : b.shape()[p.b.find(l)]);
  }
  const bool weak = a.weak() && b.weak(), add = sum.defined();
  if (add && !(sum.shape() == shape && sum.weak() == weak)) return {};
  Tensor c = add ? sum : empty_dense(shape, a.dtype(), a.device(), weak);
  const GemmLoop loop{batch_a.size, batch_a.stride, batch_b.stride, m_a.size * n_b.size};
  const Gemm g{a.dtype(), m_a.size, n_b.size, k_a.size, m_a.stride, k_a.stride, k_b.stride, n_b.stride, n_b.size, add};
  gemm(g, dense(a).data, dense(b).data, dense(c).data, {&loop, batch >= 0 ? std::size_t{1} : std::size_t{0}});
  return c;
}

}  // namespace

Tensor contract_dense(const Contraction& p, Tensor a, Tensor b) {
  const Dtype d = a.dtype();
  if (Tensor c = contract_matrices(p, a, b); c.defined()) return c;
  if (!is_half(d)) return Plan(p, std::move(a), std::move(b)).run();
  return to_dtype(Plan(p, to_dtype(a, Dtype::float32), to_dtype(b, Dtype::float32)).run(), d);
}

bool add_contraction(const Contraction& p, const Tensor& a, const Tensor& b, Tensor& sum) {
  if (!sum.is_dense() || !donatable(sum) || a.dtype() != sum.dtype() || b.dtype() != sum.dtype()) return false;
  return contract_matrices(p, a, b, sum).defined();
}

}  // namespace strata
