// Collectives that move data between lanes: all_gather, psum_scatter, all_to_all, ppermute, pbroadcast. All linear.
// Over a vmap axis they are moves of the hidden lane axis: views wherever possible. An op whose result differs from
// lane to lane even if its argument does not takes an anchor first, a tensor that has the lanes, so that it reaches its
// level.
#include "strata/distributed/exchange.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/distributed/collectives.hpp"
#include "strata/distributed/process_ops.hpp"
#include "strata/functorch/lanes.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace {

using detail::Axis;
using detail::collective_samples;
using detail::find_named_axis;
using detail::Move;
using detail::over_processes;
using detail::require_all_lanes;

/// A value at every lane of the axis, to lead an op to its level.
Tensor anchor(const LevelId& level, std::int64_t n) { return make_batched(broadcast_to(Tensor(false), {n}), 0, level); }
[[noreturn]] Tensor ended(std::string_view op) {
  throw TransformError(std::string(op) + ": the vmap of its axis has ended" + level_context());
}

struct GatherParams {
  LevelId level;
  std::int64_t n;
  int axis;  // of the gathered tensor
};

Tensor gather(const GatherParams& p, Tensor x);
Tensor scatter(const GatherParams& p, Tensor x);

/// The lanes as a logical axis.
struct AllGather : Linear<AllGather> {
  using Params = GatherParams;
  static constexpr std::string_view name = "all_gather";
  static Tensor eval(const Params& p, Tensor x) {
    Shape shape = x.shape();
    shape.insert(p.axis, p.n);
    return broadcast_to(expand_dims(std::move(x), p.axis), shape);
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return scatter(p, g); }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    if (batch.id == p.level) {
      require_all_lanes(name, p.level);
      return {moveaxis(std::move(x.value), x.axis, p.axis), -1};
    }
    const bool before = x.axis <= p.axis;  // these lanes stand before the gathered axis
    return {gather({p.level, p.n, p.axis + (before ? 1 : 0)}, std::move(x.value)), x.axis + (before ? 0 : 1)};
  }
  static Samples samples() {
    return collective_samples([](const Tensor& x) { return all_gather(x, "i", {.axis = 1}) * 2; });
  }
};

/// Sums over the lanes; the logical axis becomes the lanes.
struct PsumScatter : General<PsumScatter, 2> {
  using Params = GatherParams;
  static constexpr std::string_view name = "psum_scatter";
  static constexpr Keep keep = Keep::nothing;
  static Tensor eval(const Params&, Out) { return ended(name); }
  static Tensor jvp(const Params& p, In, In dx, In) { return dx[1].defined() ? scatter(p, dx[1]) : Tensor(); }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    if (need[1]) dx[1] = gather(p, g[0]);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    Lane& v = x[1];
    if (batch.id == p.level) {
      require_all_lanes(name, p.level);
      const Dtype dtype = v.value.dtype();
      if (!v.mapped()) return {std::move(v.value) * p.n, p.axis};
      return {astype_weak(sum(std::move(v.value), {.axes = {v.axis}}), dtype), p.axis};
    }
    const bool before = v.axis <= p.axis;
    const Params inner{p.level, p.n, p.axis + (before ? 1 : 0)};
    return {scatter(inner, std::move(v.value)), v.axis - (before ? 0 : 1)};
  }
  static Samples samples() {
    return collective_samples([](const Tensor& x) {
      const int lanes = static_cast<int>(axis_size("i"));
      return psum_scatter(broadcast_to(expand_dims(x, 0), Shape{lanes} + x.shape()), "i");
    });
  }
};

Tensor gather(const GatherParams& p, Tensor x) { return apply<AllGather>(p, std::move(x)); }
Tensor scatter(const GatherParams& p, Tensor x) { return apply<PsumScatter>(p, anchor(p.level, p.n), std::move(x)); }

