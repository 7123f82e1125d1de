// Axis specs: how each way of writing .in_axes reads, on both compilers, and how it resolves against trees; errors word
// for word.
#include "strata/core/axes.hpp"

#include "strata/core/error.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using st::Axes;
using st::Tensor;

namespace {

struct Params {
  Tensor w, b;
};
struct Model {
  std::vector<Params> layers;
  int heads = 4;
  Tensor scale;
  std::string name;
};
struct Options {
  st::ArgAxes in_axes = {};
  st::ArgAxes out_axes = {};
};

// One letter a leaf: an axis number, '.' for none, 's' and 'm' for the sinks.
std::string text(const std::vector<st::AxisSpec>& specs) {
  std::string all;
  for (const st::AxisSpec& s : specs) {
    using Kind = st::AxisSpec::Kind;
    all += s.kind == Kind::axis ? std::to_string(s.axis) : s.kind == Kind::none ? "." : s.kind == Kind::sum ? "s" : "m";
  }
  return all;
}

template <class T>
std::string resolved(const Axes& axes, const T& tree) {
  return text(st::resolve(axes, tree, {"vmap", "in_axes", 1}));
}

template <class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const st::TransformError& e) {
    return e.what();
  }
  return "no error";
}

Model model() { return {{Params{}, Params{}}, 4, {}, ""}; }

}  // namespace

TEST_CASE("ways to write in_axes", "[axes]") {
  const Options one{.in_axes = 1};
  CHECK_FALSE(one.in_axes.is_list());
  CHECK(one.in_axes.entry(1, 2).spec().axis == 1);
  CHECK(Options{}.in_axes.entry(0, 1).spec() == st::AxisSpec{st::AxisSpec::Kind::axis, 0});
  CHECK(Options{.in_axes = st::none}.in_axes.entry(0, 1).spec() == st::AxisSpec{});
  const Options listed{.in_axes = {0, st::none}};
  CHECK(listed.in_axes.is_list());
  CHECK(listed.in_axes.entry(1, 2).spec() == st::AxisSpec{});
  CHECK(Options{.in_axes = {0}}.in_axes.is_list());
  const Axes ax = st::axes({st::none, 0});
  const Options held{.in_axes = {ax}};
  CHECK(held.in_axes.is_list());
  CHECK(held.in_axes.entries().size() == 1);
  CHECK_FALSE(held.in_axes.entries()[0].uniform());
  const Options whole{.in_axes = ax};
  CHECK_FALSE(whole.in_axes.is_list());
  const Options named{.in_axes = {Axes::dict({{"w", st::none}, {"b", 0}})}};
  CHECK(named.in_axes.is_list());
  CHECK(named.in_axes.entries().size() == 1);
  const Options two{.in_axes = {Axes::dict({{"w", st::none}, {"b", 0}}), 0}};
  CHECK(two.in_axes.entries().size() == 2);
  const Options copy{.in_axes = two.in_axes};
  CHECK(copy.in_axes.entries().size() == 2);
  CHECK(st::ArgAxes::list({0, st::none, 1}).entries().size() == 3);
}

TEST_CASE("a spec resolves to one entry for each leaf", "[axes]") {
  CHECK(resolved(0, Tensor()) == "0");
  CHECK(resolved(-1, model()) == "-1-1-1-1-1");
  CHECK(resolved(st::none, Params{}) == "..");
  CHECK(resolved(st::axes({st::none, 0}), Params{}) == ".0");
  CHECK(resolved(Axes::dict({{"b", 2}, {"w", st::none}}), Params{}) == ".2");
  CHECK(resolved(st::axes({1, st::none}), model()) == "1111.");
  CHECK(resolved(st::axes({1, 0, st::none, 0}), model()) == "1111.");
  CHECK(resolved(st::axes({st::axes({0, st::axes({st::none, 1})}), st::none}), model()) == "00.1.");
  CHECK(resolved(Axes::dict({{"layers", st::axes({0, 1})}, {"scale", st::none}}), model()) == "0011.");
  CHECK(resolved(st::axes({0, st::none}), std::pair{Params{}, Tensor()}) == "00.");
  CHECK(resolved(Axes::dict({{"x", 1}, {"y", 0}}), st::Tree::dict({{"y", 1.0}, {"x", 2.0}})) == "01");
  CHECK(resolved(Axes::dict({{"x", 1}}), std::map<std::string, Tensor>{{"x", {}}}) == "1");
  CHECK(resolved(st::axes({0}), std::vector<Tensor>(1)) == "0");
  CHECK(resolved(0, 5).empty());
  CHECK(resolved(0, st::none).empty());
}

