// A product of two tensors as a device plans it: its operands, its axes in groups (ops/product_axes.hpp), and the order
// in which the result's axes lie in memory. Base of the CPU's plan (ops/cpu/contraction.cpp) and of a GPU's
// (ops/cuda/contraction.cpp). Always holds: an axis's strides are those of the operands as they lie now.
#pragma once
#include <algorithm>
#include <utility>

#include "strata/ops/contract.hpp"
#include "strata/ops/product_axes.hpp"

namespace strata {

class ProductPlan {
 protected:
  ProductPlan(const Contraction& p, Tensor a, Tensor b)
      : p_(p), a_shape_(a.shape()), b_shape_(b.shape()), a_(std::move(a)), b_(std::move(b)), order_(p.out) {}

  Shape out_shape() const {
    Shape s;
    for (int l : p_.out) s.push_back(size_of(l));
    return s;
  }
  Strides out_strides() const {
    Strides s;
    for (int l : p_.out) s.push_back(c_stride(l));
    return s;
  }
  bool in_order() const { return std::equal(order_.begin(), order_.end(), p_.out.begin()); }

  /// Sorts the axes (those of size 1 vanish) into the four groups.
  void split() {
    batch_ = m_ = n_ = k_ = AxisGroup();
    const auto stride = [](const Tensor& x, const Labels& labels, int l) {
      const int i = labels.find(l);
      return i < 0 ? std::int64_t{0} : dense(x).strides[i];
    };
    const auto axis = [&](int l) {
      return ProductAxis{l, size_of(l), stride(a_, p_.a, l), stride(b_, p_.b, l), c_stride(l)};
    };
    for (int l : p_.a) {
      const ProductAxis x = axis(l);
      if (x.size == 1) continue;
      (!p_.b.has(l) ? m_ : p_.out.has(l) ? batch_ : k_).push_back(x);
    }
    for (int l : p_.b) {
      if (!p_.a.has(l) && size_of(l) != 1) n_.push_back(axis(l));
    }
    sort();
  }

  /// Lays the result out in the order batch, m, n.
  void regroup_result() {
    Labels order;
    const auto take = [&](bool in_a, bool in_b) {
      for (int l : p_.out) {
        if (p_.a.has(l) == in_a && p_.b.has(l) == in_b) order.push_back(l);
      }
    };
    take(true, true);
    take(true, false);
    take(false, true);
    order_ = order;
    for (AxisGroup* g : {&batch_, &m_, &n_}) {
      for (ProductAxis& x : *g) x.c = c_stride(x.label);
    }
    sort();
  }

  /// An operand with its axes in the order batch, free, k, to be copied so: the axes' strides become the copy's.
  Tensor regrouped(const Tensor& x, AxisGroup& free, std::int64_t ProductAxis::*stride) {
    Shape shape, strides;
    for (const AxisGroup* g : {&batch_, &free, &k_}) {
      for (const ProductAxis& axis : *g) {
        shape.push_back(axis.size);
        strides.push_back(axis.*stride);
      }
    }
    std::int64_t step = 1;
    for (AxisGroup* g : {&k_, &free, &batch_}) {
      for (int i = g->size() - 1; i >= 0; --i) {
        (*g)[i].*stride = step;
        step *= (*g)[i].size;
      }
    }
    return view_of(x, shape, strides, 0);
  }

  const Contraction& p_;
  const Shape a_shape_, b_shape_;  // as given: copies have other shapes
  Tensor a_, b_;
  AxisGroup batch_, m_, n_, k_;

 private:
  std::int64_t size_of(int label) const {
    const int i = p_.a.find(label);
    return i >= 0 ? a_shape_[i] : b_shape_[p_.b.find(label)];
  }
  /// The stride of one of the result's axes in memory.
  std::int64_t c_stride(int label) const {
    std::int64_t stride = 1;
    for (int i = order_.size() - 1; i >= 0 && order_[i] != label; --i) stride *= size_of(order_[i]);
    return order_.has(label) ? stride : 0;
  }
  void sort() {
    for (AxisGroup* g : {&batch_, &m_, &n_}) g->sort([](const ProductAxis& x) { return x.c; });
  }

  Labels order_;  // the result's labels as they lie in memory
};

}  // namespace strata
