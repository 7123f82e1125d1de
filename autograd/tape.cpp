// Recording and walking the tape.
#include "strata/autograd/tape.hpp"

#include <algorithm>
#include <set>

#include "strata/autograd/custom_node.hpp"
#include "strata/autograd/walking.hpp"
#include "strata/core/error.hpp"
#include "strata/core/rows.hpp"
#include "strata/core/small.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/ops.hpp"

namespace strata {

namespace {
thread_local std::uint64_t walking = 0;
}

std::uint64_t walking_tape() { return walking; }

Tape::Tape(bool keep_all) : lease_(LevelKind::grad, this), keep_all_(keep_all) {}

Tape::~Tape() {
  for (Node* n = last_; n; n = n->previous) release(n);
}

/// One block: the node, its edges and tensors, its params.
Node* Tape::add_node(const Op* op, std::uint32_t inputs, std::uint32_t outputs, Keep keep, const void* params) {
  const bool has_x = op && kept_inputs(keep, inputs) > 0, has_y = op && keeps_result(keep);
  const std::size_t tensors = outputs + (has_x ? inputs : 0) + (has_y ? outputs : 0);
  const std::size_t params_size = params ? op->params_size : 0;
  const std::size_t params_at =
      (sizeof(Node) + inputs * sizeof(Edge) + tensors * sizeof(Tensor) + 15) & ~std::size_t{15};
  auto* block = static_cast<std::byte*>(arena_.allocate(params_at + params_size));
  auto* n = new (block) Node{op, last_, nullptr, inputs & 0x7fffffffu, has_x, outputs & 0x3fffffffu, has_y, false};
  for (std::size_t i = 0; i < inputs; ++i) new (n->edges() + i) Edge();
  for (std::size_t i = 0; i < tensors; ++i) new (n->g() + i) Tensor();
  if (params_size) {
    n->params = block + params_at;
    op->params_copy(n->params, params);
  }
  last_ = n;
  return n;
}

void Tape::release(Node* n) {
  if (n->released) return;
  const std::size_t tensors = n->outputs + (n->has_x ? n->inputs : 0) + (n->has_y ? n->outputs : 0);
  for (std::size_t i = 0; i < tensors; ++i) n->g()[i] = Tensor();
  if (n->params && n->op->params_destroy) n->op->params_destroy(n->params);
  n->params = nullptr;
  n->released = true;
}

Tensor Tape::watch(const Tensor& x) {
  Node* n = add_node(nullptr, 0, 1, Keep::nothing, nullptr);
  return make_taped(x, n, 0, id());
}

std::pair<Tensor, Edge> Tape::unwatch(const Tensor& x) const {
  if (!x.defined() || !belongs_to(x, id())) return {x, {}};
  const auto& w = static_cast<const Taped&>(wrapper(x));
  return {w.value, {w.node, w.out}};
}

void Tape::run(Call& call) {
  const auto n = call.x.size(), m = call.y.size();
  SmallArray<Tensor> x(n), kept(n);
  SmallArray<Edge> edges(n);
  bool recorded = false;
  for (std::size_t i = 0; i < n; ++i) {
    Tensor& t = call.x[i];
    if (!t.defined() || !belongs_to(t, id())) {
      x[i] = std::move(t);
      continue;
    }
    auto& w = static_cast<Taped&>(wrapper(t));
    edges[i] = {w.node, w.out};
    recorded = true;
    // The last handle of the wrapper hands its value on, so that the op may take over the buffer.
    x[i] = t.impl()->refs.alone() ? std::move(w.value) : w.value;
    t = Tensor();
  }
  recorded = recorded && call.op.differentiable;
  const Keep keep = keep_all_ ? Keep::both : call.op.keep;
  const std::size_t count = recorded ? kept_inputs(keep, n) : 0;
  for (std::size_t i = 0; i < count; ++i) kept[i] = x[i];
  apply(call.op, call.params, Out(x.data(), n), call.y);
  if (!recorded) return;
  Node* node = add_node(&call.op, static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(m), keep, call.params);
  for (std::size_t i = 0; i < n; ++i) node->edges()[i] = edges[i];
  for (std::size_t i = 0; i < count; ++i) node->x()[i] = std::move(kept[i]);
  if (node->y()) {
    for (std::size_t i = 0; i < m; ++i) node->y()[i] = call.y[i];
  }
  for (std::size_t i = 0; i < m; ++i) {
    Tensor& y = call.y[i];
    if (y.defined() && is_float(y.dtype())) y = make_taped(std::move(y), node, static_cast<std::uint32_t>(i), id());
  }
}

namespace {

/// A handle of a borrowed operand of a call in `dtype`; a C++ number becomes an element of that.
Tensor handle_of(const Impl* x, Dtype dtype) {
  if (x->kind == Kind::dense && static_cast<const Dense*>(x)->number)
    return number_as(*static_cast<const Dense*>(x), dtype);
  auto* shared = const_cast<Impl*>(x);
  shared->refs.retain();
  return Tensor(shared);
}

}  // namespace

bool Tape::quick(const Op& op, const void* params, const Impl* const* x, Tensor& y) {
  const Impl* in[max_quick];
  const Impl* largest = x[0];
  for (int i = 0; i < op.inputs; ++i) {
    in[i] = belongs_to(*x[i], id()) ? static_cast<const Taped*>(x[i])->value.impl() : x[i];
    if (x[i]->size == 0) return false;  // then sizes do not say which has the result's shape
    if (x[i]->size > largest->size || x[i]->shape.size() > largest->shape.size()) largest = x[i];
  }
  for (int i = 0; i < op.inputs; ++i) {  // rules see arguments of the result's shape
    if (in[i] != x[i] && !(x[i]->shape == largest->shape)) return false;
  }
  if (!strata::quick(op, params, in, y)) return false;
  if (!op.differentiable) return true;
  const Keep keep = keep_all_ ? Keep::both : op.keep;
  const auto n = static_cast<std::uint32_t>(op.inputs);
  Node* node = add_node(&op, n, 1, keep, params);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (in[i] != x[i]) node->edges()[i] = {static_cast<const Taped*>(x[i])->node, static_cast<const Taped*>(x[i])->out};
  }
  for (std::size_t i = 0; i < kept_inputs(keep, n); ++i) node->x()[i] = handle_of(in[i], y.dtype());
  if (node->y()) node->y()[0] = y;
  if (is_float(y.dtype())) y = make_taped(std::move(y), node, 0, id());
  return true;
}

