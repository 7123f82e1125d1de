// The transforms on user types: grad, vjp, jvp, linearize, Jacobians, vmap, custom rules, checkpoint, and their
// nestings.
#include "strata/autograd/custom.hpp"
#include "strata/autograd/grad.hpp"
#include "strata/functorch/jacobian.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

Tensor vec(std::initializer_list<float> v) {
  Tensor t = empty_dense({v.size()}, float32);
  std::copy(v.begin(), v.end(), reinterpret_cast<float*>(dense(t).data));
  return t;
}
using Floats = std::vector<float>;
Floats floats(const Tensor& x) { return x.to_vector<float>(); }

struct Params {
  Tensor w, b;
  int n = 3;
};

const auto loss = [](const Params& p, const Tensor& x) { return sum(square(p.w * x + p.b)) * p.n; };

}  // namespace

TEST_CASE("gradients have the argument's type") {
  const Params p{vec({1, 2}), 0.5};
  const Tensor x = vec({1, -1});
  const Params g = grad(loss)(p, x);
  CHECK(floats(g.w) == Floats{9, 9});
  CHECK(g.b.item<float>() == 0);
  CHECK(g.n == 3);
  const auto [value, both] = value_and_grad<0, 1>(loss)(p, x);
  CHECK(value.item<float>() == 3 * (2.25f + 2.25f));
  CHECK(floats(std::get<1>(both)) == Floats{9, -18});
  const auto [g2, aux] = grad([](const Tensor& t) { return std::pair{t * t, std::pair{t + 1, 7}}; }, has_aux)(3.0);
  CHECK(g2.item<float>() == 6);
  CHECK(aux.first.item<float>() == 4);
  CHECK(grad([](const Tensor& t) { return t * 2; })(1.0).item<float>() == 2);
}

TEST_CASE("vjp, jvp, linearize agree") {
  const auto f = [](const Tensor& x, const Tensor& y) { return std::pair{x * y, square(x)}; };
  const Tensor x = vec({1, 2}), y = vec({3, 4});
  const auto out = vjp(f, x, y);
  for (int i = 0; i < 2; ++i) {
    const auto [dx, dy] = out.second({vec({1, 1}), vec({1, 0})});
    CHECK(floats(dx) == Floats{5, 4});
    CHECK(floats(dy) == Floats{1, 2});
  }
  const auto [v, dv] = jvp(f, args(x, y), args(vec({1, 0}), vec({0, 1})));
  CHECK(floats(dv.first) == Floats{3, 2});
  CHECK(floats(dv.second) == Floats{2, 0});
  const auto lin = linearize(f, x, y);
  const auto dl = lin.second(vec({1, 0}), vec({0, 1}));
  CHECK(floats(dl.first) == Floats{3, 2});
  CHECK(floats(jvp([](const Tensor& t) { return t * t; }, x, vec({1, 1})).second) == Floats{2, 4});
}

TEST_CASE("Jacobians and the Hessian") {
  const auto f = [](const Tensor& x) { return square(x) * sum(x); };
  const Tensor x = vec({1, 2});
  const Floats j{2 * 3 + 1, 1, 4, 4 * 3 + 4};
  CHECK(floats(jacrev(f)(x)) == j);
  CHECK(floats(jacfwd(f)(x)) == j);
  CHECK(jacrev(f)(x).shape() == Shape{2, 2});
  const auto g = [](const Tensor& t) { return sum(t * t * t); };
  CHECK(floats(hessian(g)(x)) == Floats{6, 0, 0, 12});
  CHECK(floats(hvp(g, x, vec({1, 1}))) == Floats{6, 12});
  const Params p{vec({1, 2}), 0.5};
  const Params jp = jacrev([](const Params& q) { return q.w * q.b; })(p);
  CHECK(jp.w.shape() == Shape{2, 2});
  CHECK(floats(jp.b) == Floats{1, 2});
}

TEST_CASE("unit vectors in products pick rows") {
  const Tensor x = vec({1, -2, 3}), w = reshape(vec({1, 2, 3, 4, 5, 6}), {3, 2});
  const auto first = [&](const Tensor& t) { return matmul(t, w); };       // w's rows
  const auto second = [&](const Tensor& t) { return matmul(mT(w), t); };  // the same, w as it lies transposed
  const auto later = [&](const Tensor& t) { return matmul(t * 2, w) + matmul(square(t), w); };
  const Floats rows{1, 3, 5, 2, 4, 6};
  for (const JacobianOptions& o : {JacobianOptions{}, JacobianOptions{.chunk = 2}}) {
    CHECK(floats(jacfwd(first, o)(x)) == rows);
    CHECK(floats(jacfwd(second, o)(x)) == rows);
    CHECK(floats(jacrev(first, o)(x)) == rows);
    CHECK(floats(jacfwd(later, o)(x)) == Floats{4, -6, 40, 8, -8, 48});
    CHECK(floats(hessian([&](const Tensor& t) { return sum(square(first(t))); }, o)(x)) ==
          floats(2 * matmul(w, mT(w))));
  }
  CHECK(floats(w) == Floats{1, 2, 3, 4, 5, 6});
  const Tensor many = stack({x, x + 1});  // lanes around: the weight is shared, or mapped
  CHECK(floats(vmap(jacfwd(first))(many)) == Floats{1, 3, 5, 2, 4, 6, 1, 3, 5, 2, 4, 6});
  const auto mapped =
      vmap([&](const Tensor& t, const Tensor& v) { return jacfwd([&](const Tensor& u) { return matmul(u, v); })(t); });
  CHECK(floats(mapped(many, stack({w, -w}))) == Floats{1, 3, 5, 2, 4, 6, -1, -3, -5, -2, -4, -6});
}

