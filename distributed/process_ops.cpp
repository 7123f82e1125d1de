// See process_ops.hpp. One op, ProcessMove, is all linear moves: what differs between them stands in `rules` and in
// `exchange`; ProcessExtreme is pmax and pmin.
// NOTE [ranks stay in step]  A rank whose loss does not depend on a collective's result has no cotangent for it, but
// the others do and wait. So the tape runs such a node in every backward pass, and the derivative takes an anchor, the
// result itself: where a cotangent is missing, zeros with the anchor's lanes, tapes and duals stand in, and the ranks
// exchange the same bytes whatever each one's part of the graph.
#include "strata/distributed/process_ops.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "strata/autograd/walking.hpp"
#include "strata/core/error.hpp"
#include "strata/distributed/collectives.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/pmap.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace {

using detail::Axis;
using detail::Move;
using detail::ProcessAxisRef;
using distributed::Backend;
using distributed::Group;
using distributed::Reduction;
using distributed::What;

struct MoveRule {
  const char* name;
  Move transpose;
};
constexpr std::array<MoveRule, 14> rules = {{{"psum", Move::sum},
                                             {"psum_invariant", Move::vary},
                                             {"pvary", Move::sum_invariant},
                                             {"all_gather", Move::scatter},
                                             {"psum_scatter", Move::gather},
                                             {"all_to_all", Move::all_to_all},
                                             {"ppermute", Move::permute},
                                             {"pbroadcast", Move::reduce_to},
                                             {"derivative of pbroadcast", Move::broadcast},
                                             {"pmap argument", Move::total},
                                             {"pmap total", Move::enter},
                                             {"pmap argument", Move::put},
                                             {"pmap result", Move::take},
                                             {"pmap result with out_axes none", Move::enter}}};

struct MoveParams {
  ProcessAxisRef axis;
  Move move;
  int a, b;
  Positions from, to;
  std::uint64_t stack = 0;  // the transforms around the call: the ranks must agree about them
  const MoveRule& rule() const { return rules[static_cast<std::size_t>(move)]; }
  Group& group() const { return *axis->group; }
};

/// Which kinds of levels x belongs to, two bits for each depth.
std::uint64_t stack_of(const Tensor& x) {
  std::uint64_t stack = 0;
  for (Tensor t = x; t.is_wrapped(); t = Tensor(wrapper(t).value)) {
    const Level& level = level_of(t);
    stack |= (static_cast<std::uint64_t>(level.kind) + 1) << (2 * std::min(level.depth - 1, 31));
  }
  return stack;
}

std::string stack_text(std::uint64_t stack) {
  static constexpr const char* kinds[] = {"", "vmap", "grad", "jvp"};
  std::string s;
  for (; stack; stack >>= 2) {
    if (stack & 3) s += (s.empty() ? ", inside " : " of ") + std::string(kinds[stack & 3]);
  }
  return s;
}

void require_everybody(const char* op, const ProcessAxisRef& axis) {
  ++level_stack.collectives;
  if (!level_stack.narrowed) return;
  throw TransformError(std::string(op) + ": axis '" + axis->name +
                       "' is one of processes, and only some lanes of a vmap are here: a collective cannot run inside "
                       "a branch (or a loop) that some lanes do not take, because other processes may not take it at "
                       "all; take it out of the branch, or use st::cond({.select = true}, ...)" +
                       level_context());
}

What what_of(const char* op, const ProcessAxisRef& axis, const Tensor& x, std::uint64_t stack) {
  return {std::string(op) + " over '" + axis->name + "'",
          distributed::what_tensor(x.dtype(), x.shape()) + stack_text(stack)};
}

What what_of(const MoveParams& p, const Tensor& x) {
  What what = what_of(p.rule().name, p.axis, x, p.stack);
  switch (p.move) {
    case Move::gather:
    case Move::scatter:
    case Move::put:
    case Move::broadcast:
    case Move::reduce_to:
      what.more += ", " + std::to_string(p.a);
      break;
    case Move::all_to_all:
      what.more += ", " + std::to_string(p.a) + " to " + std::to_string(p.b);
      break;
    case Move::permute:
      for (std::size_t i = 0; i < p.from->size(); ++i)
        what.more += (i ? " " : ", ") + std::to_string((*p.from)[i]) + ">" + std::to_string((*p.to)[i]);
      break;
    default:
      break;
  }
  return what;
}

