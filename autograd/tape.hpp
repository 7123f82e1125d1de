// The tape: records ops that meet a tensor being differentiated, and pulls cotangents back through them.
// Called by grad, vjp, linearize (autograd/grad.hpp). One tape per running grad or vjp.
// Always holds: nodes are in creation order, so walking `previous` is a reverse topological order; node memory is freed
// with the tape.
#pragma once
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "strata/core/arena.hpp"
#include "strata/core/op.hpp"

namespace strata {

/// Where an argument came from: output `out` of `node`; null for a constant.
struct Edge {
  Node* node = nullptr;
  std::uint32_t out = 0;
};

/// One recorded op: plain memory in the arena, small, because long tapes leave the cache. Behind it lie its edges
/// [inputs], the cotangents as they arrive [outputs], and what it keeps: arguments [inputs], undefined where not kept,
/// and results [outputs]. `op` is null for a leaf.
struct Node {
  const Op* op;
  Node* previous;
  void* params;
  std::uint32_t inputs : 31, has_x : 1;
  std::uint32_t outputs : 30, has_y : 1, released : 1;

  Edge* edges() { return reinterpret_cast<Edge*>(this + 1); }
  Tensor* g() { return reinterpret_cast<Tensor*>(edges() + inputs); }
  Tensor* x() { return has_x ? g() + outputs : nullptr; }  // null when none is kept
  Tensor* y() { return has_y ? g() + outputs + (has_x ? inputs : 0) : nullptr; }
};

class Tape final : public Interpreter {
 public:
  /// keep_all: every node keeps arguments and results, whatever its vjp reads (linearize pushes forward through them).
  explicit Tape(bool keep_all = false);
  ~Tape() override;

  Level& level() const { return lease_.level(); }
  LevelId id() const { return lease_.id(); }

  /// x as a leaf of this tape, to be differentiated. x is a float tensor.
  Tensor watch(const Tensor& x);
  /// What x is to levels below, and where it came from on this tape (null node: it did not).
  std::pair<Tensor, Edge> unwatch(const Tensor& x) const;

  /// Called with a leaf's number and its cotangent, undefined for zero, when no node is left that adds to it.
  using LeafHook = std::function<void(std::size_t, const Tensor&)>;
  /// Cotangents of `leaves` given those of `roots`; undefined means zero. `retain`: the tape can be walked again.
  std::vector<Tensor> backward(std::span<const Edge> roots, std::span<const Tensor> g, std::span<const Edge> leaves,
                               bool retain, const LeafHook* hook = nullptr);
  /// Tangents of `roots` given those of `leaves`. Needs keep_all.
  std::vector<Tensor> forward(std::span<const Edge> leaves, std::span<const Tensor> dx, std::span<const Edge> roots);

  void run(Call& call) override;
  bool quick(const Op& op, const void* params, const Impl* const* x, Tensor& y) override;
  std::vector<Tensor> run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) override;

 private:
  struct Segment;
  std::vector<Tensor> run_segment(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x,
                                  std::vector<Edge> edges);
  std::vector<Tensor> record_custom(std::vector<Edge> edges, std::vector<Tensor> y, Custom::Pullback pullback,
                                    std::uint64_t collectives_before);
  Node* add_node(const Op* op, std::uint32_t inputs, std::uint32_t outputs, Keep keep, const void* params);
  void release(Node* node);
  void pull(Node* node, bool retain);
  std::unordered_map<const Node*, std::vector<std::size_t>> first_uses(std::span<const Edge> leaves) const;

  LevelLease lease_;
  Arena arena_;
  Node* last_ = nullptr;
  bool keep_all_;
};

}  // namespace strata
