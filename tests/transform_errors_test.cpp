// What users read when they err in a transform, word for word: the fact, both sides, the layer, a way out. What ops say
// is in op_errors_test.cpp.
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using namespace strata;

namespace {

struct Params {
  Tensor w, b;
};
struct Model {
  std::vector<Params> layers;
  Tensor scale;
};

Tensor x(Shape shape, Dtype dtype = float32) { return zeros(shape, {.dtype = dtype}); }
Tensor same(const Tensor& t) { return t; }
Tensor first(const Tensor& t, const Tensor&) { return t; }
Tensor total(const Params& p) { return sum(p.w) + sum(p.b); }

/// f of one lane of a batch of 3.
template <class F>
auto in_vmap(F f) {
  return vmap(f)(x({3, 2}));
}
const std::string inside = "\n  inside vmap (level 1, size 3): shapes are those of one example";

}  // namespace

TEST_CASE("errors: vmap's in_axes", "[errors]") {
  const Tensor two = x({2}), three = x({3}), one = 1.f;
  CHECK_THROWS_WITH((vmap(first, {.in_axes = {0, 0, 0}})(two, two)),
                    "vmap: in_axes has 3 entries but the function was given 2 arguments");
  CHECK_THROWS_WITH((vmap(first, {.in_axes = {0, 1}})(two, two)),
                    "vmap: in_axes maps axis 1 of argument 1, which has shape [2]");
  CHECK_THROWS_WITH((vmap(first, {.in_axes = {-2, 0}})(two, two)),
                    "vmap: in_axes maps axis -2 of argument 0, which has shape [2]");
  CHECK_THROWS_WITH((vmap(first)(two, one)),
                    "vmap: in_axes maps axis 0 of argument 1, which is a scalar: give it st::none in in_axes");
  CHECK_THROWS_WITH((vmap(total, {.in_axes = 1})(Params{x({2, 3}), three})),
                    "vmap: in_axes maps axis 1 of argument 0 (.b), which has shape [3]");
  CHECK_THROWS_WITH(
      (vmap(first, {.in_axes = {0, 1}})(two, x({4, 3}))),
      "vmap: argument 1 has size 3 along axis 1, but argument 0 has size 2 along axis 0: mapped axes must "
      "agree");
  CHECK_THROWS_WITH(
      (vmap(total)(Params{two, three})),
      "vmap: argument 0 (.b) has size 3 along axis 0, but argument 0 (.w) has size 2 along axis 0: mapped "
      "axes must agree");
  CHECK_THROWS_WITH((vmap([](const Model& m) { return m.scale; })(Model{{{two, two}, {two, three}}, two})),
                    "vmap: argument 0 (.layers[1].b) has size 3 along axis 0, but argument 0 (.layers[0].w) has size 2 "
                    "along axis 0: mapped axes must agree");
  CHECK_THROWS_WITH(
      (vmap(first, {.in_axes = st::none})(two, two)),
      "vmap: no argument is mapped, so the number of lanes is unknown: give .axis_size, or map an argument "
      "in in_axes");
  CHECK_THROWS_WITH((vmap(same, {.axis_size = 5})(two)),
                    "vmap: axis_size is 5, but argument 0 has size 2 along axis 0");
  CHECK_THROWS_WITH((vmap(same, {.in_axes = st::none, .axis_size = -1})(two)),
                    "vmap: axis_size is -1; it cannot be negative");
  CHECK_THROWS_WITH((vmap(same, {.chunk = 0})(two)), "vmap: chunk is 0; it must be at least 1");
  CHECK_THROWS_WITH((vmap(same, {.axis_name = "i", .chunk = 1})(two)),
                    "vmap: .chunk runs the axis 'i' in parts, so a collective over it would see one part: leave out "
                    ".chunk or .axis_name");
  CHECK_THROWS_WITH((vmap(same, {.in_axes = st::sum_out})(two)),
                    "vmap: in_axes holds sum_out or mean_out, which are for out_axes");
}