/// Row-major memory like x's, with another shape.
Tensor like(const Tensor& x, const Shape& shape) { return empty_dense(shape, x.dtype(), cpu, x.weak()); }
void* data_of(const Tensor& x) { return dense(x).data; }
void set_zero(const Tensor& x) {
  std::memset(data_of(x), 0, static_cast<std::size_t>(x.size()) * static_cast<std::size_t>(itemsize(x.dtype())));
}

Tensor sum_over_ranks(const MoveParams& p, Tensor x) {
  const bool take_over = donatable(x);
  const Tensor in = pack(x);
  const Tensor out = take_over ? in : like(x, x.shape());
  p.group().all_reduce(what_of(p, x), data_of(in), data_of(out), x.size(), x.dtype(), Reduction::sum);
  return out;
}

Tensor gather_ranks(const MoveParams& p, const Tensor& x) {
  const Tensor in = pack(x), out = like(x, Shape{p.group().size()} + x.shape());
  p.group().run(what_of(p, x), [&](Backend& b) { b.all_gather(data_of(in), data_of(out), x.size(), x.dtype()); });
  return moveaxis(out, 0, p.a);
}

Tensor scatter_ranks(const MoveParams& p, const Tensor& x) {
  const Tensor in = pack(moveaxis(x, p.a, 0));
  Shape shape = in.shape();
  shape.erase(0);
  const Tensor out = like(x, shape);
  p.group().run(what_of(p, x), [&](Backend& b) { b.reduce_scatter(data_of(in), data_of(out), out.size(), x.dtype()); });
  return out;
}

Tensor transpose_ranks(const MoveParams& p, const Tensor& x) {
  const Tensor in = pack(moveaxis(x, p.a, 0)), out = like(x, in.shape());
  const std::int64_t each = p.group().size() > 0 ? in.size() / p.group().size() : 0;
  p.group().run(what_of(p, x), [&](Backend& b) { b.all_to_all(data_of(in), data_of(out), each, x.dtype()); });
  return moveaxis(out, 0, p.b);
}

Tensor permute_ranks(const MoveParams& p, const Tensor& x) {
  int to = -1, from = -1;
  for (std::size_t i = 0; i < p.from->size(); ++i) {
    if ((*p.from)[i] == p.group().rank()) to = static_cast<int>((*p.to)[i]);
    if ((*p.to)[i] == p.group().rank()) from = static_cast<int>((*p.from)[i]);
  }
  const Tensor in = pack(x), out = like(x, x.shape());
  if (from < 0) set_zero(out);
  p.group().run(what_of(p, x),
                [&](Backend& b) { b.permute(data_of(in), data_of(out), x.size(), x.dtype(), to, from); });
  return out;
}

Tensor broadcast_rank(const MoveParams& p, const Tensor& x) {
  const Tensor in = pack(x), out = like(x, x.shape());
  if (x.size() > 0)
    std::memcpy(data_of(out), data_of(in),
                static_cast<std::size_t>(x.size()) * static_cast<std::size_t>(itemsize(x.dtype())));
  p.group().run(what_of(p, x), [&](Backend& b) { b.broadcast(data_of(out), x.size(), x.dtype(), p.a); });
  return out;
}

/// x, if it has the same bytes on all ranks.
Tensor same_on_ranks(const MoveParams& p, const Tensor& x) {
  const Tensor in = pack(x);
  const std::string_view bytes(reinterpret_cast<const char*>(data_of(in)),
                               static_cast<std::size_t>(x.size()) * static_cast<std::size_t>(itemsize(x.dtype())));
  const std::uint64_t h = std::hash<std::string_view>()(bytes), mine[2] = {h, ~h};
  std::uint64_t all[2] = {};
  p.group().run(what_of(p, x), [&](Backend& b) { b.all_reduce(mine, all, 2, uint64, Reduction::max); });
  if (all[0] == ~all[1]) return x;
  throw TransformError("pmap: out_axes is none for a result (" + distributed::what_tensor(x.dtype(), x.shape()) +
                       ") that differs from rank to rank of axis '" + p.axis->name +
                       "': give it an axis or st::local, or reduce it over the axis" + level_context());
}