/// Lane axis and split axis change places; the former lane axis goes to `concat`.
struct AllToAll : General<AllToAll, 2> {
  struct Params {
    LevelId level;
    std::int64_t n;
    int split, concat;
  };
  static constexpr std::string_view name = "all_to_all";
  static constexpr Keep keep = Keep::nothing;
  static Tensor apply_to(const Params& p, Tensor x) { return apply<AllToAll>(p, anchor(p.level, p.n), std::move(x)); }
  static Tensor eval(const Params&, Out) { return ended(name); }
  static Tensor jvp(const Params& p, In, In dx, In) { return dx[1].defined() ? apply_to(p, dx[1]) : Tensor(); }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    if (need[1]) dx[1] = apply_to({p.level, p.n, p.concat, p.split}, g[0]);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if (!(batch.id == p.level)) return {apply_to({p.level, p.n, p.split + 1, p.concat + 1}, lanes_first(x[1])), 0};
    require_all_lanes(name, p.level);
    const Lane v = x[1].mapped() ? x[1] : Lane{lanes_first(x[1], p.n), 0};
    return {moveaxis(v.value, {value_axis(v, p.split), v.axis}, {0, p.concat + 1}), 0};
  }
  static Samples samples() {
    return collective_samples([](const Tensor& x) {
      const int lanes = static_cast<int>(axis_size("i"));
      return all_to_all(broadcast_to(expand_dims(x, 1), {x.size(0), lanes, x.size(1)}), "i",
                        {.split_axis = 1, .concat_axis = 2});
    });
  }
};

struct Ppermute : General<Ppermute, 2> {
  struct Params {
    LevelId level;
    std::int64_t n;
    Positions from, to;
  };
  static constexpr std::string_view name = "ppermute";
  static constexpr Keep keep = Keep::nothing;
  static Tensor apply_to(const Params& p, Tensor x) { return apply<Ppermute>(p, anchor(p.level, p.n), std::move(x)); }
  static Tensor eval(const Params&, Out) { return ended(name); }
  static Tensor jvp(const Params& p, In, In dx, In) { return dx[1].defined() ? apply_to(p, dx[1]) : Tensor(); }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    if (need[1]) dx[1] = apply_to({p.level, p.n, p.to, p.from}, g[0]);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    Lane& v = x[1];
    if (!(batch.id == p.level)) return {apply_to(p, std::move(v.value)), v.axis};
    require_all_lanes(name, p.level);
    const bool full = static_cast<std::int64_t>(p.to->size()) == p.n;
    if (!v.mapped() && full) return v;
    const int axis = v.mapped() ? v.axis : 0;
    return {put_lanes({take_lanes(lanes_first_at(v, axis, p.n), axis, p.from)}, axis, {p.to}, p.n), axis};
  }
  static Tensor lanes_first_at(const Lane& v, int axis, std::int64_t n) {
    return v.axis == axis ? v.value : lanes_first(v, n);
  }
  static Samples samples() {
    return collective_samples([](const Tensor& x) { return ppermute(x, "i", {{0, 1}}) * x; });
  }
};

/// One lane's value, on all of them.
struct Pbroadcast : Linear<Pbroadcast> {
  struct Params {
    LevelId level;
    std::int64_t n;
    int source;
  };
  static constexpr std::string_view name = "pbroadcast";
  static Tensor eval(const Params&, Tensor x) { return x; }
  static Tensor transpose(const Params& p, const Tensor& g) {
    const Axis axis{p.level, p.n};
    return where(detail::index_on(axis) == p.source, detail::psum_over(axis, g), Tensor(0));
  }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    if (!(batch.id == p.level)) return {apply<Pbroadcast>(p, std::move(x.value)), x.axis};
    require_all_lanes(name, p.level);
    return {squeeze(slice_in_dim(x.value, p.source, p.source + 1, 1, {.axis = x.axis}), {.axes = {x.axis}}), -1};
  }
  static Samples samples() {
    return collective_samples([](const Tensor& x) { return pbroadcast(x * x, "i", 1) + x; });
  }
};

std::string lanes_of(const std::string& axis_name, std::int64_t n) {
  return "axis '" + axis_name + "' has " + std::to_string(n) + (n == 1 ? " lane" : " lanes");
}

/// Checks that `axis` of x can be split over n lanes.
int splittable(const char* op, const Tensor& x, int axis, bool tiled, const std::string& axis_name, std::int64_t n) {
  axis = normalize_axis(op, axis, x.ndim());
  const std::int64_t size = x.shape()[axis];
  if (tiled ? n > 0 && size % n != 0 : size != n) {
    throw ShapeError(std::string(op) + ": axis " + std::to_string(axis) + " of shape " + to_string(x.shape()) +
                     " has size " + std::to_string(size) + ", but " + lanes_of(axis_name, n) +
                     (tiled ? ": it must be a multiple" : ": they must agree (or use .tiled for a multiple)") +
                     level_context());
  }
  return axis;
}