TEST_CASE("errors: vmap's tree prefixes", "[errors]") {
  const Params p{x({2}), x({2})};
  const Model m{{p, p}, x({2})};
  CHECK_THROWS_WITH((vmap(total, {.in_axes = {st::axes({0, 0, 0})}})(p)),
                    "vmap: in_axes for argument 0 has 3 entries but Params has 2 fields (.w, .b)");
  CHECK_THROWS_WITH((vmap(total, {.in_axes = {Axes::dict({{"w", 0}, {"bias", 0}})}})(p)),
                    "vmap: in_axes for argument 0 names \"bias\" but Params has 2 fields (.w, .b)");
  CHECK_THROWS_WITH((vmap(total, {.in_axes = {Axes::dict({{"w", 0}})}})(p)),
                    "vmap: in_axes for argument 0 has no entry for \"b\" but Params has 2 fields (.w, .b)");
  CHECK_THROWS_WITH((vmap([](const Model& t) { return t.scale; }, {.in_axes = {st::axes({st::axes({0}), 0})}})(m)),
                    "vmap: in_axes for argument 0 (.layers) has 1 entry but the list has 2 entries");
  CHECK_THROWS_WITH((vmap(same, {.in_axes = {st::axes({0, 0})}})(p.w)),
                    "vmap: in_axes for argument 0 has 2 entries but there is a tensor: give an axis or st::none");
  CHECK_THROWS_WITH((vmap([](const std::map<std::string, Tensor>& t) { return t.at("k"); },
                          {.in_axes = {st::axes({0})}})(std::map<std::string, Tensor>{{"k", p.w}})),
                    "vmap: in_axes for argument 0 has 1 entry but there is a dict {\"k\"}: name the keys with "
                    "Axes::dict");
}

TEST_CASE("errors: vmap's out_axes", "[errors]") {
  const Tensor two = x({2});
  const std::string context = "\n  inside vmap (level 1, size 2): shapes are those of one example";
  CHECK_THROWS_WITH((vmap(same, {.out_axes = st::none})(two)),
                    "vmap: out_axes is none for the result, which depends on the mapped axis: give it an axis, or "
                    "st::sum_out or st::mean_out" +
                        context);
  CHECK_THROWS_WITH((vmap(
                        [](const Tensor& t) {
                          return Params{t, ones({3})};
                        },
                        {.out_axes = {st::none, 0}})(two)),
                    "vmap: out_axes is none for the result (.w), which depends on the mapped axis: give it an axis, or "
                    "st::sum_out or st::mean_out" +
                        context);
  CHECK_THROWS_WITH((vmap(same, {.out_axes = 1})(two)),
                    "vmap: out_axes puts the lanes along axis 1 of the result, which then has 1 axis" + context);
  CHECK_THROWS_WITH((vmap(
                        [](const Tensor& t) {
                          return std::pair{t, expand_dims(t, 0)};
                        },
                        {.out_axes = -2})(two)),
                    "vmap: out_axes puts the lanes along axis -2 of the result ([0]), which then has 1 axis" + context);
  CHECK_THROWS_WITH((vmap(same, {.out_axes = {0, 0}})(two)),
                    "vmap: out_axes has 2 entries but there is a tensor: give an axis or st::none");
  CHECK_THROWS_WITH((vmap(
                        [](const Tensor& t) {
                          return Params{t, t};
                        },
                        {.out_axes = {0, 0, 0}})(two)),
                    "vmap: out_axes has 3 entries but Params has 2 fields (.w, .b)");
}