TEST_CASE("out_axes: lists, sinks, one entry for one result", "[axes]") {
  CHECK(text(st::resolve_out({st::sum_out, 0}, std::pair{Params{}, Tensor()})) == "ss0");
  CHECK(text(st::resolve_out(st::mean_out, Params{})) == "mm");
  CHECK(text(st::resolve_out({-1}, Tensor())) == "-1");
  CHECK(text(st::resolve_out(st::axes({0, 1}), Params{})) == "01");
  CHECK(text(st::resolve_out({}, Params{})) == "00");
  CHECK(message([] {
          st::resolve_out({0, 1}, Tensor());
        }) == "vmap: out_axes has 2 entries but there is a tensor: give an axis or st::none");
  CHECK(message([] {
          st::resolve_out({0, 1, 2}, std::pair{Tensor(), Tensor()}, "pmap");
        }) == "pmap: out_axes has 3 entries but the list has 2 entries");
}

TEST_CASE("specs that do not fit say so", "[axes]") {
  CHECK(message([] {
          st::ArgAxes{0, 1, 2}.entry(0, 2);
        }) == "vmap: in_axes has 3 entries but the function was given 2 arguments");
  CHECK(message([] { st::ArgAxes{0}.entry(0, 2, "pmap"); }) ==
        "pmap: in_axes has 1 entry but the function was given 2 arguments");
  CHECK(message([] {
          resolved(st::axes({0, 1, 2}), Params{});
        }) == "vmap: in_axes for argument 1 has 3 entries but Params has 2 fields (.w, .b)");
  CHECK(message([] {
          resolved(st::axes({st::axes({0, st::axes({0})}), 0}), model());
        }) == "vmap: in_axes for argument 1 (.layers[1]) has 1 entry but Params has 2 fields (.w, .b)");
  CHECK(message([] {
          resolved(st::axes({st::axes({0, st::axes({0, st::axes({1})})}), 0}), model());
        }) ==
        "vmap: in_axes for argument 1 (.layers[1].b) has 1 entry but there is a tensor: give an axis or st::none");
  CHECK(message([] {
          resolved(Axes::dict({{"v", 0}}), Params{});
        }) == "vmap: in_axes for argument 1 names \"v\" but Params has 2 fields (.w, .b)");
  CHECK(message([] {
          resolved(Axes::dict({{"w", 0}}), Params{});
        }) == "vmap: in_axes for argument 1 has no entry for \"b\" but Params has 2 fields (.w, .b)");
  CHECK(message([] {
          resolved(Axes::dict({{"w", 0}}), std::vector<Tensor>(2));
        }) == "vmap: in_axes for argument 1 names entries but there is a list of 2");
  CHECK(message([] {
          resolved(st::axes({0}), std::map<std::string, Tensor>{{"x", {}}});
        }) == "vmap: in_axes for argument 1 has 1 entry but there is a dict {\"x\"}: name the keys with Axes::dict");
  CHECK(message([] {
          resolved(Axes::dict({{"y", 0}}), std::map<std::string, Tensor>{{"x", {}}});
        }) == "vmap: in_axes for argument 1 names \"y\" but the dict has 1 key (\"x\")");
  CHECK(message([] { resolved(st::sum_out, Params{}); }) ==
        "vmap: in_axes for argument 1 is a sink: sum_out and mean_out are for out_axes");
  CHECK(message([] { resolved(st::axes({0}), 5); }) ==
        "vmap: in_axes for argument 1 has 1 entry but there is a static value: give an axis or st::none");
}
