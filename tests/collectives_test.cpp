// Collectives over named axes of vmap: values, derivatives, nesting, errors; pmap with one process.
#include <cmath>
#include <map>
#include <string>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/collective_uses.hpp"

namespace st = strata;
using st::Tensor;

namespace {

using Floats = std::vector<float>;
Tensor vec(Floats v) { return st::array(std::span<const float>(v), {v.size()}); }
Floats floats(const Tensor& x) { return x.to_vector<float>(); }
const Tensor four = vec({1, 2, 3, 4});

template <class F>
auto over_i(F f) {
  return st::vmap(f, {.axis_name = "i"});
}
template <class F>
Floats grads(F f) {
  return floats(over_i(st::grad(f))(four));
}
using st::square;

/// Functions of one lane's tensor of shape [4, 4] on an axis "i" of size 4.
const std::map<std::string, strata::CollectiveUse>& uses() {
  static const auto all = strata::collective_uses({{0, 1}, {1, 2}, {2, 3}, {3, 0}}, {{0, 3}, {2, 0}}, 2);
  return all;
}

Tensor sample(st::Shape shape) {
  std::vector<float> v(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = std::sin(static_cast<float>(3 * i + 1));
  return st::array(std::span<const float>(v), shape);
}
void check_close(const Tensor& a, const Tensor& b) {
  CHECK(a.shape() == b.shape());
  const Floats x = floats(a), y = floats(b);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == Approx(y[i]).margin(2e-5));
}
/// f for each slice along axis 0, by a loop.
template <class F>
Tensor looped(F f, const Tensor& x, int axis) {
  std::vector<Tensor> y;
  for (const Tensor& slice : st::unstack(x, {.axis = axis})) y.push_back(f(slice));
  return st::stack(y);
}

}  // namespace

TEST_CASE("golden values of derivatives taken inside the mapped function") {
  CHECK(grads([](const Tensor& x) { return st::psum(square(x), "i"); }) == Floats{8, 16, 24, 32});
  CHECK(grads([](const Tensor& x) { return st::psum_invariant(square(x), "i"); }) == Floats{2, 4, 6, 8});
  CHECK(grads([](const Tensor& x) { return st::pmean(square(x), "i"); }) == Floats{2, 4, 6, 8});
  CHECK(grads([](const Tensor& x) { return st::psum_invariant(square(x), "i") / st::axis_size("i"); }) ==
        Floats{0.5, 1, 1.5, 2});
  CHECK(grads([](const Tensor& x) {
          return x * st::ppermute(x, "i", {{0, 1}, {1, 2}, {2, 3}, {3, 0}});
        }) == Floats{6, 4, 6, 4});
  CHECK(grads([](const Tensor& x) { return st::sum(st::all_gather(x, "i") * four); }) == Floats{4, 8, 12, 16});
  const auto for_w = [](auto f) {
    return floats(st::vmap(st::grad(f), {.in_axes = {st::none, 0}, .axis_name = "i"})(Tensor(3.f), four));
  };
  CHECK(for_w([](const Tensor& w, const Tensor& x) { return st::pmean(w * x, "i"); }) == Floats{1, 2, 3, 4});
  CHECK(for_w([](const Tensor& w, const Tensor& x) {
          return st::psum_invariant(st::pvary(w, "i") * x, "i") / st::axis_size("i");
        }) == Floats{2.5, 2.5, 2.5, 2.5});
  CHECK(floats(over_i([](const Tensor& x) { return st::psum_scatter(x * st::arange(4), "i"); })(four)) ==
        Floats{0, 10, 20, 30});
  CHECK(floats(over_i([](const Tensor& x) { return x / st::psum(1, "i"); })(four)) == Floats{0.25, 0.5, 0.75, 1});
}