namespace {

void accumulate(Edge edge, Tensor g) {
  if (!g.defined()) return;
  Tensor& slot = edge.node->g()[edge.out];
  slot = slot.defined() ? add(std::move(slot), std::move(g)) : std::move(g);
}

}  // namespace

void Tape::pull(Node* node, bool retain) {
  bool any = false;
  for (std::uint32_t i = 0; i < node->outputs; ++i) any |= node->g()[i].defined();
  if (!any && !node->op->collective) {
    if (!retain) release(node);
    return;
  }
  static const std::vector<Tensor> none(64);  // what was not kept
  std::vector<Tensor> many;                   // the same for an op of very many arguments
  const auto kept = [&](const Tensor* t, std::uint32_t count) {
    if (t) return In(t, count);
    if (count > none.size()) many.resize(count);
    return count > none.size() ? In(many.data(), count) : In(none.data(), count);
  };
  SmallArray<bool> need(node->inputs);
  SmallArray<Tensor> dx(node->inputs);
  for (std::uint32_t i = 0; i < node->inputs; ++i) {
    const Edge e = node->edges()[i];
    need[i] = e.node != nullptr;
    if (need[i] && node->op->adds) dx[i] = std::exchange(e.node->g()[e.out], Tensor());
  }
  node->op->vjp(node->params, kept(node->x(), node->inputs), kept(node->y(), node->outputs),
                In(node->g(), node->outputs), Need{need.data()}, Out(dx.data(), node->inputs));
  for (std::uint32_t i = 0; i < node->outputs; ++i) node->g()[i] = Tensor();
  for (std::uint32_t i = 0; i < node->inputs; ++i) {
    if (need[i]) accumulate(node->edges()[i], std::move(dx[i]));
  }
  if (!retain) release(node);
}

/// The node after whose turn in a backward pass each leaf is complete: the first that used it, or the leaf itself.
std::unordered_map<const Node*, std::vector<std::size_t>> Tape::first_uses(std::span<const Edge> leaves) const {
  std::unordered_map<const Node*, const Node*> first;
  for (const Edge& leaf : leaves) {
    if (leaf.node) first[leaf.node] = leaf.node;
  }
  for (Node* n = last_; n; n = n->previous) {
    for (std::uint32_t i = 0; i < n->inputs; ++i) {
      const auto at = first.find(n->edges()[i].node);
      if (at != first.end()) at->second = n;
    }
  }
  std::unordered_map<const Node*, std::vector<std::size_t>> leaves_of;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].node) leaves_of[first[leaves[i].node]].push_back(i);
  }
  return leaves_of;
}