Tensor exchange(const MoveParams& p, Tensor x) {
  switch (p.move) {
    case Move::sum:
    case Move::sum_invariant:
    case Move::total:
      return sum_over_ranks(p, std::move(x));
    case Move::vary:
    case Move::enter:
      return x;
    case Move::gather:
    case Move::put:
      return gather_ranks(p, x);
    case Move::scatter:
      return scatter_ranks(p, x);
    case Move::all_to_all:
      return transpose_ranks(p, x);
    case Move::permute:
      return permute_ranks(p, x);
    case Move::broadcast:
      return broadcast_rank(p, x);
    case Move::reduce_to: {
      Tensor y = sum_over_ranks(p, std::move(x));
      if (p.group().rank() != p.a) set_zero(y);
      return y;
    }
    case Move::take: {
      const int r = p.group().rank();
      return squeeze(slice_in_dim(x, r, r + 1, 1, {.axis = p.a}), {.axes = {p.a}});
    }
    default:
      return same_on_ranks(p, x);
  }
}

Tensor move(MoveParams p, Tensor x, const Tensor& anchor);

/// x[1] is the anchor, see NOTE [ranks stay in step].
struct ProcessMove : General<ProcessMove, 2> {
  using Params = MoveParams;
  static constexpr std::string_view name = "process_move";
  static constexpr Keep keep = Keep::result;
  static constexpr bool collective = true;

  static Tensor eval(const Params& p, Out x) {
    const Device home = x[0].device();
    if (home == cpu) return exchange(p, std::move(x[0]));
    return exchange(p, x[0].to(cpu)).to(home);  // processes exchange the host's memory
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    if (!dx[0].defined() && !dx[1].defined()) return {};
    const Tensor t = dx[0].defined() ? dx[0] : zeros(x[0].shape(), {.dtype = x[0].dtype()});
    return move(p, t, y[0].defined() ? y[0] : x[0]);
  }
  /// pvary and psum_invariant have their convention for gradients taken inside the mapped function; outside of it the
  /// gradient is that of the whole, so their transposes are those of an identity and a sum. The border is the other way
  /// round: to a tape inside, entering is an identity.
  static void vjp(const Params& p, In, In y, In g, Need need, Out dx) {
    if ((p.move == Move::vary && !inside(p)) || (p.move == Move::enter && inside(p))) {
      if (need[0]) dx[0] = g[0];
      return;
    }
    const Tensor ct = g[0].defined() ? g[0] : zeros(y[0].shape(), {.dtype = y[0].dtype()});
    Params q = p;
    q.move = p.move == Move::sum_invariant && !inside(p) ? Move::sum : p.rule().transpose;
    if (p.move == Move::all_to_all) std::swap(q.a, q.b);
    std::swap(q.from, q.to);
    Tensor back = move(q, ct, y[0]);
    // A result that all ranks use alike is one result: each rank gets its share of the cotangent.
    if (p.move == Move::same) back = std::move(back) / p.group().size();
    if (need[0]) dx[0] = std::move(back);
  }
  /// The tape whose backward pass runs began inside the mapped function.
  static bool inside(const Params& p) { return walking_tape() > p.axis->serial; }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    Lane v = x[0].mapped() ? x[0] : Lane{lanes_first(x[0], batch.size), 0};
    Params q = p;
    switch (p.move) {
      case Move::gather:
      case Move::put:
        q.a += v.axis <= p.a ? 1 : 0;
        return {apply<ProcessMove>(q, std::move(v.value), x[1].value), v.axis + (v.axis <= p.a ? 0 : 1)};
      case Move::scatter:
      case Move::take:
        q.a += v.axis <= p.a ? 1 : 0;
        return {apply<ProcessMove>(q, std::move(v.value), x[1].value), v.axis - (v.axis <= p.a ? 0 : 1)};
      case Move::all_to_all:
        ++q.a, ++q.b;
        return {apply<ProcessMove>(q, lanes_first(v), x[1].value), 0};
      default:
        return {apply<ProcessMove>(q, std::move(v.value), x[1].value), v.axis};
    }
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      const auto f = [](const Tensor& t) { return t * psum(t * t, "p"); };
      return std::vector<Tensor>{pmap(f, {.axis_name = "p"})(expand_dims(x[0], 0))};
    };
    return {{"one process, [3, 2]", {{{3, 2}}}, call}, {"one process, empty", {{{0, 2}}}, call}};
  }
};