TEST_CASE("collectives of a value that no lane distinguishes") {
  const auto shared = [](auto f) { return [f](const Tensor& x) { return f(Tensor(5.f)) + 0 * x; }; };
  CHECK(floats(over_i(shared([](const Tensor& c) { return st::psum(c, "i"); }))(four)) == Floats{20, 20, 20, 20});
  CHECK(floats(over_i(shared([](const Tensor& c) { return st::pmax(c, "i") + st::pmean(c, "i"); }))(four)) ==
        Floats{10, 10, 10, 10});
  CHECK(floats(over_i(shared([](const Tensor& c) { return st::sum(st::all_gather(c, "i")); }))(four)) ==
        Floats{20, 20, 20, 20});
  CHECK(floats(over_i(shared([](const Tensor&) { return st::psum_scatter(four, "i"); }))(four)) ==
        Floats{4, 8, 12, 16});
  CHECK(floats(over_i(shared([](const Tensor&) { return st::all_to_all(four, "i"); }))(four)) ==
        Floats{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4});
  CHECK(floats(over_i(shared([](const Tensor& c) {
          return st::ppermute(c, "i", {{0, 1}});
        }))(four)) == Floats{0, 5, 0, 0});
  CHECK(floats(over_i(shared([](const Tensor& c) { return st::pbroadcast(c, "i", 3); }))(four)) == Floats{5, 5, 5, 5});
  CHECK(st::vmap([](const Tensor&) { return st::psum(2, "i"); }, {.out_axes = st::none, .axis_name = "i"})(four)
            .item<int>() == 8);
}

TEST_CASE("a gradient inside is the gradient of the sum of all lanes' results, and forward mode agrees") {
  const Tensor x = sample({4, 4, 4}), dx = sample({4, 4, 4}) * 2 - 1;
  for (const auto& [name, f] : uses()) {
    INFO(name);
    const auto mapped = over_i(f);
    const auto one = [&f = f](const Tensor& t) { return st::sum(f(t)); };
    const auto total = [&](const Tensor& t) { return st::sum(mapped(t)); };
    const Tensor g = st::grad(total)(x);
    check_close(over_i(st::grad(one))(x), g);
    const Tensor dy = st::jvp(mapped, x, dx).second;
    CHECK(st::sum(dy).item<float>() == Approx(st::sum(g * dx).item<float>()).margin(1e-4));
    check_close(over_i([&f = f](const Tensor& t, const Tensor& dt) { return st::jvp(f, t, dt).second; })(x, dx), dy);
    check_close(st::hvp(total, x, dx), st::grad([&](const Tensor& t) { return st::sum(st::grad(total)(t) * dx); })(x));
    const double h = 1e-2;
    const double slope = (total(x + h * dx).item<double>() - total(x - h * dx).item<double>()) / (2 * h);
    CHECK(st::sum(dy).item<double>() == Approx(slope).epsilon(2e-2).margin(2e-2));
  }
}

TEST_CASE("another vmap inside or outside keeps its lanes") {
  const Tensor x = sample({4, 3, 4, 4});
  for (const auto& [name, f] : uses()) {
    INFO(name);
    const auto mapped = over_i(f);
    const Tensor expected = looped(mapped, x, 1);  // [3, 4, ...]
    check_close(st::vmap(mapped, {.in_axes = 1})(x), expected);
    check_close(st::moveaxis(st::vmap(st::vmap(f), {.axis_name = "i"})(x), 1, 0), expected);
    check_close(st::moveaxis(st::vmap(st::vmap(f, {.in_axes = -1}), {.axis_name = "i"})(st::moveaxis(x, 1, -1)), 1, 0),
                expected);
    check_close(st::moveaxis(st::vmap(st::vmap(f, {.in_axes = 1}), {.axis_name = "i"})(st::moveaxis(x, 1, 2)), 1, 0),
                expected);
    const auto one = [&f = f](const Tensor& t) { return st::sum(f(t)); };
    check_close(st::vmap(over_i(st::grad(one)), {.in_axes = 1})(x), looped(over_i(st::grad(one)), x, 1));
  }
}

TEST_CASE("several axes, and the innermost of a name") {
  const Tensor x = st::reshape(vec({1, 2, 3, 4, 5, 6}), {2, 3});
  const auto grid = [&](auto f, const char* outer = "i", const char* inner = "j") {
    return floats(st::vmap(st::vmap(f, {.axis_name = inner}), {.axis_name = outer})(x));
  };
  CHECK(grid([](const Tensor& t) { return st::psum(t, {"i", "j"}); }) == Floats(6, 21));
  CHECK(grid([](const Tensor& t) { return st::pmean(t, {"j", "i"}); }) == Floats(6, 3.5));
  CHECK(grid([](const Tensor& t) { return st::psum(t, "i"); }) == Floats{5, 7, 9, 5, 7, 9});
  CHECK(grid([](const Tensor& t) { return st::psum(t, "i"); }, "i", "i") == Floats{6, 6, 6, 15, 15, 15});
  CHECK(grid([](const Tensor&) { return st::axis_index({"i", "j"}) * 1.0; }) == Floats{0, 1, 2, 3, 4, 5});
  CHECK(grid([](const Tensor&) { return st::axis_size({"i", "j"}) * st::ones({}); }) == Floats(6, 6));
  CHECK(grid(st::grad([](const Tensor& t) { return st::psum(t * t, {"i", "j"}); })) == Floats{12, 24, 36, 48, 60, 72});
}

