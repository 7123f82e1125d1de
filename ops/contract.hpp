// The one product: two tensors, a label for each axis, sums over the labels that the result lacks. matmul, dot_general,
// einsum and their derivatives are made of it. Called by the contract, einsum, conv and linalg families.
// Always holds: a label occurs at most once in a tensor, and in at least two of {a, b, out}. So the rule of each
// derivative, and of each batching, is again such a product with labels exchanged or added.
#pragma once
#include <cstdint>

#include "strata/core/tensor.hpp"

namespace strata {

/// The labels of a tensor's axes.
class Labels {
 public:
  Labels() = default;
  Labels(std::initializer_list<int> labels) {
    for (int l : labels) push_back(l);
  }
  int size() const { return n_; }
  int operator[](int i) const { return at_[i]; }
  const std::int8_t* begin() const { return at_; }
  const std::int8_t* end() const { return at_ + n_; }
  void push_back(int label) { insert(n_, label); }
  /// ShapeError when there is no room: a result of more than max_rank axes.
  void insert(int place, int label);
  /// The place of `label`, or -1.
  int find(int label) const {
    for (int i = 0; i < n_; ++i) {
      if (at_[i] == label) return i;
    }
    return -1;
  }
  bool has(int label) const { return find(label) >= 0; }

 private:
  std::int8_t n_ = 0;
  std::int8_t at_[max_rank] = {};
};

struct Contraction {
  Labels a, b, out;
  // The result is the cotangent of an operand that vmap levels deeper than `shared` do not map; -1: it is none.
  int shared = -1;
  std::uint64_t lanes = 0;  // labels of such levels' lanes: the result may stay factored (ops/factored.hpp)
};

/// The product. Arguments promote; integers and bool keep their dtype. Sizes agree: the caller has checked.
Tensor contract(const Contraction& p, Tensor a, Tensor b);
/// sum + contract(p, a, b), an undefined sum being zero; written over the sum where nobody else sees it.
Tensor contract_onto(Tensor sum, const Contraction& p, Tensor a, Tensor b);

}  // namespace strata
