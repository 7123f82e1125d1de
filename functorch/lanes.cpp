// See lanes.hpp.
#include "strata/functorch/lanes.hpp"

#include "strata/ops/backend.hpp"
#include "strata/ops/factored.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata {
namespace {

struct TakeLanes : Linear<TakeLanes> {
  struct Params {
    int axis;
    Positions positions;
    std::int64_t n;
  };
  static constexpr std::string_view name = "take_lanes";

  /// The step between positions when it is the same everywhere, else 0.
  static std::int64_t step(const std::vector<std::int64_t>& at) {
    if (at.size() < 2) return 1;
    const std::int64_t step = at[1] - at[0];
    for (std::size_t i = 2; i < at.size(); ++i) {
      if (at[i] - at[i - 1] != step) return 0;
    }
    return step;
  }
  static Tensor eval(const Params& p, Tensor x) {
    const std::vector<std::int64_t>& at = *p.positions;
    Shape shape = x.shape();
    shape[p.axis] = static_cast<std::int64_t>(at.size());
    if (const std::int64_t s = step(at)) {
      Strides strides = dense(x).strides;
      const std::int64_t offset = at.empty() ? 0 : at[0] * strides[p.axis];
      strides[p.axis] *= s;
      return view_of(x, shape, strides, offset);
    }
    Tensor y = empty_dense(shape, x.dtype(), x.device(), x.weak());
    backend(y).slices.take(x, p.axis, at, y);
    return y;
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return put_lanes({g}, p.axis, {p.positions}, p.n); }
  static Tensor deferred(const Params& p, Out x) {
    return factored::each_lane(x[0], p.axis, static_cast<std::int64_t>(p.positions->size()),
                               [&](Tensor t) { return take_lanes(std::move(t), 0, p.positions); });
  }
  static Lane batch(const Params& p, Lane x, Batch&) {
    const int axis = value_axis(x, p.axis);
    return {take_lanes(std::move(x.value), axis, p.positions), x.axis};
  }
  static Samples samples() {
    const auto take = [](int axis, std::vector<std::int64_t> at) {
      const auto positions = std::make_shared<const std::vector<std::int64_t>>(std::move(at));
      return [=](std::span<const Tensor> x) { return std::vector<Tensor>{take_lanes(x[0], axis, positions)}; };
    };
    return {{"0, 2, 3 of [5, 2]", {{{5, 2}}}, take(0, {0, 2, 3})},
            {"1, 2 of [2, 3], a view", {{{2, 3}}}, take(1, {1, 2})},
            {"none of [3]", {{{3}}}, take(0, {})}};
  }
};

struct PutLanes : General<PutLanes, -1> {
  struct Params {
    int axis;
    std::vector<Positions> positions;
    std::int64_t n;
  };
  static constexpr std::string_view name = "put_lanes";
  static constexpr Keep keep = Keep::nothing;

  static Tensor eval(const Params& p, Out x) {
    Shape shape = x[0].shape();
    shape[p.axis] = p.n;
    bool weak = true;
    std::int64_t written = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      weak = weak && x[i].weak();
      written += static_cast<std::int64_t>(p.positions[i]->size());
    }
    Tensor y = empty_dense(shape, x[0].dtype(), x[0].device(), weak);
    const Backend& kernels = backend(y);
    const std::uint64_t zero = 0;
    if (written < p.n) kernels.elements.fill(y, &zero);
    for (std::size_t part = 0; part < x.size(); ++part) kernels.slices.put(x[part], p.axis, *p.positions[part], y);
    return y;
  }
  static Tensor jvp(const Params& p, In, In dx, In) {
    std::vector<Tensor> parts;
    std::vector<Positions> positions;
    for (std::size_t i = 0; i < dx.size(); ++i) {
      if (!dx[i].defined()) continue;
      parts.push_back(dx[i]);
      positions.push_back(p.positions[i]);
    }
    return put_lanes(std::move(parts), p.axis, std::move(positions), p.n);
  }
  static void vjp(const Params& p, In, In, In g, Need need, Out dx) {
    for (std::size_t i = 0; i < dx.size(); ++i) {
      if (need[static_cast<int>(i)]) dx[i] = take_lanes(g[0], p.axis, p.positions[i]);
    }
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    std::vector<Tensor> parts;
    const int axis = align(x, batch.size, parts);
    return {put_lanes(std::move(parts), p.axis + (p.axis >= axis ? 1 : 0), p.positions, p.n), axis};
  }
  static Samples samples() {
    using Index = std::vector<std::int64_t>;
    const auto put = [](int axis, Index a, Index b, std::int64_t n) {
      const std::vector<Positions> positions{std::make_shared<const Index>(std::move(a)),
                                             std::make_shared<const Index>(std::move(b))};
      return [=](std::span<const Tensor> x) {
        return std::vector<Tensor>{put_lanes({x[0], x[1]}, axis, positions, n)};
      };
    };
    return {{"all of [4, 2]", {{{1, 2}}, {{3, 2}}}, put(0, {2}, {0, 1, 3}, 4)},
            {"some of [2, 5]", {{{2, 1}}, {{2, 2}}}, put(1, {4}, {0, 2}, 5)},
            {"none of [2]", {{{0}}, {{0}}}, put(0, {}, {}, 2)}};
  }
};

}  // namespace

int align(std::span<const Lane> x, std::int64_t size, std::vector<Tensor>& values) {
  int axis = -1;
  bool same = true;
  for (const Lane& lane : x) {
    same = same && lane.mapped() && (axis < 0 || lane.axis == axis);
    if (lane.mapped() && axis < 0) axis = lane.axis;
  }
  for (const Lane& lane : x) values.push_back(same ? lane.value : lanes_first(lane, size));
  return same ? axis : 0;
}

Tensor take_lanes(Tensor x, int axis, Positions positions) {
  const std::int64_t n = x.shape()[axis];
  return apply<TakeLanes>({axis, std::move(positions), n}, std::move(x));
}

Tensor put_lanes(std::vector<Tensor> parts, int axis, std::vector<Positions> positions, std::int64_t n) {
  return apply_list<PutLanes>({axis, std::move(positions), n}, std::move(parts));
}

std::vector<Entry> lane_entries() { return {entry<row<TakeLanes>>(), entry<row<PutLanes>>()}; }

}  // namespace strata
