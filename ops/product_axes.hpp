// The axes of a product of two tensors, by group: batch (in all three), m (a and out), n (b and out), k (a and b). What
// products are planned with (ops/product_plan.hpp).
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "strata/core/shape.hpp"

namespace strata {

struct ProductAxis {
  int label;
  std::int64_t size, a, b, c;  // strides; 0 in a tensor that lacks the axis
};

/// Axes of one group, outermost first.
class AxisGroup {
 public:
  void push_back(const ProductAxis& x) { axes_[static_cast<std::size_t>(n_++)] = x; }
  int size() const { return n_; }
  ProductAxis& operator[](int i) { return axes_[static_cast<std::size_t>(i)]; }
  const ProductAxis& operator[](int i) const { return axes_[static_cast<std::size_t>(i)]; }
  ProductAxis* begin() { return axes_.data(); }
  ProductAxis* end() { return axes_.data() + n_; }
  const ProductAxis* begin() const { return axes_.data(); }
  const ProductAxis* end() const { return axes_.data() + n_; }
  /// The last one; of size 1 when there is none.
  ProductAxis inner() const { return n_ > 0 ? (*this)[n_ - 1] : ProductAxis{-1, 1, 0, 0, 0}; }
  std::int64_t elements() const {
    std::int64_t e = 1;
    for (const ProductAxis& x : *this) e *= x.size;
    return e;
  }
  template <class Key>
  void sort(Key key) {
    std::stable_sort(begin(), end(), [&](const ProductAxis& x, const ProductAxis& y) { return key(x) > key(y); });
  }
  /// Joins neighbours that one stride covers in every tensor.
  void merge() {
    int n = 0;
    for (const ProductAxis& x : *this) {
      if (n > 0) {
        ProductAxis& last = axes_[static_cast<std::size_t>(n - 1)];
        if (last.a == x.a * x.size && last.b == x.b * x.size && last.c == x.c * x.size) {
          last = {x.label, last.size * x.size, x.a, x.b, x.c};
          continue;
        }
      }
      axes_[static_cast<std::size_t>(n++)] = x;
    }
    n_ = n;
  }
  /// Whether one stride covers all of them in the tensor that `stride` says.
  bool is_one(std::int64_t ProductAxis::*stride) const {
    for (int i = 1; i < n_; ++i) {
      if ((*this)[i - 1].*stride != (*this)[i].*stride * (*this)[i].size) return false;
    }
    return true;
  }

 private:
  std::array<ProductAxis, 2 * max_rank> axes_{};
  int n_ = 0;
};

}  // namespace strata