TEST_CASE("errors: a value that vmap maps is asked for its one value", "[errors]") {
  CHECK_THROWS_WITH(
      (in_vmap([](const Tensor& t) { return sum(t).item<float>() > 0 ? t : -t; })),
      "item(): this value is mapped by vmap (level 1, size 3): it has one value for each lane\n  instead of "
      "`if (c) ...` write st::where(c, a, b) or st::cond(c, f, g, x); reduce over the lanes outside of "
      "vmap");
  CHECK_THROWS_WITH(
      (in_vmap([](const Tensor& t) {
        if (sum(t) > 0 ? true : false) return t;
        return -t;
      })),
      "bool(): this value is mapped by vmap (level 1, size 3): it has one value for each lane\n  instead of `if (c) "
      "...` write st::where(c, a, b) or st::cond(c, f, g, x); reduce over the lanes outside of vmap");
  CHECK_THROWS_WITH(
      (vmap([](const Tensor& t) { return Tensor(t.to_vector<float>()[0]); }, {.axis_name = "i"})(x({3, 2}))),
      "to_vector(): this value is mapped by vmap (level 1, size 3, axis 'i'): it has one value for each lane\n  "
      "instead of `if (c) ...` write st::where(c, a, b) or st::cond(c, f, g, x); reduce over the lanes outside of "
      "vmap");
  CHECK_THROWS_WITH(
      (in_vmap([](const Tensor& t) { return Tensor(t.data<float>()[0]); })),
      "data(): this value is mapped by vmap (level 1, size 3): it has one value for each lane\n  instead of `if (c) "
      "...` write st::where(c, a, b) or st::cond(c, f, g, x); reduce over the lanes outside of vmap");
  CHECK_THROWS_WITH(x({2}).item<float>(), "item(): the tensor has shape [2], only one of size 1 has a single value");
  CHECK_THROWS_WITH(x({2}).data<int>(), "data(): the tensor holds float32, not int32; convert it with st::astype");
  CHECK_THROWS_WITH(transpose(x({2, 3})).data<float>(),
                    "data(): the tensor is a strided view of shape [3, 2]; make it contiguous with st::copy");
  CHECK_THROWS_WITH(
      Tensor() + 1,
      "an undefined tensor is used (default-constructed, moved from, or the gradient of an integer leaf)");
}

TEST_CASE("errors: tensors that outlive their transform, or wander", "[errors]") {
  Tensor kept;
  grad([&](const Tensor& t) {
    kept = t * 2;
    return sum(t);
  })(x({3}));
  CHECK_THROWS_WITH(kept + 1,
                    "a tensor of shape [3] leaked from a grad that has ended; return it from the function instead of "
                    "storing it outside");
  vmap([&](const Tensor& t) {
    kept = t;
    return t;
  })(x({3, 2}));
  CHECK_THROWS_WITH(sum(kept),
                    "a tensor of shape [2] leaked from a vmap that has ended; return it from the function instead of "
                    "storing it outside");
  vmap([&](const Tensor& t) {
    kept = sum(t);
    return t;
  })(x({3, 2}));
  CHECK_THROWS_WITH(kept.item<float>(),
                    "a tensor of shape [] leaked from a vmap that has ended; return it from the function instead of "
                    "storing it outside");
  std::string message;
  vmap([&](const Tensor& t) {
    std::thread([&] {
      try {
        t + 1;
      } catch (const TransformError& e) {
        message = e.what();
      }
    }).join();
    return t;
  })(x({3, 2}));
  CHECK(message ==
        "a tensor of shape [2] belongs to a vmap on another thread; pass it as an argument, or take its value before "
        "the thread starts");
}

