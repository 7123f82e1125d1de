// Branches: one value, or each lane's own rows; switch_case, select, custom rules and checkpoints inside branches.
#include "strata/tests/control.hpp"

namespace st = strata;
using st::Tensor;
using namespace strata::testing;

TEST_CASE("cond with one value runs one branch") {
  int runs = 0;
  const auto f = [&](const Tensor& x) { return ++runs, 2 * x; };
  const auto never = [](const Tensor& x) -> Tensor {
    throw st::ValueError("ran");
    return x;
  };
  CHECK(st::cond(true, f, never, 3.0).item<float>() == 6);
  CHECK(st::cond(Tensor(0), never, f, 3.0).item<float>() == 6);
  CHECK(runs == 2);
  const auto g = [](const Tensor& x) { return st::cond(x, squared, twice, x); };
  CHECK(st::grad(g)(3.0).item<float>() == 6);
  CHECK(st::grad(g)(0.0).item<float>() == 2);
  CHECK(st::jvp(g, 3.0, 1.0).second.item<float>() == 6);
  const auto [a, b] = st::cond(
      true,
      [](auto x, auto y) {
        return std::pair{x + y, 1};
      },
      [](auto x, auto) {
        return std::pair{x, 2};
      },
      1, 2.5);
  CHECK(a.template item<float>() == 3.5);
  CHECK(b.template item<int>() == 1);
}

TEST_CASE("cond with a mapped predicate runs each branch on its rows") {
  std::vector<std::int64_t> sizes;
  const auto count = [&](const Tensor& x) {
    const Tensor y = 1 * x;
    if (y.is_wrapped()) sizes.push_back(st::wrapper(y).value.size());
    return y;
  };
  const auto f = [&](const Tensor& p, const Tensor& x) {
    return st::cond(
        p, [&](const Tensor& t) { return squared(count(t)); }, [&](const Tensor& t) { return twice(count(t)); }, x);
  };
  CHECK(floats(st::vmap(f)(mask({1, 0, 1, 1}), vec({1, 2, 3, 4}))) == Floats{1, 4, 9, 16});
  CHECK(sizes == std::vector<std::int64_t>{3, 1});
  sizes.clear();
  CHECK(floats(st::vmap(f)(mask({0, 0}), vec({1, 2}))) == Floats{2, 4});
  CHECK(sizes == std::vector<std::int64_t>{2});
  CHECK(st::vmap(f)(mask({}), vec({})).shape() == st::Shape{0});
  const Tensor m = st::reshape(vec({1, 2, 3, 4, 5, 6}), {2, 3});
  CHECK(floats(st::vmap(f, {.in_axes = {0, 1}, .out_axes = 1})(mask({1, 0, 1}), m)) == Floats{1, 4, 9, 16, 10, 36});
  // Results that no lane distinguishes, and a shared operand.
  const auto g = [](const Tensor& p) {
    return st::cond(
        p, [] { return 1.0; }, [] { return 0.0; });
  };
  CHECK(floats(st::vmap(g)(mask({1, 0, 1}))) == Floats{1, 0, 1});
  CHECK(floats(st::vmap(f, {.in_axes = {0, st::none}})(mask({1, 0}), Tensor(3.0))) == Floats{9, 6});
}

TEST_CASE("gradients hold no NaN of a branch not taken, captured tensors included") {
  const Tensor x = vec({2, 0, 4});
  const auto safe = [](const Tensor& t) { return st::cond(t, inverse, zero, t); };
  const Floats expected{-0.25f, 0, -0.0625f};
  CHECK(floats(st::vmap(st::grad(safe))(x)) == expected);
  CHECK(floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(safe)(t)); })(x)) == expected);
  const auto captured = [](const Tensor& t) {
    const Tensor c = t * 1;
    return st::cond(
        t, [&] { return 1 / c; }, [&] { return 0 * c; });
  };
  CHECK(floats(st::vmap(captured)(x)) == Floats{0.5f, 0, 0.25f});
  CHECK(floats(st::vmap(st::grad(captured))(x)) == expected);
  CHECK(floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(captured)(t)); })(x)) == expected);
  CHECK(floats(st::vmap([&](const Tensor& t) { return st::jvp(captured, t, Tensor(1.f)).second; })(x)) == expected);
  CHECK(floats(st::jvp([&](const Tensor& t) { return st::vmap(captured)(t); }, x, st::ones({3})).second) == expected);
  const Floats second{0.25f, 0, 2.f / 64};
  CHECK(floats(st::vmap(st::grad(st::grad(captured)))(x)) == second);
  CHECK(floats(st::vmap(st::grad(st::grad(safe)))(x)) == second);
  CHECK(floats(st::hessian([&](const Tensor& t) { return st::sum(st::vmap(captured)(t)); })(x)) ==
        Floats{0.25f, 0, 0, 0, 0, 0, 0, 0, 2.f / 64});
  CHECK(floats(st::vmap(st::jacfwd(st::jacrev(captured)))(x)) == second);
}

