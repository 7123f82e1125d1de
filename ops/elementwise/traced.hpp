// Traced: an element that stands for all elements of a tensor; its ops run one by one, on whatever device and under
// whatever transforms the tensor is. So a function that is compiled for a GPU also runs on the CPU, on integers, and
// where its derivative is differentiated again. Always holds: a Traced is the number of a tensor on the thread's Slate,
// so that nvcc lets functions of both sides copy it. What may throw gives that number as an int: g++ 12 fails where
// such a call's result, a struct, becomes part of an array.
#pragma once
#include <utility>
#include <vector>

#include "strata/ops/elementwise/on_tensors.hpp"
#include "strata/ops/ops.hpp"

namespace strata::fused {

/// The tensors of one run of a function. The innermost one of a thread is in use.
class Slate {
 public:
  Slate();
  ~Slate();
  Slate(const Slate&) = delete;
  Slate& operator=(const Slate&) = delete;
  static Slate& here();
  int add(Tensor x) {
    tensors_.push_back(std::move(x));
    return static_cast<int>(tensors_.size()) - 1;
  }
  Tensor at(int i) const { return tensors_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<Tensor> tensors_;
  Slate* before_;
};

struct Traced {
  using Bool = Traced;
  int at = -1;

  static int hold(Tensor x) { return Slate::here().add(std::move(x)); }
  Tensor tensor() const { return Slate::here().at(at); }
  using SlopesOf = Slopes<Tensor> (*)(const Tensor& a, const Tensor& b, const Tensor& y, Wanted want);
  static Slopes<Traced> hold(SlopesOf slopes, Traced a, Traced b, Traced y, Wanted want) {
    Slopes<Tensor> d = slopes(a.tensor(), b.tensor(), y.tensor(), want);
    return {{hold(std::move(d.first))}, {hold(std::move(d.second))}};
  }

  STRATA_ALSO_HOST template <Scalar A>
  STRATA_HD static Traced of(A number) {
    return {hold(Tensor(number))};
  }
  STRATA_HD static Traced from(Traced b) { return b; }
  STRATA_ALSO_HOST template <class X>
  STRATA_HD static Traced stopped(X x) {
    return {hold(stop_gradient(x.tensor()))};
  }

  STRATA_ALSO_HOST template <class D, class... A>
  STRATA_HD static Traced apply(A... a) {
    return {hold(OnTensors<D>::apply({a.tensor()...}))};
  }
  template <class D, class... A>
  STRATA_HD static Traced ask(A... a) {
    return apply<D>(a...);
  }
  STRATA_ALSO_HOST template <class X>
  STRATA_HD static Traced both(X a, X b) {
    return {hold(logical_and(a.tensor(), b.tensor()))};
  }
  STRATA_ALSO_HOST template <class X>
  STRATA_HD static Traced either(X a, X b) {
    return {hold(logical_or(a.tensor(), b.tensor()))};
  }
  STRATA_ALSO_HOST template <class X>
  STRATA_HD static Traced opposite(X a) {
    return {hold(logical_not(a.tensor()))};
  }
  STRATA_ALSO_HOST template <class X>
  STRATA_HD static Traced select(Traced c, X a, X b) {
    return {hold(where(c.tensor(), a.tensor(), b.tensor()))};
  }
  STRATA_ALSO_HOST template <class X>
  STRATA_HD static Traced whole_power(X x, int n) {
    return {hold(pow(x.tensor(), Tensor(n)))};
  }

  STRATA_ALSO_HOST template <class D>
  STRATA_HD static Traced scaled(Traced g, Traced x, Traced y) {
    return {hold(OnTensors<D>::scaled(g.tensor(), x.tensor(), y.tensor()))};
  }
  STRATA_ALSO_HOST template <class D>
  STRATA_HD static Slopes<Traced> slopes(Traced a, Traced b, Traced y, Wanted want) {
    return hold(&OnTensors<D>::slopes, a, b, y, want);
  }
};

}  // namespace strata::fused
