// Control flow: branches on their rows, scans, loops, and their nestings with every transform.
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

#include <cmath>

namespace st = strata;
using st::Tensor;

namespace {

using Floats = std::vector<float>;
Tensor vec(Floats v) { return st::array(std::span<const float>(v), {v.size()}); }
Tensor mask(std::vector<int> v) { return st::astype(st::array(std::span<const int>(v), {v.size()}), st::bool_); }
Floats floats(const Tensor& x) { return x.to_vector<float>(); }

const auto twice = [](const Tensor& x) { return 2 * x; };
const auto squared = [](const Tensor& x) { return x * x; };
/// 1 / x: at 0 its derivative is not finite.
const auto inverse = [](const Tensor& x) { return 1 / x; };
const auto zero = [](const Tensor& x) { return 0 * x; };

}  // namespace

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

TEST_CASE("scan carries and stacks") {
  const Tensor xs = vec({1, 2, 3});
  const auto step = [](const Tensor& c, const Tensor& x) { return std::pair{c + x, c * x}; };
  const auto [last, ys] = st::scan(step, 0.0, xs);
  CHECK(last.item<float>() == 6);
  CHECK(floats(ys) == Floats{0, 2, 9});
  const auto [first, back] = st::scan(step, 0.0, xs, {.reverse = true});
  CHECK(floats(back) == Floats{5, 6, 0});
  const auto [power, nothing] = st::scan(
      [](Tensor c, st::None) {
        return std::pair{c * 2, st::none};
      },
      1, st::none, {.length = 10});
  CHECK(power.item<int>() == 1024);
  CHECK(power.dtype() == st::int32);
  struct State {
    Tensor total;
    int tag = 7;
  };
  struct Input {
    Tensor a, b;
  };
  const auto [state, out] = st::scan(
      [](const State& s, const Input& x) {
        const State next{s.total + x.a * st::sum(x.b), s.tag};
        return std::pair{next, std::tuple{next.total, 1.5}};
      },
      State{Tensor(0.f)}, Input{xs, st::reshape(vec({1, 2, 3, 4, 5, 6}), {3, 2})});
  CHECK(state.tag == 7);
  CHECK(state.total.item<float>() == 3 + 14 + 33);
  CHECK(floats(std::get<0>(out)) == Floats{3, 17, 50});
  CHECK(floats(std::get<1>(out)) == Floats{1.5, 1.5, 1.5});
}

TEST_CASE("scan of length 0 runs its body once for the shapes") {
  int runs = 0;
  const auto step = [&](const Tensor& c, const Tensor& x) {
    return ++runs, std::pair{c + st::sum(x), st::stack({x, x})};
  };
  const auto [c, ys] = st::scan(step, 1.5, st::zeros({0, 3}));
  CHECK(runs == 1);
  CHECK(c.item<float>() == 1.5);
  CHECK(ys.shape() == st::Shape{0, 2, 3});
  CHECK(st::vmap([&](const Tensor& x) { return st::scan(step, 1.5, x).second; })(st::zeros({4, 0, 3})).shape() ==
        st::Shape{4, 0, 2, 3});
}