std::vector<Tensor> Tape::backward(std::span<const Edge> roots, std::span<const Tensor> g, std::span<const Edge> leaves,
                                   bool retain, const LeafHook* hook) {
  struct Reset {  // an exception leaves no half-summed cotangents behind
    Node* last;
    ~Reset() {
      for (Node* n = last; n; n = n->previous) {
        if (n->released) continue;
        for (std::uint32_t i = 0; i < n->outputs; ++i) n->g()[i] = Tensor();
      }
    }
  } reset{last_};
  struct Walking {
    std::uint64_t before;
    explicit Walking(std::uint64_t serial) : before(std::exchange(walking, serial)) {}
    ~Walking() { walking = before; }
  } now(id().serial);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (roots[i].node) accumulate(roots[i], g[i]);
  }
  std::unordered_map<const Node*, std::vector<std::size_t>> complete;
  if (hook) complete = first_uses(leaves);
  std::vector<Node*> sources;  // the nodes of leaves, which are not pulled
  for (Node* n = last_; n; n = n->previous) {
    if (!n->op)
      sources.push_back(n);
    else if (!n->released)
      pull(n, retain);
    if (!hook) continue;
    if (const auto at = complete.find(n); at != complete.end()) {
      for (const std::size_t i : at->second) (*hook)(i, leaves[i].node->g()[leaves[i].out]);
    }
  }
  std::vector<Tensor> dx;
  for (const Edge& leaf : leaves) dx.push_back(leaf.node ? leaf.node->g()[leaf.out] : Tensor());
  if (!retain) {  // every other node has been released: a long tape need not be walked again
    for (Node* n : sources) release(n);
    last_ = reset.last = nullptr;
  }
  return dx;
}

std::vector<Tensor> Tape::forward(std::span<const Edge> leaves, std::span<const Tensor> dx,
                                  std::span<const Edge> roots) {
  std::vector<Node*> order;
  for (Node* n = last_; n; n = n->previous) order.push_back(n);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].node) leaves[i].node->g()[leaves[i].out] = dx[i];
  }
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    Node& n = **it;
    if (!n.op) continue;
    SmallArray<Tensor> tangents(n.inputs);
    bool any = false;
    for (std::uint32_t i = 0; i < n.inputs; ++i) {
      if (n.edges()[i].node) tangents[i] = n.edges()[i].node->g()[n.edges()[i].out];
      any |= tangents[i].defined();
    }
    if (any)
      n.op->jvp(n.params, In(n.x(), n.inputs), In(tangents.data(), n.inputs), In(n.y(), n.outputs),
                Out(n.g(), n.outputs));
  }
  std::vector<Tensor> dy;
  for (const Edge& root : roots) dy.push_back(root.node ? root.node->g()[root.out] : Tensor());
  for (Node* n : order) {
    for (std::uint32_t i = 0; i < n->outputs; ++i) n->g()[i] = Tensor();
  }
  return dy;
}

std::vector<Tensor> Tape::run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) {
  // linearize pushes tangents through every node, so it sees what is inside.
  if (custom->transparent() && (keep_all_ || !custom->rematerialize())) return custom->eval(x);
  std::vector<Edge> edges;
  bool recorded = false;
  for (Tensor& t : x) {
    auto [value, edge] = unwatch(t);
    recorded |= edge.node != nullptr;
    edges.push_back(edge);
    t = std::move(value);
  }
  const std::uint64_t before = level_stack.collectives;
  if (custom->rematerialize()) return run_segment(custom, std::move(x), std::move(edges));
  if (!recorded) return apply_custom(custom, std::move(x));
  auto [y, pullback] = custom->vjp(x);
  return record_custom(std::move(edges), std::move(y), std::move(pullback), before);
}

