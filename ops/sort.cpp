// Sorting, selection and search. Orders are integers without derivative; values move by take_sorted, whose transpose is
// put_sorted and the other way round.
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

struct SortParams {
  int axis;
  bool descending;
  std::int64_t count;  // how many of each line are wanted
  SortParams beside(const Lane& x) const { return {value_axis(x, axis), descending, count}; }
};

struct Argsort : NonDifferentiable<Argsort, 1> {
  using Params = SortParams;
  static constexpr std::string_view name = "argsort";
  static Tensor eval(const Params& p, Out x) {
    Shape shape = x[0].shape();
    shape[p.axis] = p.count;
    Tensor y = empty_dense(shape, Dtype::int32, x[0].device());
    backend(y).sorting.sort_indices(x[0], p.axis, p.descending, y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<Argsort>(p.beside(x[0]), std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() {
    const auto by = [](Sorting p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{argsort(x[0], p)}; };
    };
    return {{"[5]", {{{5}}}, by({})},
            {"[4, 3] of few values along 0, descending", {{{4, 3}, Dtype::int32}}, by({.axis = 0, .descending = true})},
            {"empty", {{{2, 0}}}, by({})}};
  }
};

struct LineParams {
  int axis;
  std::int64_t size;  // of the result along it
};

/// y[k] = x[index[k]] along an axis. The transpose puts each back.
struct TakeSorted : General<TakeSorted, 2> {
  using Params = LineParams;
  static constexpr std::string_view name = "take_sorted";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    Tensor y = empty_dense(x[1].shape(), x[0].dtype(), x[0].device(), x[0].weak());
    backend(y).sorting.take_lines(x[0], x[1], p.axis, y);
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In) { return apply<TakeSorted>(p, Tensor(dx[0]), Tensor(x[1])); }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx);
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    return {apply<TakeSorted>({p.axis + 1, p.size}, lanes_first(x[0], batch.size), lanes_first(x[1], batch.size)), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{apply<TakeSorted>({1, x[0].shape()[1]}, Tensor(x[0]), argsort(x[1]))};
    };
    return {{"[2, 3]", {{{2, 3}}, {{2, 3}}}, call}, {"empty", {{{2, 0}}, {{2, 0}}}, call}};
  }
};