TEST_CASE("scan under and over every transform") {
  const Tensor xs = vec({0.5, -1, 2}), w = Tensor(3.f);
  const auto f = [](const Tensor& w, const Tensor& xs) {
    return st::scan([&](const Tensor& c, const Tensor& x) { return std::pair{c * w + x, c * c}; }, 1.0, xs);
  };
  const auto loop = [](const Tensor& w, const Tensor& xs) {
    Tensor c = 1.0, total = 0.0;
    for (const Tensor& x : st::unstack(xs)) total = total + c * c, c = c * w + x;
    return total + c;
  };
  const auto total = [&](const Tensor& w, const Tensor& xs) {
    const auto [c, ys] = f(w, xs);
    return st::sum(ys) + c;
  };
  CHECK(total(w, xs).item<float>() == loop(w, xs).item<float>());
  const auto a = st::grad<0, 1>(total)(w, xs), b = st::grad<0, 1>(loop)(w, xs);
  CHECK(std::get<0>(a).item<float>() == std::get<0>(b).item<float>());
  CHECK(floats(std::get<1>(a)) == floats(std::get<1>(b)));
  CHECK(floats(st::hessian([&](const Tensor& x) { return total(w, x); })(xs)) ==
        floats(st::hessian([&](const Tensor& x) { return loop(w, x); })(xs)));
  CHECK(st::jvp(total, st::args(w, xs), st::args(Tensor(1.f), vec({1, 1, 1}))).second.item<float>() ==
        st::jvp(loop, st::args(w, xs), st::args(Tensor(1.f), vec({1, 1, 1}))).second.item<float>());
  const Tensor batch = st::stack({xs, 2 * xs}), ws = vec({3, -1});
  CHECK(floats(st::vmap(total)(ws, batch)) == floats(st::vmap(loop)(ws, batch)));
  CHECK(floats(st::vmap(total, {.in_axes = {st::none, 0}})(w, batch)) ==
        floats(st::vmap(loop, {.in_axes = {st::none, 0}})(w, batch)));
  CHECK(floats(st::vmap(st::grad<1>(total), {.in_axes = {0, st::none}})(ws, xs)) ==
        floats(st::vmap(st::grad<1>(loop), {.in_axes = {0, st::none}})(ws, xs)));
  const auto summed = [&](auto g) {
    return [=](const Tensor& ws) { return st::sum(st::vmap(g, {.in_axes = {0, 1}})(ws, st::transpose(batch))); };
  };
  CHECK(floats(st::grad(summed(total))(ws)) == floats(st::grad(summed(loop))(ws)));
  // Saved and recomputed, a vmap inside the body, and outputs that come to be mapped only later.
  const auto saved = [&](const Tensor& w) {
    return st::sum(st::scan(st::checkpoint([&](const Tensor& c, const Tensor& x) {
                              return std::pair{c * w + x, c * c};
                            }),
                            1.0, xs)
                       .second);
  };
  CHECK(st::grad(saved)(w).item<float>() ==
        st::grad([&](const Tensor& w) { return st::sum(f(w, xs).second); })(w).item<float>());
  const auto late = [](const Tensor& x) {
    return st::scan(
               [&](const Tensor& c, st::None) {
                 return std::pair{c * x, c};
               },
               1.0, st::none, {.length = 3})
        .second;
  };
  CHECK(floats(st::vmap(late)(vec({2, 3}))) == Floats{1, 2, 4, 1, 3, 9});
  CHECK(floats(st::vmap(st::jacrev(late))(vec({2, 3}))) == Floats{0, 1, 4, 0, 1, 6});
  const auto rows = [&](const Tensor& c, const Tensor& x) {
    const Tensor y = st::vmap([&](const Tensor& e) { return e * x; })(c);
    return std::pair{y, st::sum(y)};
  };
  CHECK(floats(st::scan(rows, vec({1, 2}), xs).second) == Floats{1.5, -1.5, -3});
  CHECK(floats(st::grad([&](const Tensor& x) {
          return st::sum(st::scan(rows, vec({1, 2}), x).second);
        })(xs)) == Floats{3 * (1 - 1 - 2), 1.5f * (1 + 2), 1.5f * -1});
}

TEST_CASE("cond inside scan inside vmap inside grad") {
  const auto run = [](const Tensor& xs) {
    return st::scan(
        [](const Tensor& c, const Tensor& x) {
          const Tensor y = st::cond(
              x, [&] { return c / x; }, [&] { return c + x; });
          return std::pair{y, y};
        },
        1.0, xs);
  };
  const Tensor xs = st::reshape(vec({2, 0, 4, 0, 1, 0}), {2, 3});
  CHECK(floats(st::vmap([&](const Tensor& x) { return run(x).second; })(xs)) == Floats{0.5, 0.5, 0.125, 1, 1, 1});
  const Floats g{-1.f / 16, 1.f / 4, -1.f / 32, 1, -1, 1};
  const auto total = [&](const Tensor& xs) {
    return st::sum(st::vmap([&](const Tensor& x) { return run(x).first; })(xs));
  };
  CHECK(floats(st::grad(total)(xs)) == g);
  CHECK(floats(st::vmap(st::grad([&](const Tensor& x) { return run(x).first; }))(xs)) == g);
  CHECK(floats(st::vmap(st::jacfwd([&](const Tensor& x) { return run(x).first; }))(xs)) == g);
  CHECK(st::jvp(total, xs, st::ones({2, 3})).second.item<float>() == -1.f / 16 + 1.f / 4 - 1.f / 32 + 1);
}