Tensor move(MoveParams p, Tensor x, const Tensor& anchor) {
  require_everybody(p.rule().name, p.axis);
  static const Tensor none(false);
  p.stack = stack_of(x) | (anchor.defined() ? stack_of(anchor) : 0);
  Tensor a = anchor.defined() ? anchor : none;
  return apply<ProcessMove>(p, std::move(x), std::move(a));
}

template <bool largest>
struct ProcessExtreme : General<ProcessExtreme<largest>, 1> {
  struct Params {
    ProcessAxisRef axis;
    std::uint64_t stack = 0;
  };
  static constexpr std::string_view name = largest ? "process_max" : "process_min";
  static constexpr const char* user_name = largest ? "pmax" : "pmin";
  static constexpr Keep keep = Keep::both;
  static constexpr bool collective = true;

  static Tensor apply_to(const ProcessAxisRef& axis, Tensor x) {
    require_everybody(user_name, axis);
    const Params p{axis, stack_of(x)};
    return apply<ProcessExtreme>(p, std::move(x));
  }
  static Tensor eval(const Params& p, Out x) {
    const Tensor in = pack(x[0].to(cpu)), out = like(in, in.shape());
    p.axis->group->all_reduce(what_of(user_name, p.axis, in, p.stack), data_of(in), data_of(out), in.size(), in.dtype(),
                              largest ? Reduction::max : Reduction::min);
    return out.to(x[0].device());
  }
  static Tensor total(const Params& p, Tensor x, const Tensor& anchor) {
    return move({p.axis, Move::sum, 0, 0, {}, {}}, std::move(x), anchor);
  }
  /// 1 / number of winners on the ranks that win, else 0.
  static Tensor share(const Params& p, const Tensor& x, const Tensor& y) {
    const Tensor wins = astype(x == y, x.dtype());
    return wins / total(p, wins, {});
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    if (!dx[0].defined()) return {};
    const Tensor part = share(p, x[0], y[0]);
    return total(p, where(part == 0, Tensor(0), dx[0] * part), y[0]);
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    const Tensor ct = g[0].defined() ? g[0] : zeros(y[0].shape(), {.dtype = y[0].dtype()});
    const Tensor part = share(p, x[0], y[0]), all = total(p, ct, y[0]);
    if (need[0]) dx[0] = where(part == 0, Tensor(0), all * part);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<ProcessExtreme>(p, std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      const auto f = [](const Tensor& t) { return t * (largest ? pmax(t, "p") : pmin(t, "p")); };
      return std::vector<Tensor>{pmap(f, {.axis_name = "p"})(expand_dims(x[0], 0))};
    };
    return {{"one process, [3, 2]", {{{3, 2}}}, call}, {"one process, empty", {{{0, 2}}}, call}};
  }
};

}  // namespace

namespace detail {

Tensor over_processes(const Axis& axis, Move kind, Tensor x, int a, int b, Positions from, Positions to) {
  return move({axis.processes, kind, a, b, std::move(from), std::move(to)}, std::move(x), {});
}

Tensor extreme_over_processes(const Axis& axis, bool largest, Tensor x) {
  return largest ? ProcessExtreme<true>::apply_to(axis.processes, std::move(x))
                 : ProcessExtreme<false>::apply_to(axis.processes, std::move(x));
}

std::vector<Entry> process_entries() {
  return {entry<row<ProcessMove>>(), entry<row<ProcessExtreme<true>>>(), entry<row<ProcessExtreme<false>>>()};
}

}  // namespace detail
}  // namespace strata