/// Axis `axis` as [n, its size / n].
Tensor unfold(Tensor x, int axis, std::int64_t n) {
  Shape shape = x.shape();
  shape[axis] = n > 0 ? shape[axis] / n : 0;
  shape.insert(axis, n);
  return reshape(std::move(x), shape);
}
/// Axes `axis` and `axis` + 1 as one.
Tensor fold(Tensor x, int axis) {
  Shape shape = x.shape();
  shape[axis + 1] *= shape[axis];
  shape.erase(axis);
  return reshape(std::move(x), shape);
}

}  // namespace

Tensor all_gather(Tensor x, const std::string& axis_name, GatherOptions p) {
  const Axis axis = find_named_axis("all_gather", axis_name);
  const int at = normalize_axis("all_gather", p.axis, x.ndim() + (p.tiled ? 0 : 1));
  Tensor y = axis.processes ? over_processes(axis, Move::gather, std::move(x), at)
                            : gather({axis.level, axis.size, at}, std::move(x));
  return p.tiled ? fold(std::move(y), at) : y;
}

Tensor psum_scatter(Tensor x, const std::string& axis_name, ScatterOptions p) {
  const Axis axis = find_named_axis("psum_scatter", axis_name);
  const int at = splittable("psum_scatter", x, p.axis, p.tiled, axis_name, axis.size);
  if (p.tiled) x = unfold(std::move(x), at, axis.size);
  if (axis.processes) return over_processes(axis, Move::scatter, std::move(x), at);
  return scatter({axis.level, axis.size, at}, std::move(x));
}

Tensor all_to_all(Tensor x, const std::string& axis_name, AllToAllOptions p) {
  const Axis axis = find_named_axis("all_to_all", axis_name);
  const int split = splittable("all_to_all", x, p.split_axis, p.tiled, axis_name, axis.size);
  const int concat = normalize_axis("all_to_all", p.concat_axis, x.ndim());
  if (p.tiled) x = unfold(std::move(x), split, axis.size);
  Tensor y = axis.processes ? over_processes(axis, Move::all_to_all, std::move(x), split, concat)
                            : AllToAll::apply_to({axis.level, axis.size, split, concat}, std::move(x));
  return p.tiled ? fold(std::move(y), concat) : y;
}

Tensor ppermute(Tensor x, const std::string& axis_name, LanePairs pairs) {
  const Axis axis = find_named_axis("ppermute", axis_name);
  std::vector<std::int64_t> from, to;
  for (const auto& [source, target] : pairs) {
    for (const std::int64_t lane : {source, target}) {
      if (lane >= 0 && lane < axis.size) continue;
      throw ValueError("ppermute: there is no lane " + std::to_string(lane) + ": " + lanes_of(axis_name, axis.size) +
                       level_context());
    }
    for (const bool sends : {true, false}) {
      const auto& seen = sends ? from : to;
      const std::int64_t lane = sends ? source : target;
      if (std::find(seen.begin(), seen.end(), lane) == seen.end()) continue;
      throw ValueError("ppermute: lane " + std::to_string(lane) + (sends ? " sends" : " receives") + " twice" +
                       level_context());
    }
    from.push_back(source);
    to.push_back(target);
  }
  const auto shared = [](std::vector<std::int64_t> v) -> Positions {
    return std::make_shared<const std::vector<std::int64_t>>(std::move(v));
  };
  Positions sources = shared(std::move(from)), targets = shared(std::move(to));
  if (axis.processes) return over_processes(axis, Move::permute, std::move(x), 0, 0, sources, targets);
  return Ppermute::apply_to({axis.level, axis.size, sources, targets}, std::move(x));
}

Tensor pbroadcast(Tensor x, const std::string& axis_name, int source) {
  const Axis axis = find_named_axis("pbroadcast", axis_name);
  if (source < 0 || source >= axis.size) {
    throw ValueError("pbroadcast: there is no lane " + std::to_string(source) + ": " + lanes_of(axis_name, axis.size) +
                     level_context());
  }
  if (axis.processes) return over_processes(axis, Move::broadcast, std::move(x), source);
  return apply<Pbroadcast>({axis.level, axis.size, source}, std::move(x));
}

namespace detail {
std::vector<Entry> exchange_entries() {
  return {entry<row<AllGather>>(), entry<row<PsumScatter>>(), entry<row<AllToAll>>(), entry<row<Ppermute>>(),
          entry<row<Pbroadcast>>()};
}
}  // namespace detail

}  // namespace strata