TEST_CASE("scan says what does not fit") {
  const auto step = [](const Tensor& c, const auto&) { return std::pair{c, c}; };
  CHECK_THROWS_WITH(st::scan(step, 1.0, st::none),
                    "scan: there are no inputs, so the number of steps is unknown: give .length");
  CHECK_THROWS_WITH(st::scan(step, 1.0, st::none, {.length = -1}), "scan: length is -1");
  CHECK_THROWS_WITH(st::scan(step, 1.0, std::pair{vec({1, 2}), vec({1})}),
                    "scan: the input ([1]) has size 1 along axis 0, but the input ([0]) has size 2");
  CHECK_THROWS_WITH(st::scan(step, 1.0, vec({1, 2}), {.length = 3}),
                    "scan: length is 3, but the input has size 2 along axis 0");
  CHECK_THROWS_WITH(st::scan(step, 1.0, Tensor(1.f)),
                    "scan: the input is a scalar; inputs are taken apart along axis 0");
  const auto grows = [](const Tensor& c, const Tensor& x) { return std::pair{st::stack({c, c}), x}; };
  CHECK_THROWS_WITH(st::scan(grows, 1.0, vec({1, 2})),
                    "scan: the carry has shape [] before a step, but [2] after it: a carry keeps its shapes");
  const auto appends = [](std::vector<Tensor> c, const Tensor& x) {
    c.push_back(x);
    return std::pair{c, x};
  };
  CHECK_THROWS_WITH(
      st::scan(appends, std::vector<Tensor>{}, vec({1, 2})),
      "scan: the carry is a list of 0 before a step, but a list of 1 after it: a carry keeps its structure");
  int n = 0;
  const auto wider = [&](const Tensor& c, const Tensor&) { return std::pair{c, st::zeros({++n})}; };
  CHECK_THROWS_WITH(st::scan(wider, 1.0, vec({1, 2})),
                    "scan: an output has shape [1] in step 0, but [2] in step 1: the steps' outputs are stacked");
}

TEST_CASE("while_loop with one test is an ordinary loop") {
  const auto below = [](const Tensor& x) { return x < 100; };
  CHECK(st::while_loop(below, twice, 3).item<int>() == 192);
  CHECK(st::while_loop(below, twice, 300).item<int>() == 300);
  const auto f = [&](const Tensor& x) { return st::while_loop(below, squared, x); };
  CHECK(st::grad(f)(3.0).item<float>() == 8 * std::pow(3.f, 7));
  CHECK(st::jvp(f, 3.0, 1.0).second.item<float>() == 8 * std::pow(3.f, 7));
  const auto [x, n] = st::while_loop([](const auto& c) { return c.second < 3; },
                                     [](const auto& c) {
                                       return std::pair{c.first * 2, c.second + 1};
                                     },
                                     std::pair{1.5, 0});
  CHECK(x.template item<float>() == 12);
  CHECK(n.template item<int>() == 3);
}