TEST_CASE("a shared tensor that is differentiated inside vmap gets each lane's own cotangent") {
  const Tensor p = mask({1, 0, 1}), x = vec({1, 2, 3});
  const auto f = [](const Tensor& w, const Tensor& p, const Tensor& x) {
    return st::cond(
        p, [&] { return w * w * x; }, [&] { return w; });
  };
  CHECK(floats(st::vmap(st::grad(f), {.in_axes = {st::none, 0, 0}})(Tensor(5.0), p, x)) == Floats{10, 1, 30});
  const auto total = [&](const Tensor& w) { return st::sum(st::vmap(f, {.in_axes = {st::none, 0, 0}})(w, p, x)); };
  CHECK(st::grad(total)(5.0).item<float>() == 41);
  CHECK(st::grad(st::grad(total))(5.0).item<float>() == 8);
  const auto both = [&](const Tensor& w, const Tensor& p, const Tensor& x) {
    return st::grad([&](const Tensor& v) { return f(v, p, x); })(w);
  };
  CHECK(floats(st::vmap(st::grad(both), {.in_axes = {st::none, 0, 0}})(Tensor(5.0), p, x)) == Floats{2, 0, 6});
  const auto branches = [](const Tensor& w, const Tensor& p) { return st::cond(p, twice, squared, w); };
  CHECK(floats(st::vmap(st::grad(branches), {.in_axes = {st::none, 0}})(Tensor(5.0), p)) == Floats{2, 10, 2});
  // Gradients taken inside a branch, of captured and of shared tensors.
  const auto inside = [&](const Tensor& w, const Tensor& p, const Tensor& x) {
    return st::cond(
        p, [&] { return st::grad([&](const Tensor& v) { return v * v * x * w; })(w); }, [&] { return x; });
  };
  CHECK(floats(st::vmap(inside, {.in_axes = {st::none, 0, 0}})(Tensor(5.0), p, x)) == Floats{50, 2, 150});
  CHECK(floats(st::vmap(st::grad(inside), {.in_axes = {st::none, 0, 0}})(Tensor(5.0), p, x)) == Floats{20, 0, 60});
}

TEST_CASE("cond inside cond, and under two vmaps") {
  const auto f = [](const Tensor& p, const Tensor& q, const Tensor& x) {
    const Tensor y = 1 * x;
    return st::cond(
        p,
        [&](const Tensor& t) {
          return st::cond(
              q, [&] { return t * y; }, [&] { return 1 / y; });
        },
        [&](const Tensor& t) { return st::cond(q, twice, zero, t); }, x);
  };
  const Tensor p = mask({1, 1, 0, 0}), q = mask({1, 0, 1, 0}), x = vec({3, 4, 5, 0});
  CHECK(floats(st::vmap(f)(p, q, x)) == Floats{9, 0.25, 10, 0});
  CHECK(floats(st::vmap(st::grad<2>(f))(p, q, x)) == Floats{6, -1.f / 16, 2, 0});
  CHECK(floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(f)(p, q, t)); })(x)) ==
        Floats{6, -1.f / 16, 2, 0});
  const auto second = [&](const Tensor& p, const Tensor& q, const Tensor& x) {
    return st::grad([&](const Tensor& t) { return st::grad<2>(f)(p, q, t); })(x);
  };
  CHECK(floats(st::vmap(second)(p, q, x)) == Floats{2, 2.f / 64, 0, 0});
  // Every lane of two vmaps chooses for itself.
  const Tensor pp = st::reshape(mask({1, 0, 1, 1, 1, 0}), {2, 3}), xx = st::reshape(vec({1, 2, 3, 4, 5, 0}), {2, 3});
  const auto g = [](const Tensor& p, const Tensor& x) {
    const Tensor c = x * 1;
    return st::cond(
        p, [&](const Tensor& t) { return c / t; }, [&](const Tensor& t) { return t * c; }, x);
  };
  CHECK(floats(st::vmap(st::vmap(g))(pp, xx)) == Floats{1, 4, 1, 1, 1, 0});
  CHECK(floats(st::vmap(st::vmap(st::grad<1>(g)))(pp, xx)) == Floats{0, 4, 0, 0, 0, 0});
  CHECK(floats(st::vmap([&](const Tensor& p, const Tensor& x) {
          return st::grad([&](const Tensor& x) { return st::sum(st::vmap(g)(p, x)); })(x);
        })(pp, xx)) == Floats{0, 4, 0, 0, 0, 0});
  // The outer level maps the predicate, the inner one does not, and the other way round.
  const Tensor outer = mask({1, 0}), inner = mask({0, 1, 0});
  CHECK(floats(st::vmap(st::vmap(g, {.in_axes = {st::none, 0}}))(outer, xx)) == Floats{1, 1, 1, 16, 25, 0});
  CHECK(floats(st::vmap(st::vmap(g), {.in_axes = {st::none, 0}})(inner, xx)) == Floats{1, 1, 9, 16, 1, 0});
}