TEST_CASE("trees, integers, ties") {
  struct Stats {
    Tensor mean;
    std::pair<Tensor, Tensor> sums;
    int tag = 3;
  };
  const Stats s = st::vmap(
      [](const Tensor& x) {
        return st::psum(Stats{x, {x * x, 1 - x}}, "i");
      },
      {.out_axes = st::none, .axis_name = "i"})(four);
  CHECK(s.mean.item<float>() == 10);
  CHECK(s.sums.first.item<float>() == 30);
  CHECK(s.sums.second.item<float>() == -6);
  CHECK(s.tag == 3);
  const Tensor n =
      st::vmap([](const Tensor& x) { return st::psum(x > 2, "i"); }, {.out_axes = st::none, .axis_name = "i"})(four);
  CHECK(n.dtype() == st::int32);
  CHECK(n.item<int>() == 2);
  CHECK(over_i([](const Tensor&) { return st::axis_index("i"); })(four).dtype() == st::int32);
  CHECK(floats(over_i(st::grad([](const Tensor& x) { return st::pmax(x, "i"); }))(vec({1, 5, 5, 2}))) ==
        Floats{0, 2, 2, 0});
  CHECK(floats(over_i([](const Tensor& x) { return st::psum(x, "i"); })(vec({}))).empty());
}

TEST_CASE("batch norm by the axis, differentiated through the statistics") {
  const auto norm = [](const Tensor& x) {
    const Tensor m = st::pmean(x, "i"), v = st::pmean(square(x - m), "i");
    return (x - m) / st::sqrt(v + 1e-5);
  };
  const Tensor x = sample({5, 3}), w = sample({5, 3}) + 2;
  const auto plain = [&](const Tensor& t) {
    const Tensor m = st::mean(t, {.axes = {0}}), v = st::mean(square(t - m), {.axes = {0}});
    return (t - m) / st::sqrt(v + 1e-5);
  };
  check_close(over_i(norm)(x), plain(x));
  check_close(st::grad([&](const Tensor& t) { return st::sum(w * over_i(norm)(t)); })(x),
              st::grad([&](const Tensor& t) { return st::sum(w * plain(t)); })(x));
}

TEST_CASE("what collectives refuse") {
  const std::string inside = "\n  inside vmap (level 1, size 4, axis 'i'): shapes are those of one example";
  CHECK_THROWS_WITH(st::psum(Tensor(1.f), "data"),
                    "psum: no axis is called 'data' here; no axis has a name: give one with st::vmap(f, {.axis_name = "
                    "\"data\"})");
  CHECK_THROWS_WITH(over_i([](const Tensor& x) { return st::pmean(x, "j"); })(four),
                    "pmean: no axis is called 'j' here; the axes in scope are 'i'" + inside);
  CHECK_THROWS_WITH(over_i([](const Tensor& x) { return st::all_gather(x, "data"); })(four),
                    "all_gather: no axis is called 'data' here; the axes in scope are 'i'" + inside);
  CHECK_THROWS_WITH(over_i([](const Tensor& x) {
                      return st::psum_scatter(st::stack({x, x}), "i");
                    })(four),
                    "psum_scatter: axis 0 of shape [2] has size 2, but axis 'i' has 4 lanes: they must agree (or use "
                    ".tiled for a multiple)" +
                        inside);
  CHECK_THROWS_WITH(
      over_i([](const Tensor& x) {
        return st::all_to_all(st::stack({x, x}), "i", {.tiled = true});
      })(four),
      "all_to_all: axis 0 of shape [2] has size 2, but axis 'i' has 4 lanes: it must be a multiple" + inside);
  CHECK_THROWS_WITH(over_i([](const Tensor& x) {
                      return st::ppermute(x, "i", {{0, 4}});
                    })(four),
                    "ppermute: there is no lane 4: axis 'i' has 4 lanes" + inside);
  CHECK_THROWS_WITH(over_i([](const Tensor& x) {
                      return st::ppermute(x, "i", {{0, 1}, {0, 2}});
                    })(four),
                    "ppermute: lane 0 sends twice" + inside);
  CHECK_THROWS_WITH(over_i([](const Tensor& x) {
                      return st::ppermute(x, "i", {{0, 1}, {2, 1}});
                    })(four),
                    "ppermute: lane 1 receives twice" + inside);
  CHECK_THROWS_WITH(over_i([](const Tensor& x) { return st::pbroadcast(x, "i", -1); })(four),
                    "pbroadcast: there is no lane -1: axis 'i' has 4 lanes" + inside);
  CHECK_THROWS_AS(st::vmap([](const Tensor& x) { return x; }, {.out_axes = st::none, .axis_name = "i"})(four),
                  st::TransformError);
}