TEST_CASE("while_loop under vmap: lanes finish by themselves") {
  std::vector<std::int64_t> sizes;
  const auto f = [&](const Tensor& x) {
    return st::while_loop([](const Tensor& c) { return c < 100; },
                          [&](const Tensor& c) {
                            const Tensor y = c * x;
                            Tensor v = y;
                            while (v.kind() != st::Kind::batched) v = Tensor(st::wrapper(v).value);
                            sizes.push_back(st::wrapper(v).value.size());
                            return y;
                          },
                          x);
  };
  const Tensor x = vec({2, 10, 200, 3, 5, 7});
  const Floats expected{128, 100, 200, 243, 125, 343};
  CHECK(floats(st::vmap(f)(x)) == expected);
  CHECK(sizes == std::vector<std::int64_t>{6, 6, 2, 2, 2, 2});
  sizes.clear();
  const Floats slope{7 * 64, 20, 1, 5 * 81, 75, 3 * 49};
  CHECK(floats(st::vmap(st::grad(f))(x)) == slope);
  CHECK(sizes == std::vector<std::int64_t>{5, 4, 2, 2, 1, 1});
  CHECK(floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(f)(t)); })(x)) == slope);
  CHECK(floats(st::vmap([&](const Tensor& t) { return st::jvp(f, t, Tensor(1.f)).second; })(x)) == slope);
  CHECK(floats(st::vmap(st::grad(st::grad(f)))(x)) == Floats{42 * 32, 2, 0, 20 * 27, 30, 42});
  CHECK(floats(st::vmap(f)(vec({}))).empty());
  // A shared carry that is differentiated, and a matrix for each lane.
  const auto g = [](const Tensor& w, const Tensor& m) {
    return st::while_loop([](const Tensor& v) { return st::sum(v) < 10; },
                          [&](const Tensor& v) { return st::matmul(m, v); }, w);
  };
  const Tensor m = st::reshape(vec({2, 0, 0, 1, 3, 0, 0, 3, 20, 0, 0, 1}), {3, 2, 2});
  CHECK(floats(st::vmap(g, {.in_axes = {st::none, 0}})(vec({1, 2}), m)) == Floats{8, 2, 9, 18, 20, 2});
  const auto first = [&](const Tensor& w, const Tensor& m) { return st::sum(g(w, m)); };
  CHECK(floats(st::vmap(st::grad(first), {.in_axes = {st::none, 0}})(vec({1, 2}), m)) == Floats{8, 1, 9, 9, 20, 1});
  CHECK(floats(st::vmap(st::grad<1>(first), {.in_axes = {st::none, 0}})(vec({1, 2}), m)).size() == 12);
}

TEST_CASE("while_loop: finished lanes make no NaN, and two vmaps") {
  // The next step of a finished lane would divide by zero.
  const auto f = [](const Tensor& x) {
    return st::while_loop([](const Tensor& c) { return c > 0; }, [](const Tensor& c) { return c - 1 / c / c * c; }, x);
  };
  const Tensor x = vec({1, 2, 3, 4});
  for (const float g : floats(st::vmap(st::grad(f))(x))) CHECK(std::isfinite(g));
  for (const float g : floats(st::grad([&](const Tensor& t) { return st::sum(st::vmap(f)(t)); })(x)))
    CHECK(std::isfinite(g));
  const auto count = [](const Tensor& a, const Tensor& b) {
    return st::while_loop([&](const Tensor& c) { return c < a * b; }, [](const Tensor& c) { return c + 1; }, 0.0);
  };
  const Tensor a = vec({1, 2, 3}), b = vec({1, 3});
  const auto grid = [&](const auto& f) {
    return st::vmap(st::vmap(f, {.in_axes = {st::none, 0}}), {.in_axes = {0, st::none}});
  };
  CHECK(floats(grid(count)(a, b)) == Floats{1, 3, 2, 6, 3, 9});
  const auto grow = [](const Tensor& a, const Tensor& b) {
    return st::while_loop([&](const Tensor& c) { return c < 10; }, [&](const Tensor& c) { return c * b; }, a * b);
  };
  const Tensor c = vec({2, 3});
  CHECK(floats(grid(grow)(a, c)) == Floats{16, 27, 16, 18, 12, 27});
  CHECK(floats(grid(st::grad(grow))(a, c)) == Floats{16, 27, 8, 9, 4, 9});
  CHECK(floats(grid(st::grad<1>(grow))(a, c)) == Floats{32, 27, 24, 12, 12, 18});
}

TEST_CASE("fori_loop") {
  CHECK(st::fori_loop(
            0, 4, [](const Tensor& i, const Tensor& x) { return x + i; }, 0.5)
            .item<float>() == 6.5);
  CHECK(st::fori_loop(
            2, 5, [](std::int64_t i, const Tensor& x) { return x * i; }, 1)
            .item<int>() == 24);
  CHECK(st::fori_loop(
            5, 2, [](int, const Tensor& x) { return x; }, 1)
            .item<int>() == 1);
  const auto power = [](const Tensor& n, const Tensor& x) {
    return st::fori_loop(
        0, n, [&](const Tensor&, const Tensor& y) { return y * x; }, 1.0);
  };
  const Tensor n = st::array({0, 1, 2, 3}), x = vec({2, 2, 3, 2});
  CHECK(floats(st::vmap(power)(n, x)) == Floats{1, 2, 9, 8});
  CHECK(floats(st::vmap(st::grad<1>(power))(n, x)) == Floats{0, 1, 6, 12});
  const auto from = [](const Tensor& low, const Tensor& high) {
    return st::fori_loop(
        low, high, [](const Tensor& i, const Tensor& y) { return y + i; }, 0);
  };
  CHECK(st::vmap(from)(st::array({0, 2, 7}), st::array({3, 5, 6})).to_vector<int>() == std::vector<int>{3, 9, 0});
  CHECK_THROWS_WITH(from(0.5, 2), "fori_loop: the lower bound is float32; it must be an integer");
  CHECK_THROWS_WITH(from(0, st::array({1, 2})),
                    "fori_loop: the upper bound has shape [2]; it must be one value (shape [])");
  const auto grows = [](int, const Tensor& x) { return st::stack({x, x}); };
  CHECK_THROWS_WITH(st::fori_loop(0, 3, grows, 1.0),
                    "fori_loop: the carry has shape [] before a step, but [2] after it: a carry keeps its shapes");
  CHECK_THROWS_WITH(st::while_loop([](const Tensor& x) { return x; }, twice, vec({1, 2})),
                    "while_loop: the test has shape [2]; it must be one value (shape [])");
}