TEST_CASE("switch_case clamps, and runs each branch on its rows") {
  const std::tuple branches{twice, squared, inverse};
  const auto f = [&](const Tensor& i, const Tensor& x) { return st::switch_case(i, branches, x); };
  CHECK(f(-5, 3.0).item<float>() == 6);
  CHECK(f(7, 4.0).item<float>() == 0.25);
  const std::vector<int> numbers{0, 1, 2, 9, -1};
  const Tensor i = st::array(std::span<const int>(numbers), {5}), x = vec({0, 3, 2, 4, 5});
  CHECK(floats(st::vmap(f)(i, x)) == Floats{0, 9, 0.5, 0.25, 10});
  CHECK(floats(st::vmap(st::grad<1>(f))(i, x)) == Floats{2, 6, -0.25, -1.f / 16, 2});
}

TEST_CASE("select runs every branch on all lanes") {
  int runs = 0;
  const auto f = [&](const Tensor& p, const Tensor& x) {
    return st::cond(
        {.select = true}, p, [&](const Tensor& t) { return ++runs, squared(t); },
        [&](const Tensor& t) { return ++runs, twice(t); }, x);
  };
  const Tensor x = vec({1, 3, 5});
  CHECK(floats(st::vmap(f)(mask({1, 0, 1}), x)) == Floats{1, 6, 25});
  CHECK(runs == 2);
  CHECK(floats(st::vmap(st::grad<1>(f))(mask({1, 0, 1}), x)) == Floats{2, 2, 10});
  runs = 0;
  CHECK(floats(st::vmap(f)(mask({1, 1, 1}), x)) == Floats{1, 9, 25});
  CHECK(runs == 2);
  CHECK(f(true, 3.0).item<float>() == 9);
  CHECK(runs == 3);
  const auto g = [](const Tensor& i, const Tensor& x) {
    return st::switch_case({.select = true}, i, std::tuple{twice, squared, zero}, x);
  };
  CHECK(floats(st::vmap(g)(st::array({2, 1, -4}), x)) == Floats{0, 9, 10});
}

TEST_CASE("custom rules and checkpoints inside branches keep their rows") {
  const auto triple = st::custom_vjp([](const Tensor& x) { return x * x; },
                                     [](const Tensor& x) {
                                       return std::pair{x * x, x};
                                     },
                                     [](const Tensor& x, const Tensor& g) { return 3 * x * g; });
  const Tensor p = mask({1, 0, 1}), x = vec({1, 2, 3});
  const auto f = [&](const Tensor& p, const Tensor& x) {
    const Tensor c = x * 1;
    return st::cond(
        p, [&](const Tensor& t) { return triple(t) * c; },
        [&](const Tensor& t) { return st::checkpoint([c](const Tensor& u) { return u * c; })(t); }, x);
  };
  CHECK(floats(st::vmap(st::grad<1>(f))(p, x)) == Floats{3 + 1, 4, 27 + 9});
  CHECK(floats(st::grad([&](const Tensor& x) { return st::sum(st::vmap(f)(p, x)); })(x)) == Floats{4, 4, 36});
  const auto shared = [&](const Tensor& w, const Tensor& p, const Tensor& x) {
    return st::cond(
        p, [&] { return st::checkpoint([&](const Tensor& u) { return u * w * w; })(x); },
        [&] { return triple(w) * x; });
  };
  CHECK(floats(st::vmap(st::grad(shared), {.in_axes = {st::none, 0, 0}})(Tensor(5.0), p, x)) == Floats{10, 30, 30});
}

TEST_CASE("an exception in a branch leaves everything as it was") {
  const Tensor p = mask({1, 0}), x = vec({1, 2});
  const auto thrower = [](const Tensor& x) -> Tensor {
    throw st::ValueError("stop");
    return x;
  };
  const auto f = [&](const Tensor& p, const Tensor& x) {
    CHECK_THROWS_WITH(st::cond(p, thrower, twice, x), "stop");
    return x + x;
  };
  CHECK(floats(st::vmap(f)(p, x)) == Floats{2, 4});
  CHECK(st::level_stack.narrowed == 0);
  CHECK(st::level_stack.depth == 0);
}