TEST_CASE("a collective cannot run inside a branch that not all lanes take") {
  const auto f = [](st::CondOptions options) {
    return [options](const Tensor& x) {
      return st::cond(
          options, x > 1, [](const Tensor& x) { return st::psum(x, "i"); }, [](const Tensor& x) { return x; }, x);
    };
  };
  CHECK_THROWS_WITH(over_i(f({}))(four),
                    "psum: only 3 of the 4 lanes of axis 'i' are here: a collective cannot run inside a branch (or a "
                    "loop) that some lanes do not take; take it out of the branch, or use st::cond({.select = true}, "
                    "...)\n  inside vmap (level 1, size 4, axis 'i'): shapes are those of one example");
  CHECK(floats(over_i(f({.select = true}))(four)) == Floats{1, 10, 10, 10});
  CHECK(floats(over_i(f({}))(vec({2, 3}))) == Floats{5, 5});
  // Over another axis it can: all its lanes are there.
  const auto g = [](const Tensor& row) {
    return st::cond(
        st::sum(row) > 4, [&] { return over_i([](const Tensor& x) { return st::psum(x, "i"); })(row); },
        [&] { return row; });
  };
  CHECK(floats(st::vmap(g, {.axis_name = "j"})(st::reshape(vec({1, 2, 3, 4}), {2, 2}))) == Floats{1, 2, 7, 7});
}

TEST_CASE("pmap, shard and init with one process") {
  const auto world = st::distributed::init();
  CHECK(world.rank() == 0);
  CHECK(world.size() == 1);
  const Tensor x = st::shard(four);
  CHECK(x.shape() == st::Shape{1, 4});
  const auto loss = [](const Tensor& w, const Tensor& x) { return st::sum(square(w * x)); };
  const auto step =
      st::pmap([&](const Tensor& w, const Tensor& x) { return w - 0.1 * st::pmean(st::grad(loss)(w, x), "data"); },
               {.in_axes = {st::none, 0}, .axis_name = "data"});
  CHECK(step(1.0, x).shape() == st::Shape{1});
  CHECK(step(1.0, x)[0].item<float>() == Approx(1 - 0.1 * 60));
  const auto index = st::pmap([](const Tensor& x) { return x * st::axis_size("p") + st::axis_index("p"); },
                              {.out_axes = 1, .axis_name = "p"});
  CHECK(index(x).shape() == st::Shape{4, 1});
  const auto both =
      st::pmap([](const Tensor& x) { return over_i([](const Tensor& e) {
                                       return st::psum(e, {"p", "i"});
                                     })(x); },
               {.axis_name = "p"});
  CHECK(floats(both(x)) == Floats{10, 10, 10, 10});
  CHECK_THROWS_WITH(
      index(four),
      "pmap: argument 0 has size 4 along axis 0, but there is 1 process: st::shard makes a slice for each");
  CHECK_THROWS_WITH(index(Tensor(1.f)), "pmap: argument 0 is mapped along axis 0, but has shape []");
  CHECK_THROWS_WITH(st::shard(Tensor(1.f)), "shard: shape [] cannot be divided among 1 process along axis 0");
  const auto tree = st::shard(std::pair{four, st::zeros({2, 3})});
  CHECK(tree.second.shape() == st::Shape{1, 2, 3});
}
