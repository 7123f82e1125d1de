// See rows.hpp.
#include "strata/functorch/rows.hpp"

#include <numeric>

#include "strata/core/error.hpp"
#include "strata/functorch/lanes.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace {

/// Where the lanes `part` are among the lanes `of`. TransformError when one is not there.
Positions positions_in(const RowsRef& part, const RowsRef& of) {
  if (!of) return {part, &part->index};
  auto positions = std::make_shared<std::vector<std::int64_t>>();
  positions->reserve(part->index.size());
  std::size_t at = 0;
  for (const std::int64_t lane : part->index) {
    while (at < of->index.size() && of->index[at] < lane) ++at;
    if (at == of->index.size() || of->index[at] != lane) {
      throw TransformError("lane " + std::to_string(lane) +
                           " of a tensor is wanted, but the tensor comes from a branch that ran without it" +
                           level_context());
    }
    positions->push_back(static_cast<std::int64_t>(at));
  }
  return positions;
}

struct Narrow : Linear<Narrow> {
  struct Params {
    LevelId level;
    RowsRef from, to;
  };
  static constexpr std::string_view name = "narrow_rows";
  static Tensor eval(const Params&, Tensor x) { return x; }  // no level below has lanes
  static Tensor transpose(const Params& p, const Tensor& g) { return merge_rows(p.level, p.from, {p.to}, {g}); }
  static Lane batch(const Params& p, Lane x, Batch& batch) {
    if (!(batch.id == p.level)) return {narrow_rows(std::move(x.value), p.level, p.from, p.to), x.axis};
    if (batch.rows == p.to) return x;
    const Positions positions = positions_in(p.to, batch.rows);
    batch.rows = p.to;
    return {take_lanes(std::move(x.value), x.axis, positions), x.axis};
  }
  static Samples samples();
};

/// x[0] is the anchor: a tensor with the lanes `to`, so that the op reaches the level even if all parts are shared.
struct Merge : General<Merge, -1> {
  struct Params {
    LevelId level;
    RowsRef to;
    std::vector<RowsRef> rows;
  };
  static constexpr std::string_view name = "merge_rows";
  static constexpr Keep keep = Keep::nothing;
  static constexpr bool mixes_rows = true;

  static Tensor eval(const Params&, Out) {
    throw TransformError("merge_rows: the vmap whose lanes are merged has ended" + level_context());
  }
  static Tensor jvp(const Params& p, In, In dx, In) {
    std::vector<RowsRef> rows;
    std::vector<Tensor> parts;
    for (std::size_t i = 0; i < p.rows.size(); ++i) {
      if (!dx[i + 1].defined()) continue;
      rows.push_back(p.rows[i]);
      parts.push_back(dx[i + 1]);
    }
    return merge_rows(p.level, p.to, std::move(rows), std::move(parts));
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    for (std::size_t i = 0; i < p.rows.size(); ++i) {
      if (need[static_cast<int>(i) + 1]) dx[i + 1] = narrow_rows(g[0], p.level, p.to, p.rows[i]);
    }
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    std::vector<Tensor> parts;
    if (!(batch.id == p.level)) {
      const int axis = align(x.subspan(1), batch.size, parts);
      parts.insert(parts.begin(), x[0].value);
      return {apply_list<Merge>(p, std::move(parts)), axis};
    }
    std::vector<Lane> lanes(x.begin() + 1, x.end());
    std::vector<Positions> positions;
    int axis = 0;
    for (const Lane& lane : lanes) {
      if (lane.mapped()) axis = lane.axis;
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      positions.push_back(positions_in(p.rows[i], p.to));
      const Lane& lane = lanes[i];
      Tensor part = lanes_first(lane, lane_count(*p.level.level, p.rows[i]));
      parts.push_back(lane.axis == axis ? lane.value : moveaxis(std::move(part), 0, axis));
    }
    batch.rows = p.to;
    return {put_lanes(std::move(parts), axis, std::move(positions), lane_count(*p.level.level, p.to)), axis};
  }
  static Samples samples();
};

/// f on the level of a vmap of its own, whose lanes are x's first axis.
template <class F>
Samples under_vmap(F f) {
  const auto call = [f](std::span<const Tensor> x) {
    const auto body = [&](const Tensor& e) {
      const Level& level = level_stack.top();
      return f(level, LevelId{level_stack.levels[level_stack.depth], level.serial.load()}, e);
    };
    return std::vector<Tensor>{vmap(body)(x[0])};
  };
  return {{"lanes of [5, 2]", {{{5, 2}}}, call}, {"lanes of [3, 0]", {{{3, 0}}}, call}};
}

/// x where `rows` are, zero elsewhere.
Tensor keep_rows(const Level& level, LevelId id, const Tensor& x, std::vector<std::int64_t> index) {
  const RowsRef rows = make_rows(level, std::move(index));
  return merge_rows(id, nullptr, {rows}, {narrow_rows(x, id, nullptr, rows)});
}

Samples Narrow::samples() {
  return under_vmap([](const Level& l, LevelId id, const Tensor& x) { return keep_rows(l, id, x, {0, 2}); });
}

Samples Merge::samples() {
  return under_vmap([](const Level& l, LevelId id, const Tensor& x) { return keep_rows(l, id, x, {1}) + x; });
}

}  // namespace

Tensor narrow_rows(Tensor x, LevelId level, RowsRef from, RowsRef to) {
  if (!x.is_wrapped() || from == to) return x;
  return apply<Narrow>({level, std::move(from), std::move(to)}, std::move(x));
}

Tensor merge_rows(LevelId level, RowsRef to, std::vector<RowsRef> rows, std::vector<Tensor> parts) {
  const std::int64_t lanes = lane_count(*level.level, to);
  parts.insert(parts.begin(), make_batched(broadcast_to(Tensor(false), {lanes}), 0, level, to));
  return apply_list<Merge>({level, std::move(to), std::move(rows)}, std::move(parts));
}

Tensor VmapLevel::narrow(const Tensor& x) { return narrow_rows(x, id(), rows_of(x, level()), level().rows); }

std::vector<Entry> rows_entries() { return {entry<row<Narrow>>(), entry<row<Merge>>()}; }

}  // namespace strata