struct PutSorted : General<PutSorted, 2> {
  using Params = LineParams;
  static constexpr std::string_view name = "put_sorted";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    Shape shape = x[0].shape();
    shape[p.axis] = p.size;
    Tensor y = empty_dense(shape, x[0].dtype(), x[0].device(), x[0].weak());
    backend(y).sorting.put_lines(x[0], x[1], p.axis, y);
    return y;
  }
  static Tensor jvp(const Params& p, In x, In dx, In) { return apply<PutSorted>(p, Tensor(dx[0]), Tensor(x[1])); }
  static void vjp(const Params& p, In x, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = apply<TakeSorted>({p.axis, x[0].shape()[p.axis]}, Tensor(g[0]), Tensor(x[1]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    return {apply<PutSorted>({p.axis + 1, p.size}, lanes_first(x[0], batch.size), lanes_first(x[1], batch.size)), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{apply<PutSorted>({1, x[0].shape()[1]}, Tensor(x[0]), argsort(x[1]))};
    };
    return {{"[2, 3]", {{{2, 3}}, {{2, 3}}}, call}, {"empty", {{{2, 0}}, {{2, 0}}}, call}};
  }
};

void TakeSorted::vjp(const Params& p, In x, In, In g, Need need, Out dx) {
  if (need[0]) dx[0] = apply<PutSorted>({p.axis, x[0].shape()[p.axis]}, Tensor(g[0]), Tensor(x[1]));
}

Tensor take_sorted(const Tensor& x, const Tensor& order, int axis) {
  return apply<TakeSorted>({axis, order.shape()[axis]}, Tensor(x), Tensor(order));
}

struct Sort : General<Sort, 1> {
  using Params = SortParams;
  static constexpr std::string_view name = "sort";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const Params& p, Out x) {
    Tensor y = empty_dense(x[0].shape(), x[0].dtype(), x[0].device(), x[0].weak());
    backend(y).sorting.sort_values(x[0], p.axis, p.descending, y);
    return y;
  }
  static Tensor order(const Params& p, const Tensor& x) { return apply<Argsort>(p, Tensor(x)); }
  static Tensor jvp(const Params& p, In x, In dx, In) { return take_sorted(dx[0], order(p, x[0]), p.axis); }
  static void vjp(const Params& p, In x, In, In g, Need, Out dx) {
    dx[0] = apply<PutSorted>({p.axis, p.count}, Tensor(g[0]), order(p, x[0]));
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) {
    return {apply<Sort>(p.beside(x[0]), std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() {
    const auto by = [](Sorting p) {
      return [p](std::span<const Tensor> x) { return std::vector<Tensor>{strata::sort(x[0], p)}; };
    };
    return {{"[5]", {{{5}}}, by({})},
            {"[4, 3] along 0, descending", {{{4, 3}}}, by({.axis = 0, .descending = true})},
            {"[2, 3, 2] along 1", {{{2, 3, 2}}}, by({.axis = 1})},
            {"empty", {{{0, 2}}}, by({.axis = 0})}};
  }
};

Samples top_k_samples() {
  const auto call = [](std::span<const Tensor> x) {
    const auto [values, index] = top_k(x[0], 2);
    return std::vector<Tensor>{values, index};
  };
  return {{"2 of [5]", {{{5}}}, call}, {"2 of [2, 3]", {{{2, 3}}}, call}, {"empty", {{{0, 2}}}, call}};
}

Samples sort_pairs_samples() {
  const auto call = [](std::span<const Tensor> x) {
    const auto [keys, values] = sort_pairs(x[0], x[1]);
    return std::vector<Tensor>{keys, values};
  };
  return {{"[5]", {{{5}}, {{5}}}, call}, {"[2, 3]", {{{2, 3}}, {{2, 3}}}, call}, {"empty", {{{0}}, {{0}}}, call}};
}

/// a [n] (with lanes: [lanes, n]), v of any shape.
struct SearchSorted : NonDifferentiable<SearchSorted, 2> {
  struct Params {
    bool right;
    bool lanes;  // both have lanes along axis 0
  };
  static constexpr std::string_view name = "searchsorted";
  static Tensor eval(const Params& p, Out x) {
    const std::int64_t lines = p.lanes ? x[0].shape()[0] : 1, n = x[0].shape().back();
    Tensor y = empty_dense(x[1].shape(), Dtype::int32, x[1].device());
    if (y.size() == 0) return y;
    backend(y).sorting.search_lines(reshape(x[0], {lines, n}), reshape(x[1], {lines, y.size() / lines}), p.right, y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    if (!p.lanes && !x[0].mapped())
      return {apply<SearchSorted>(p, std::move(x[0].value), std::move(x[1].value)), x[1].axis};
    Tensor a = lanes_first(x[0], batch.size), v = lanes_first(x[1], batch.size);
    if (!p.lanes) return {apply<SearchSorted>({p.right, true}, std::move(a), std::move(v)), 0};
    // Lanes of lanes: one axis of both.
    const Shape shape = v.shape();
    const std::int64_t both = batch.size * shape[1];
    a = reshape(a, {both, a.shape()[2]});
    v = reshape(v, Shape{both} + shape.slice(2, shape.size()));
    return {reshape(apply<SearchSorted>(p, std::move(a), std::move(v)), shape), 0};
  }
  static Samples samples() {
    const auto side = [](bool right) {
      return [right](std::span<const Tensor> x) {
        return std::vector<Tensor>{searchsorted(x[0], x[1], {.right = right})};
      };
    };
    return {{"[6] and [3]", {{{6}}, {{3}}}, side(false)},
            {"[4] and [2, 3], right", {{{4}}, {{2, 3}}}, side(true)},
            {"empty", {{{0}}, {{2}}}, side(false)}};
  }
};

}  // namespace

Tensor sort(Tensor x, Sorting p) {
  const int axis = normalize_axis("sort", p.axis, x.ndim());
  const std::int64_t n = x.shape()[axis];
  return apply<Sort>({axis, p.descending, n}, std::move(x));
}

Tensor argsort(Tensor x, Sorting p) {
  const int axis = normalize_axis("argsort", p.axis, x.ndim());
  const std::int64_t n = x.shape()[axis];
  return apply<Argsort>({axis, p.descending, n}, std::move(x));
}

std::array<Tensor, 2> sort_pairs(Tensor keys, Tensor values, Sorting p) {
  if (!(keys.shape() == values.shape())) {
    throw ShapeError("sort_pairs: keys " + to_string(keys.shape()) + " and values " + to_string(values.shape()) +
                     " differ in shape" + level_context());
  }
  const int axis = normalize_axis("sort_pairs", p.axis, keys.ndim());
  const Tensor order = argsort(keys, p);
  return {take_sorted(keys, order, axis), take_sorted(values, order, axis)};
}

std::array<Tensor, 2> top_k(Tensor x, std::int64_t k, Selection p) {
  const int axis = normalize_axis("top_k", p.axis, x.ndim());
  const std::int64_t n = x.shape()[axis];
  if (k < 0 || k > n) {
    throw ValueError("top_k: " + std::to_string(k) + " of " + std::to_string(n) + " elements are wanted along axis " +
                     std::to_string(axis) + " of shape " + to_string(x.shape()) + level_context());
  }
  const Tensor order = apply<Argsort>({axis, true, k}, Tensor(x));
  return {take_sorted(x, order, axis), order};
}

Tensor searchsorted(Tensor a, Tensor v, Searching p) {
  if (a.ndim() != 1) {
    throw ShapeError("searchsorted: the sorted argument has shape " + to_string(a.shape()) + ", a vector is needed" +
                     level_context());
  }
  const Dtype d = promote(a.type(), v.type()).dtype;
  return apply<SearchSorted>({p.right, false}, astype_weak(std::move(a), d), astype_weak(std::move(v), d));
}

std::vector<Entry> sort_entries() {
  return {entry<row<Sort>>(),        entry<row<Argsort>>(),   composite("top_k", &top_k_samples),
          entry<row<TakeSorted>>(),  entry<row<PutSorted>>(), composite("sort_pairs", &sort_pairs_samples),
          entry<row<SearchSorted>>()};
}

}  // namespace strata