TEST_CASE("errors: grad, vjp, jvp, linearize", "[errors]") {
  const auto sums = [](const Tensor& t) { return sum(t); };
  CHECK_THROWS_WITH(grad(same)(x({3})),
                    "grad: the function returned shape [3], but a gradient needs one number (shape [])\n  inside grad "
                    "(level 1)\n  reduce it with st::sum or st::mean, or take st::jacrev or st::vjp");
  CHECK_THROWS_WITH(value_and_grad(same)(x({2})),
                    "value_and_grad: the function returned shape [2], but a gradient needs one number (shape [])\n  "
                    "inside grad (level 1)\n  reduce it with st::sum or st::mean, or take st::jacrev or st::vjp");
  CHECK_THROWS_WITH(grad([](const Tensor& t) { return argmax(t); })(x({3})),
                    "grad: the function returned int32, but only a float has a gradient\n  inside grad (level 1)");
  CHECK_THROWS_WITH(grad(sums)(x({3}, int32)),
                    "grad: the differentiated arguments hold no float tensor (the first is int32); convert them with "
                    "st::astype\n  inside grad (level 1)");
  CHECK_THROWS_WITH(grad([](const Params& p) { return sum(p.w); })(Params{x({3}, int32), x({2}, bool_)}),
                    "grad: the differentiated arguments hold no float tensor (the first is int32); convert them with "
                    "st::astype\n  inside grad (level 1)");
  CHECK_THROWS_WITH(grad([](const Tensor&) { return Tensor(); })(x({3})),
                    "grad: the function returned an undefined tensor\n  inside grad (level 1)");
  CHECK_THROWS_WITH(
      jacfwd(sums)(x({3}, int32)),
      "jacfwd: the differentiated argument holds no float tensor (the first is int32); convert it with st::astype");

  const Params at{x({3}), x({2})};
  const auto f = [](const Params& p) { return Params{p.w * 2, p.b}; };
  const auto pullback = vjp(f, at).second;
  CHECK_THROWS_WITH(pullback(Params{x({3}), x({3})}),
                    "vjp: the cotangent (.b) has shape [3], but its value has shape [2]");
  CHECK_THROWS_WITH(pullback(Params{x({3}, float64), x({2})}),
                    "vjp: the cotangent (.w) is float64, but its value is float32; convert it with st::astype");
  CHECK_THROWS_WITH(vjp(sums, x({3})).second(x({1})), "vjp: the cotangent has shape [1], but its value has shape []");
  const auto lists = [](const std::vector<Tensor>& t) { return t; };
  CHECK_THROWS_WITH(vjp(lists, std::vector<Tensor>{at.w, at.b}).second(std::vector<Tensor>{at.w}),
                    "vjp: result and cotangent: trees differ: the first has a list of 2, the second a list of 1");

  CHECK_THROWS_WITH(jvp(sums, x({3}), x({2})),
                    "jvp: the tangent has shape [2], but its primal has shape [3]\n  inside jvp (level 1)");
  CHECK_THROWS_WITH(
      jvp(sums, x({3}), x({3}, float64)),
      "jvp: the tangent is float64, but its primal is float32; convert it with st::astype\n  inside jvp (level 1)");
  CHECK_THROWS_WITH(jvp(f, at, Params{x({3}), x({3})}),
                    "jvp: the tangent (.b) has shape [3], but its primal has shape [2]\n  inside jvp (level 1)");
  CHECK_THROWS_WITH(
      jvp(first, st::args(x({3}), x({2})), st::args(x({3}), x({4}))),
      "jvp: the tangent of argument 1 has shape [4], but its primal has shape [2]\n  inside jvp (level 1)");
  CHECK_THROWS_WITH(jvp(lists, std::vector<Tensor>{at.w, at.b}, std::vector<Tensor>{at.w}),
                    "jvp: primal and tangent: trees differ: the first has a list of 2, the second a list of 1");
  CHECK_THROWS_WITH(linearize(sums, x({3})).second(x({4})),
                    "linearize: the tangent has shape [4], but its value has shape [3]");
  CHECK_THROWS_WITH(linearize(first, x({3}), x({2})).second(x({3}), x({3})),
                    "linearize: the tangent of argument 1 has shape [3], but its value has shape [2]");
  CHECK_THROWS_WITH((jacrev(same, {.chunk = 0})(x({3}))), "jacrev: chunk is 0; it must be at least 1");
  CHECK_THROWS_WITH((jacfwd(same, {.chunk = -2})(x({3}))), "jacfwd: chunk is -2; it must be at least 1");
}