std::vector<Tensor> Tape::record_custom(std::vector<Edge> edges, std::vector<Tensor> y, Custom::Pullback pullback,
                                        std::uint64_t collectives_before) {
  for (const Tensor& t : y) {
    if (t.defined() && belongs_to(t, id())) {
      throw TransformError("a custom function captures a tensor that is being differentiated; pass it as an argument" +
                           level_context());
    }
  }
  if (level_stack.narrowed) {  // what the pullback captured has the lanes present now
    pullback = [rows = RowsSnapshot(), pullback = std::move(pullback)](const std::vector<Tensor>& g) {
      return rows.with([&] { return pullback(g); });
    };
  }
  const bool collective = level_stack.collectives != collectives_before;
  Node* node = add_node(collective ? &collective_pullback_op : &pullback_op, static_cast<std::uint32_t>(edges.size()),
                        static_cast<std::uint32_t>(y.size()), Keep::nothing, nullptr);
  std::copy(edges.begin(), edges.end(), node->edges());
  node->params = arena_.allocate(sizeof(PullbackParams));
  new (node->params) PullbackParams{std::move(pullback), detail::leaf_specs(y)};
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i].defined() && is_float(y[i].dtype()))
      y[i] = make_taped(std::move(y[i]), node, static_cast<std::uint32_t>(i), id());
  }
  return y;
}

// NOTE [checkpoint is a segment of the tape]  The function runs on fresh leaves of this tape; then its nodes are
// dropped and one node stands for them, whose arguments are the function's own and whatever older nodes its nodes led
// to: tensors it captured. Backward runs it again on the end of the same tape, pulls through the new nodes (cotangents
// of captured tensors go straight to their older nodes) and drops them again. So captures need no declaration, and
// every outer level sees ordinary ops.
struct Tape::Segment {
  Tape& tape;
  Node* mark;
  std::vector<Edge> leaves;

  explicit Segment(Tape& t) : tape(t), mark(t.last_) {}
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() {
    for (Node* n = tape.last_; n != mark; n = n->previous) tape.release(n);
    tape.last_ = mark;
  }
  /// Runs the function on fresh leaves where `watched` says so; returns values and notes where they came from.
  std::vector<Tensor> run(Custom& custom, std::vector<Tensor> x, const std::vector<bool>& watched,
                          std::vector<Edge>& roots) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (watched[i]) x[i] = tape.watch(x[i]);
      leaves.push_back(tape.unwatch(x[i]).second);
    }
    std::vector<Tensor> y = custom.eval(x);
    for (Tensor& t : y) {
      auto [value, edge] = tape.unwatch(t);
      t = value;
      roots.push_back(edge);
    }
    return y;
  }
  /// Edges from the segment and its results to older nodes.
  std::vector<Edge> captured(const std::vector<Edge>& roots) const {
    std::set<const Node*> inside;
    for (Node* n = tape.last_; n != mark; n = n->previous) inside.insert(n);
    std::vector<Edge> edges;
    for (Node* n = tape.last_; n != mark; n = n->previous) {
      for (std::uint32_t i = 0; i < n->inputs; ++i) {
        if (n->edges()[i].node && !inside.count(n->edges()[i].node)) edges.push_back(n->edges()[i]);
      }
    }
    for (const Edge& e : roots) {
      if (e.node && !inside.count(e.node)) edges.push_back(e);
    }
    return edges;
  }
};

std::vector<Tensor> Tape::run_segment(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x,
                                      std::vector<Edge> edges) {
  std::vector<bool> watched;
  for (const Edge& e : edges) watched.push_back(e.node != nullptr);
  const std::uint64_t before = level_stack.collectives;
  std::vector<Tensor> y;
  {
    Segment segment(*this);
    std::vector<Edge> roots;
    y = segment.run(*custom, x, watched, roots);
    for (const Edge& e : segment.captured(roots)) edges.push_back(e);
  }
  const bool recorded = std::any_of(edges.begin(), edges.end(), [](const Edge& e) { return e.node != nullptr; });
  if (!recorded) return y;
  auto pullback = [this, custom, x = std::move(x), watched](const std::vector<Tensor>& g) {
    const LevelScope scope(level());
    Segment segment(*this);
    std::vector<Edge> roots;
    segment.run(*custom, x, watched, roots);
    for (std::size_t i = 0; i < roots.size(); ++i) {
      if (roots[i].node) accumulate(roots[i], g[i]);
    }
    for (Node* n = last_; n != segment.mark; n = n->previous) {
      if (n->op) pull(n, false);
    }
    std::vector<Tensor> dx;
    for (const Edge& leaf : segment.leaves) dx.push_back(leaf.node ? leaf.node->g()[leaf.out] : Tensor());
    return dx;
  };
  return record_custom(std::move(edges), std::move(y), std::move(pullback), before);
}

}  // namespace strata