TEST_CASE("vmap over arguments, trees and results") {
  const Tensor x = reshape(vec({1, 2, 3, 4, 5, 6}), {3, 2});
  const Params p{vec({1, 2}), 0.5};
  const auto predict = [](const Params& q, const Tensor& t) { return sum(q.w * t) + q.b; };
  CHECK(floats(vmap(predict, {.in_axes = {none, 0}})(p, x)) == Floats{5.5, 11.5, 17.5});
  CHECK(vmap([](const Tensor& t) { return t; }, {.out_axes = -1})(x).shape() == Shape{2, 3});
  CHECK(floats(vmap([](const Tensor& t) { return sum(t); }, {.in_axes = 1})(x)) == Floats{9, 12});
  CHECK(vmap([](const Tensor& t) { return sum(t); }, {.out_axes = sum_out})(x).item<float>() == 21);
  CHECK(vmap([] { return Tensor(1); }, {.axis_size = 4})().shape() == Shape{4});
  const auto g = vmap(grad(predict), {.in_axes = {none, 0}})(p, x);
  CHECK(g.w.shape() == Shape{3, 2});
  CHECK(floats(g.w) == floats(x));
  CHECK(floats(vmap(vmap([](const Tensor& a, const Tensor& b) { return a * b; }, {.in_axes = {none, 0}}),
                    {.in_axes = {0, none}})(vec({1, 2}), vec({3, 4}))) == Floats{3, 4, 6, 8});
  CHECK_THROWS_WITH(
      vmap([](const Tensor& a, const Tensor& b) { return a * b; })(x, vec({1, 2})),
      "vmap: argument 1 has size 2 along axis 0, but argument 0 has size 3 along axis 0: mapped axes must agree");
}

TEST_CASE("custom rules under every transform") {
  const auto triple = custom_vjp([](const Tensor& x) { return x * x; },
                                 [](const Tensor& x) {
                                   return std::pair{x * x, x};
                                 },
                                 [](const Tensor& x, const Tensor& g) { return 3 * x * g; });
  CHECK(grad(triple)(2.0).item<float>() == 6);
  CHECK(floats(vmap(grad(triple))(vec({1, 2}))) == Floats{3, 6});
  CHECK(floats(grad([&](const Tensor& x) { return sum(vmap(triple)(x)); })(vec({1, 2}))) == Floats{3, 6});
  CHECK(jvp(triple, Tensor(2.0), Tensor(1.0)).second.item<float>() == 6);
  const auto cube = custom_jvp([](const Tensor& x) { return x * x * x; },
                               [](const Tensor& x, const Tensor& dx) {
                                 return std::pair{x * x * x, 5 * x * x * dx};
                               });
  CHECK(grad(cube)(2.0).item<float>() == 20);
  CHECK(floats(vmap(grad(cube))(vec({1, 2}))) == Floats{5, 20});
  CHECK(floats(grad([&](const Tensor& x) { return sum(vmap(cube)(x)); })(vec({1, 2}))) == Floats{5, 20});
  CHECK(grad(grad(cube))(2.0).item<float>() == 20);
}

TEST_CASE("checkpoint gives the same gradients, also of what it captured") {
  const Tensor x = vec({1, 2});
  const auto f = [](const Tensor& w) { return [w](const Tensor& t) { return sum(square(t * w) * w); }; };
  const auto plain = [&](const Tensor& w, const Tensor& t) { return f(w)(t * 2) * sum(w); };
  const auto saved = [&](const Tensor& w, const Tensor& t) { return checkpoint(f(w))(t * 2) * sum(w); };
  const Tensor w = vec({3, -1});
  const auto a = grad<0, 1>(plain)(w, x), b = grad<0, 1>(saved)(w, x);
  CHECK(floats(std::get<0>(a)) == floats(std::get<0>(b)));
  CHECK(floats(std::get<1>(a)) == floats(std::get<1>(b)));
  const Tensor xs = reshape(vec({1, 2, 3, 4}), {2, 2});
  CHECK(floats(vmap(grad(plain), {.in_axes = {none, 0}})(w, xs)) ==
        floats(vmap(grad(saved), {.in_axes = {none, 0}})(w, xs)));
  const auto outer = [&](auto h) {
    return grad([h, &xs](const Tensor& v) { return sum(vmap(h, {.in_axes = {none, 0}})(v, xs)); })(vec({3, -1}));
  };
  CHECK(floats(outer(plain)) == floats(outer(saved)));
  CHECK(floats(hvp([&](const Tensor& v) { return plain(v, x); }, w, x)) ==
        floats(hvp([&](const Tensor& v) { return saved(v, x); }, w, x)));
  CHECK(floats(jacrev([&](const Tensor& v) { return saved(v, x); })(w)) == floats(std::get<0>(a)));
}