TEST_CASE("branches must agree; predicates are single values") {
  const Tensor p = mask({1, 0}), x = vec({1, 2});
  const auto run = [&](auto f, auto g) {
    return [=](const Tensor& p, const Tensor& x) { return st::cond(p, f, g, x); };
  };
  const auto wide = [](const Tensor& x) { return st::reshape(x, {1}); };
  const std::string context = "\n  inside vmap (level 1, size 2): shapes are those of one example";
  CHECK_THROWS_WITH(st::vmap(run(twice, wide))(p, x),
                    "cond: on_true gives shape [], on_false gives shape [1]: branches must agree" + context);
  const auto whole = [](const Tensor& x) { return st::astype(x, st::int32); };
  CHECK_THROWS_WITH(st::vmap(run(twice, whole))(p, x),
                    "cond: on_true gives float32, on_false gives int32: branches must agree; convert one with "
                    "st::astype" +
                        context);
  const auto list = [](int n) {
    return [n](const Tensor& x) { return std::vector<Tensor>(static_cast<std::size_t>(n), x); };
  };
  CHECK_THROWS_WITH(
      st::vmap(run(list(2), list(3)))(p, x),
      "cond: the branches return different trees: on_true gives a list of 2, on_false a list of 3" + context);
  CHECK_THROWS_WITH(st::cond(p, twice, squared, x),
                    "cond: the predicate has shape [2]; it must be one value (shape [])");
  CHECK_THROWS_WITH(st::switch_case(0.5, std::tuple{twice, squared}, x),
                    "switch_case: the index is float32; it must be an integer");
  CHECK_THROWS_WITH(st::vmap([](const Tensor& i, const Tensor& x) {
                      return st::switch_case(i,
                                             std::tuple{[](auto x) {
                                                          return std::pair{x, x};
                                                        },
                                                        [](auto x) {
                                                          return std::pair{x, st::reshape(x, {1})};
                                                        }},
                                             x);
                    })(st::astype(p, st::int32), x),
                    "switch_case: branch 0 gives shape [] for leaf 1 of its result, branch 1 gives shape [1]: branches "
                    "must agree" +
                        context);
}

TEST_CASE("a tensor kept from a branch cannot be mixed with others") {
  const Tensor p = mask({1, 0, 1}), x = vec({1, 2, 3});
  const auto f = [](const Tensor& p, const Tensor& x) {
    Tensor kept;
    st::cond(
        p, [&] { return kept = x * 2; }, [&] { return x; });
    return kept + x;
  };
  CHECK_THROWS_WITH(st::vmap(f)(p, x),
                    Catch::StartsWith("add: its arguments hold different lanes: one comes from a branch that ran on "
                                      "some lanes only; return it from the branch instead of storing it outside"));
}

TEST_CASE("a checkpoint under jvp is still one segment of an outer tape") {
  int runs = 0;
  const auto f = [&](const Tensor& w) {
    return [&runs, w](const Tensor& x) { return ++runs, st::sum(st::sin(x * w) * w); };
  };
  const Tensor x = vec({0.5, 1, 2}), dx = vec({1, -1, 0.5}), w = vec({2, 3, -1});
  const auto slope = [&](auto wrap) {
    return [&f, &dx, wrap](const Tensor& w, const Tensor& x) { return st::jvp(wrap(f(w)), x, dx).second; };
  };
  const auto plain = slope([](auto g) { return g; });
  const auto saved = slope([](auto g) { return st::checkpoint(g); });
  const auto a = st::grad<0, 1>(plain)(w, x);
  CHECK(runs == 1);
  const auto b = st::grad<0, 1>(saved)(w, x);
  CHECK(runs == 3);
  CHECK(floats(std::get<0>(a)) == floats(std::get<0>(b)));
  CHECK(floats(std::get<1>(a)) == floats(std::get<1>(b)));
  const Tensor xs = st::stack({x, 2 * x});
  const auto each = [&](auto g) { return st::vmap(st::grad<1>(g), {.in_axes = {st::none, 0}})(w, xs); };
  CHECK(floats(each(plain)) == floats(each(saved)));
  const auto total = [&](auto g) {
    return st::grad([&, g](const Tensor& w) { return st::sum(st::vmap(g, {.in_axes = {st::none, 0}})(w, xs)); })(w);
  };
  CHECK(floats(total(plain)) == floats(total(saved)));
}
