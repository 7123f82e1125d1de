// See collectives.hpp. This file holds the reductions (psum, pmean, pmax, pmin, pvary) and the axes' numbers; moves of
// data between lanes are in exchange.cpp. Each op has three cases: at the level of its axis it works on the lanes; at
// another vmap level it keeps that level's lanes and goes on below; below its level the value is one for all lanes.
#include "strata/distributed/collectives.hpp"

#include "strata/core/error.hpp"
#include "strata/distributed/exchange.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/process_ops.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace {

using detail::Axis;
using detail::find_named_axis;
using detail::require_all_lanes;

Lane sum_of_lanes(Lane x) {
  const Dtype dtype = x.value.dtype();
  return {astype_weak(sum(std::move(x.value), {.axes = {x.axis}}), dtype), -1};
}

struct AxisParams {
  LevelId level;
  std::int64_t n;
};

struct Psum : Linear<Psum> {
  using Params = AxisParams;
  static constexpr std::string_view name = "psum";
  static Tensor eval(const Params& p, Tensor x) { return std::move(x) * p.n; }
  static Tensor transpose(const Params& p, const Tensor& g) { return apply<Psum>(p, g); }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    if (!(batch.id == p.level)) return {apply<Psum>(p, std::move(x.value)), x.axis};
    require_all_lanes(name, p.level);
    return sum_of_lanes(std::move(x));
  }
  static Samples samples() {
    return detail::collective_samples([](const Tensor& x) { return x * psum(x * x, "i"); });
  }
};

struct Pvary : Linear<Pvary> {
  using Params = AxisParams;
  static constexpr std::string_view name = "pvary";
  static Tensor eval(const Params&, Tensor x) { return x; }
  static Tensor transpose(const Params& p, const Tensor& g);  // psum_invariant
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    if (!(batch.id == p.level)) return {apply<Pvary>(p, std::move(x.value)), x.axis};
    return x;
  }
  static Samples samples() {
    return detail::collective_samples([](const Tensor& x) { return 2 * pvary(x, "i"); });
  }
};

struct PsumInvariant : Linear<PsumInvariant> {
  using Params = AxisParams;
  static constexpr std::string_view name = "psum_invariant";
  static Tensor eval(const Params& p, Tensor x) { return std::move(x) * p.n; }
  static Tensor transpose(const Params& p, const Tensor& g) { return apply<Pvary>(p, g); }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    if (!(batch.id == p.level)) return {apply<PsumInvariant>(p, std::move(x.value)), x.axis};
    require_all_lanes(name, p.level);
    return sum_of_lanes(std::move(x));
  }
  static Samples samples() {
    return detail::collective_samples([](const Tensor& x) { return psum_invariant(x * x, "i"); });
  }
};

Tensor Pvary::transpose(const Params& p, const Tensor& g) { return apply<PsumInvariant>(p, g); }

/// The largest or smallest over the lanes. Derivatives are split evenly over the lanes that tie.
template <bool largest>
struct Extreme : General<Extreme<largest>, 1> {
  using Params = AxisParams;
  static constexpr std::string_view name = largest ? "pmax" : "pmin";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params&, Out x) { return std::move(x[0]); }
  /// 1 / number of winners in the lanes that win, else 0.
  static Tensor share(const Params& p, const Tensor& x, const Tensor& y) {
    const Tensor wins = astype(x == y, x.dtype());
    return wins / apply<Psum>(p, wins);
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    if (!dx[0].defined()) return {};
    const Tensor part = share(p, x[0], y[0]);
    return apply<Psum>(p, where(part == 0, Tensor(0), dx[0] * part));
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    if (!need[0]) return;
    const Tensor part = share(p, x[0], y[0]);
    dx[0] = where(part == 0, Tensor(0), apply<Psum>(p, g[0]) * part);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if (!(batch.id == p.level)) return {apply<Extreme>(p, std::move(x[0].value)), x[0].axis};
    require_all_lanes(name, p.level);
    const ReduceFrom over{.axes = AxisList{x[0].axis}};
    return {largest ? max(std::move(x[0].value), over) : min(std::move(x[0].value), over), -1};
  }
  static Samples samples() {
    return detail::collective_samples([](const Tensor& x) { return largest ? pmax(x, "i") * x : pmin(x, "i") * x; });
  }
};

