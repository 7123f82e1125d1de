// scan and associative_scan, and their nestings with every transform.
#include "strata/tests/control.hpp"

namespace st = strata;
using st::Tensor;
using namespace strata::testing;

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