TEST_CASE("errors: custom rules", "[errors]") {
  const auto squared = custom_vjp([](const Tensor& t) { return t * t; },
                                  [](const Tensor& t) {
                                    return std::pair{t * t, t};
                                  },
                                  [](const Tensor&, const Tensor& g) { return sum(g); });
  CHECK_THROWS_WITH(
      grad([&](const Tensor& t) { return sum(squared(t)); })(x({3})),
      "custom_vjp: the backward rule gives shape [] for leaf 0, which has shape [3]\n  inside grad (level 1)");
  const auto wrong = custom_jvp([](const Tensor& t) { return t * t; },
                                [](const Tensor& t, const Tensor& dt) {
                                  return std::pair{t * t, sum(dt)};
                                });
  CHECK_THROWS_WITH(
      jvp([&](const Tensor& t) { return wrong(t); }, x({3}), x({3})),
      "custom_jvp: the rule's tangent gives shape [] for leaf 0, which has shape [3]\n  inside jvp (level 1)");
}

TEST_CASE("errors: loops and branches", "[errors]") {
  const Tensor two = x({2});
  CHECK_THROWS_WITH(scan(
                        [](const Tensor& c, const Tensor& t) {
                          return std::pair{concatenate({c, t}), t};
                        },
                        two, x({3, 1})),
                    "scan: the carry has shape [2] before a step, but [3] after it: a carry keeps its shapes");
  CHECK_THROWS_WITH(scan(
                        [](const Params& c, const Tensor& t) {
                          return std::pair{Params{c.w, concatenate({c.b, c.b})}, t};
                        },
                        Params{two, two}, x({3})),
                    "scan: the carry (.b) has shape [2] before a step, but [4] after it: a carry keeps its shapes");
  CHECK_THROWS_WITH(cond(two > 0, same, same, two),
                    "cond: the predicate has shape [2]; it must be one value (shape [])");
  const auto lanes = [](auto f, auto g) {
    return vmap([=](const Tensor& t) { return cond(t > 0, f, g, t); })(arange(-1., 2.));
  };
  CHECK_THROWS_WITH(lanes(same,
                          [](const Tensor& t) {
                            return stack({t, t});
                          }),
                    "cond: on_true gives shape [], on_false gives shape [2]: branches must agree\n  inside vmap (level "
                    "1, size 3): shapes are those of one example");
  CHECK_THROWS_WITH(lanes(same, [](const Tensor& t) { return astype(t, int32); }),
                    "cond: on_true gives float32, on_false gives int32: branches must agree; convert one with "
                    "st::astype\n  inside vmap (level 1, size 3): shapes are those of one example");
  CHECK_THROWS_WITH(while_loop([](const Tensor& t) { return sum(t) < 3; },
                               [](const Tensor& t) {
                                 return concatenate({t, t + 1});
                               },
                               two),
                    "while_loop: the carry has shape [2] before a step, but [4] after it: a carry keeps its shapes");
  CHECK_THROWS_WITH(switch_case(Tensor(0.5), std::tuple{&same, &same}, two),
                    "switch_case: the index is float32; it must be an integer");
  CHECK_THROWS_WITH(vmap([](const Tensor& t) { return psum(t, "rows"); }, {.axis_name = "lanes"})(two),
                    "psum: no axis is called 'rows' here; the axes in scope are 'lanes'\n  inside vmap (level 1, size "
                    "2, axis 'lanes'): shapes are those of one example");
  CHECK_THROWS_WITH(vmap([](const Tensor& t) { return axis_index("i") + t; })(two),
                    "axis_index: no axis is called 'i' here; no axis has a name: give one with st::vmap(f, {.axis_name "
                    "= \"i\"})\n  inside vmap (level 1, size 2): shapes are those of one example");
}