/// Applies a collective over one axis for each name, the last first: D over lanes, `processes` over processes.
template <class D, class Processes>
Tensor over_axes(const char* op, Tensor x, const AxisNames& axes, Processes processes) {
  const auto& names = axes.names();
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const Axis axis = find_named_axis(op, *name);
    x = axis.processes ? processes(axis, std::move(x)) : apply<D>({axis.level, axis.size}, std::move(x));
  }
  return x;
}

auto moved(detail::Move move) {
  return [move](const Axis& axis, Tensor x) { return detail::over_processes(axis, move, std::move(x)); };
}
auto extreme(bool largest) {
  return [largest](const Axis& axis, Tensor x) { return detail::extreme_over_processes(axis, largest, std::move(x)); };
}

Tensor countable(Tensor x) { return x.dtype() == bool_ ? astype(std::move(x), int32) : x; }

}  // namespace

namespace detail {

Samples collective_samples(std::function<Tensor(const Tensor&)> f) {
  const auto call = [f = std::move(f)](std::span<const Tensor> x) {
    return std::vector<Tensor>{vmap(f, {.axis_name = "i"})(x[0])};
  };
  return {{"3 lanes of [3, 2]", {{{3, 3, 2}}}, call}, {"2 lanes of [2, 0]", {{{2, 2, 0}}}, call}};
}

Tensor psum_over(const Axis& axis, Tensor x) { return apply<Psum>({axis.level, axis.size}, std::move(x)); }

Tensor index_on(const Axis& axis) {
  if (axis.processes) return full({}, axis.processes->group->rank(), {.dtype = int32});
  return make_batched(arange(axis.size), 0, axis.level);
}

}  // namespace detail

Tensor psum(Tensor x, const AxisNames& axes) {
  return over_axes<Psum>("psum", countable(std::move(x)), axes, moved(detail::Move::sum));
}
Tensor psum_invariant(Tensor x, const AxisNames& axes) {
  return over_axes<PsumInvariant>("psum_invariant", countable(std::move(x)), axes, moved(detail::Move::sum_invariant));
}
Tensor pvary(Tensor x, const AxisNames& axes) {
  return over_axes<Pvary>("pvary", std::move(x), axes, moved(detail::Move::vary));
}
Tensor pmean(Tensor x, const AxisNames& axes) {
  const Tensor total = over_axes<Psum>("pmean", countable(std::move(x)), axes, moved(detail::Move::sum));
  return total / axis_size(axes);
}
Tensor pmax(Tensor x, const AxisNames& axes) {
  return over_axes<Extreme<true>>("pmax", std::move(x), axes, extreme(true));
}
Tensor pmin(Tensor x, const AxisNames& axes) {
  return over_axes<Extreme<false>>("pmin", std::move(x), axes, extreme(false));
}

Tensor axis_index(const AxisNames& axes) {
  Tensor index;
  for (const std::string& name : axes.names()) {
    const Axis axis = find_named_axis("axis_index", name);
    const Tensor mine = detail::index_on(axis);
    index = index.defined() ? index * axis.size + mine : mine;
  }
  return index;
}

std::int64_t axis_size(const AxisNames& axes) {
  std::int64_t size = 1;
  for (const std::string& name : axes.names()) size *= find_named_axis("axis_size", name).size;
  return size;
}

std::vector<Entry> collective_entries() {
  std::vector<Entry> entries{entry<row<Psum>>(), entry<row<Pvary>>(), entry<row<PsumInvariant>>(),
                             entry<row<Extreme<true>>>(), entry<row<Extreme<false>>>()};
  for (const Entry& e : detail::exchange_entries()) entries.push_back(e);
  for (const Entry& e : detail::process_entries()) entries.push_back(e);
  return entries;
}

}  // namespace strata