TEST_CASE("map, all at once by chunks") {
  const Tensor xs = st::reshape(vec({1, 2, 3, 4, 5, 6}), {3, 2});
  const auto f = [](const Tensor& x) { return st::sum(x) * x; };
  const Floats expected{3, 6, 21, 28, 55, 66};
  CHECK(floats(st::map(f, xs)) == expected);
  CHECK(floats(st::map(f, xs, {.chunk = 2})) == expected);
  CHECK(floats(st::grad([&](const Tensor& x) { return st::sum(st::map(f, x, {.chunk = 2})); })(xs)) ==
        floats(st::grad([&](const Tensor& x) { return st::sum(st::map(f, x)); })(xs)));
  CHECK(st::map(f, st::zeros({0, 2})).shape() == st::Shape{0, 2});
  CHECK_THROWS_WITH(st::map(f, Tensor(1.f)), "map: the input is a scalar; inputs are taken apart along axis 0");
}

TEST_CASE("associative_scan") {
  for (int n = 0; n < 10; ++n) {
    Floats v, sums(static_cast<std::size_t>(n)), back(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) v.push_back(static_cast<float>(i * i - 3));
    float total = 0;
    for (std::size_t i = 0; i < v.size(); ++i) sums[i] = total += v[i];
    total = 0;
    for (std::size_t i = v.size(); i-- > 0;) back[i] = total += v[i];
    CHECK(floats(st::associative_scan(st::add, vec(v))) == sums);
    CHECK(floats(st::associative_scan(st::add, vec(v), {.reverse = true})) == back);
    CHECK(floats(st::vmap([](const Tensor& x) { return st::associative_scan(st::add, x); },
                          {.in_axes = 1, .out_axes = 1})(st::reshape(vec(v), {n, 1}))) == sums);
  }
  using Affine = std::pair<Tensor, Tensor>;
  const auto compose = [](const Affine& l, const Affine& r) {
    return Affine{l.first * r.first, r.first * l.second + r.second};
  };
  const Affine steps{vec({2, 3, 4}), vec({1, 1, 1})};
  const Affine all = st::associative_scan(compose, steps);
  CHECK(floats(all.first) == Floats{2, 6, 24});
  CHECK(floats(all.second) == Floats{1, 4, 17});
  const auto last = [&](const Tensor& a) {
    return st::associative_scan(compose, Affine{a, vec({1, 1, 1})}).second[-1];
  };
  CHECK(floats(st::grad(last)(vec({2, 3, 4}))) == Floats{0, 4, 4});
  const Tensor m = st::reshape(vec({1, 2, 3, 4, 5, 6}), {2, 3});
  CHECK(floats(st::associative_scan(st::add, m, {.axis = -1})) == Floats{1, 3, 6, 4, 9, 15});
  CHECK_THROWS_WITH(st::associative_scan([](const Tensor& a, const Tensor&) { return st::sum(a); }, vec({1, 2, 3, 4})),
                    "associative_scan: f gives shape [] for elements of shape [2] (stacked along axis 0): it must keep "
                    "the shape");
  CHECK_THROWS_WITH(st::associative_scan(compose, Affine{vec({1, 2}), vec({1, 2, 3})}),
                    "associative_scan: leaves have sizes 2 and 3 along axis 0");
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
