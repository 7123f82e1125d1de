// What grad, vjp, jvp and linearize do on leaves, whatever the user's types: plain functions on lists of tensors,
// compiled once. Called by the templates of autograd/grad.hpp. An exception leaves the level stack as it was.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "strata/autograd/dual.hpp"
#include "strata/autograd/tape.hpp"
#include "strata/core/tree.hpp"

namespace strata::detail {

/// What a leaf is called in an error's words: " (.w)", " of argument 1 (.w)", or nothing.
using LeafName = std::function<std::string(std::size_t leaf)>;
/// The path of a tree's leaf, in brackets.
template <class T>
std::string leaf_in(const T& tree, std::size_t leaf) {
  const std::string path = tree_paths(tree)[leaf];
  return path.empty() ? "" : " (" + path + ")";
}

/// NOTE [leaves as they complete]  While a LeafHookScope lives, the next reverse-mode run that begins on this thread
/// calls the hook in its backward pass with the number of each watched leaf as soon as its gradient is complete, that
/// is after the first recorded op that used it: who sends gradients away need not wait for the rest.
using LeafHook = Tape::LeafHook;
class LeafHookScope {
 public:
  explicit LeafHookScope(const LeafHook& hook);
  ~LeafHookScope();
  LeafHookScope(const LeafHookScope&) = delete;
  LeafHookScope& operator=(const LeafHookScope&) = delete;

 private:
  const LeafHook* before_;
};

/// One reverse-mode run: watch the arguments' leaves, call the function in `scope()`, take cotangents.
class ReverseRun {
 public:
  explicit ReverseRun(const char* transform, bool linearize = false);

  Level& level() const { return tape_.level(); }
  /// Replaces a leaf of an argument by a watched one; float leaves only, others stay and get no gradient.
  void watch(Tensor& leaf);
  /// DtypeError unless some leaf was a float.
  void require_float() const;
  /// Notes a leaf of the result and replaces it by its value.
  void root(Tensor& leaf);
  /// A leaf that is not differentiated (aux): replaces it by its value.
  void aux(Tensor& leaf) const;

  /// Gradients of the one root, which must be a float scalar: of all watched leaves in order.
  std::vector<Tensor> gradients();
  /// Cotangents of the watched leaves from those of the roots. `retain`: may be called again.
  std::vector<Tensor> pull(const std::vector<Tensor>& g, bool retain, const LeafName& name = {});
  /// Tangents of the roots from those of the watched leaves; a linearize run only.
  std::vector<Tensor> push(const std::vector<Tensor>& dx, const LeafName& name = {});

 private:
  struct Leaf {
    Edge edge;  // null: not a float
    Shape shape;
    Dtype dtype;
    bool weak;
    Device device;
  };
  static Leaf describe(const Tensor& x, Edge edge);
  Tensor zeros_of(const Leaf& leaf) const;
  void check(const char* what, const std::vector<Tensor>& given, const std::vector<Leaf>& expected,
             const LeafName& name) const;

  const char* transform_;
  Tape tape_;
  const LeafHook* hook_;  // null: nobody listens
  std::vector<Leaf> leaves_, roots_;
};

/// One forward-mode run.
class ForwardRun {
 public:
  Level& level() const { return duals_->level(); }
  /// x with its tangent; ShapeError or DtypeError when they do not fit; they call the tangent `name()`.
  Tensor dual(const Tensor& x, const Tensor& dx, const std::function<std::string()>& name) const;
  /// Replaces a leaf of the result by its primal and returns its tangent (zeros where it does not depend on the
  /// arguments; undefined for an integer leaf).
  Tensor unpack(Tensor& leaf) const;

 private:
  std::shared_ptr<Duals> duals_ = std::make_shared<Duals>();
};

[[noreturn]] void not_scalar(const char* transform, const Tensor& y);

}  // namespace strata::detail
