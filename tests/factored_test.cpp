// Per-example gradients kept as factors: values equal those of dense ones, nothing is made dense by clipping and
// averaging, and whatever else looks sees the right elements. What uses them is in factored_uses_test.cpp.
#include "strata/tests/support/factored_case.hpp"

using namespace strata;
using namespace strata::factored_case;

TEST_CASE("a clipped mean makes nothing dense", "[factored]") {
  const Model m = model(64, 96, 32);
  const Tensor x = draw(5, {24, 64}), y = draw(6, {24, 32});
  debug::reset_materialised();
  const Model g = clipped_mean(m, x, y);
  CHECK(debug::materialised().count == 0);
  CHECK(debug::materialised().bytes == 0);
  const FactoringScope off(Factoring::off);
  const Model right = clipped_mean(m, x, y);
  const Leaves a = tree_leaves(g), b = tree_leaves(right);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(distance(a[i], b[i]) < 2e-5);
}

TEST_CASE("per-example gradients that leave the map stay factored", "[factored]") {
  const Model m = model(64, 96, 32);
  const Tensor x = draw(5, {24, 64}), y = draw(6, {24, 32});
  debug::reset_materialised();
  const Model g = vmap(grad(loss), {.in_axes = {none, 0, 0}})(m, x, y);
  CHECK(g.w1.kind() == Kind::factored);
  CHECK(g.w1.shape() == Shape{24, 64, 96});
  const Tensor norm = sqrt(sum(square(g.w1), {.axes = {1, 2}}) + sum(g.w2 * g.w2, {.axes = {1, 2}}));
  const Tensor scale = minimum(1.0, 1.0 / norm);
  const Tensor w = mean(g.w1 * reshape(scale, {24, 1, 1}), {.axes = {0}});
  CHECK(w.shape() == Shape{64, 96});
  CHECK(debug::materialised().count == 0);
  const auto first = g.w1[0];  // looks
  CHECK(debug::materialised().count == 1);
  CHECK(debug::materialised().bytes == 24 * 64 * 96 * 4);
  CHECK(distance(first, grad(loss)(m, x[0], y[0]).w1) < 2e-5);
  CHECK(g.w1[3].shape() == Shape{64, 96});
  CHECK(debug::materialised().count == 1);  // once
}

TEST_CASE("what reads elements sees them", "[factored]") {
  const auto reads = [](std::function<Leaves(Tensor)> then) {
    return agree([&] { return gradients(layer, draw(1, {3, 4}), draw(2, {5, 3}), then); });
  };
  CHECK(reads([](Tensor g) { return Leaves{g[1]}; }).count == 1);
  CHECK(reads([](Tensor g) { return Leaves{sort(g)}; }).count == 1);
  CHECK(reads([](Tensor g) { return Leaves{exp(g)}; }).count == 1);
  CHECK(reads([](Tensor g) { return Leaves{g, g + 1, max(g)}; }).count == 1);
  CHECK(reads([](Tensor g) { return Leaves{concatenate({g, g}, {.axis = 0})}; }).count == 1);
  CHECK(reads([](Tensor g) { return Leaves{sum(g, {.axes = {1}})}; }).count == 1);
  const FactoringScope on(Factoring::always);
  const Tensor g = gradients(layer, draw(1, {3, 4}), draw(2, {5, 3}), [](Tensor t) { return Leaves{t}; })[0];
  CHECK(to_string(g).find("dtype") == std::string::npos);
  CHECK(g.to_vector<float>().size() == 60);
  CHECK(g.data<float>()[0] == g[{0, 0, 0}].item<float>());
  debug::reset_materialised();
  const Tensor t = gradients(layer, draw(1, {3, 4}), draw(2, {5, 3}), [](Tensor x) { return Leaves{x}; })[0];
  CHECK(std::isfinite(sum(t).item<float>()));
  CHECK(debug::materialised().count == 0);
}

TEST_CASE("rules keep factors and give the dense values", "[factored]") {
  const auto keeps = [](std::function<Leaves(Tensor)> then, double slack = 1) {
    for (const Dtype d : {float32, float64, bfloat16}) {
      for (const std::int64_t lanes : {0, 1, 3}) {
        INFO(name(d) << ", " << lanes << " lanes");
        const auto m = agree(
            [&] {
              return gradients(layer, draw(1, {3, 4}, d), draw(2, {lanes, 5, 3}, d), then);
            },
            slack);
        CHECK(m.count == 0);
      }
    }
  };
  const auto squares = [](const Tensor& g) { return sum(square(g), {.axes = {1, 2}}); };
  SECTION("sums over lanes, parameters and everything") {
    keeps([](Tensor g) { return Leaves{sum(g, {.axes = {0}}), mean(g, {.axes = {0}, .keepdims = true})}; });
    keeps([](Tensor g) { return Leaves{sum(g, {.axes = {1, 2}}), mean(g, {.axes = {1, 2}, .keepdims = true})}; }, 10);
    keeps([](Tensor g) { return Leaves{sum(g)}; }, 10);
  }
  SECTION("squares") {
    keeps([&](Tensor g) { return Leaves{squares(g), sum(g * g), mean(g * -g, {.axes = {1, 2}})}; });
    keeps([&](Tensor g) { return Leaves{sum(3 * square(2 * g), {.axes = {-2, -1}})}; });
    keeps([&](Tensor g) { return Leaves{vmap([](Tensor t) { return vdot(t, t); })(g)}; });
    keeps([&](Tensor g) { return Leaves{sum(integer_pow(g, 2)), sum(g * g), einsum("bij,bij->b", g, g)}; });
  }
  SECTION("scales") {
    keeps([&](Tensor g) { return Leaves{sum(g / reshape(1 + squares(g), {-1, 1, 1}), {.axes = {0}})}; });
    keeps([&](Tensor g) { return Leaves{sum(-g * 2 / 3, {.axes = {0}})}; });
    keeps([&](Tensor g) {
      const auto clip = [](Tensor t) {
        const Tensor n = sqrt(sum(square(t)));
        return where(n < 2, t, t / n * 2);
      };
      return Leaves{vmap(clip, {.out_axes = mean_out})(g)};
    });
    keeps([&](Tensor g) {
      const auto keep = [](Tensor t) { return where(sum(square(t)) > 1, t, 0); };
      return Leaves{vmap(keep, {.out_axes = sum_out})(g)};
    });
    keeps([&](Tensor g) { return Leaves{einsum("b,bij->ij", squares(g), g)}; });
  }
  SECTION("sums of factored tensors") {
    keeps(
        [&](Tensor g) {
          const Tensor h = g * reshape(squares(g), {-1, 1, 1});
          return Leaves{squares(g + h), squares(g - h), sum(2 * (h - g) + g, {.axes = {0}}), sum(g * h)};
        },
        4);
  }
  SECTION("views") {
    keeps([&](Tensor g) { return Leaves{sum(transpose(g, {2, 0, 1}), {.axes = {1}})}; });
    keeps([&](Tensor g) { return Leaves{sum(reshape(g, {-1, 12}), {.axes = {0}})}; });
    keeps([&](Tensor g) { return Leaves{sum(reshape(g, {-1, 3, 2, 2}) * 2, {.axes = {0}})}; });
    keeps([&](Tensor g) { return Leaves{sum(square(mT(g)), {.axes = {1, 2}}), sum(mT(g) + mT(g), {.axes = {0}})}; });
    keeps(
        [&](Tensor g) {
          return Leaves{sum(expand_dims(g, 1), {.axes = {0, 1}}), sum(astype(g, float64), {.axes = {0}})};
        },
        1e9);
  }
}

TEST_CASE("nobody sees the difference between an infinity that was masked and a zero", "[factored]") {
  const FactoringScope on(Factoring::always);
  const Tensor x = array({{1.f, 2.f}, {std::numeric_limits<float>::infinity(), 1.f}});
  const Tensor w = ones({2, 2});
  const auto f = [](const Tensor& a, const Tensor& t) { return sum(square(matmul(t, a))) / 2; };
  const auto finite = [&](const Tensor& t) {
    const Tensor g = grad(f)(w, t);
    return where(isfinite(sum(square(g))), g, 0);
  };
  CHECK(vmap(finite, {.out_axes = sum_out})(x).to_vector<float>() == std::vector<float>{3, 3, 6, 6});
}

TEST_CASE("weights used several times: tied, in a scan, in sequences", "[factored]") {
  const auto check = [](auto f, Shape w, Shape x) {
    const auto then = [](Tensor g) {
      return Leaves{sum(square(g), {.axes = {1, 2}}), sum(g, {.axes = {0}}), sum(g[0])};
    };
    CHECK(agree([&] { return gradients(f, draw(1, w), draw(2, x), then); }, 10).count == 1);
  };
  SECTION("twice") {
    check([](Tensor w, Tensor x) { return sum(tanh(matmul(tanh(matmul(x, w)), w))); }, {4, 4}, {3, 4});
  }
  SECTION("and transposed") {
    check([](Tensor w, Tensor x) { return sum(square(matmul(tanh(matmul(x, w)), mT(w)))); }, {4, 5}, {3, 4});
  }
  SECTION("in a scan") {
    check(
        [](Tensor w, Tensor xs) {
          const auto step = [&](Tensor h, Tensor x) {
            h = tanh(matmul(h, w) + x);
            return std::pair{h, h};
          };
          return sum(square(scan(step, zeros({4}), xs).second));
        },
        {4, 4}, {3, 6, 4});
  }
  SECTION("over a batch of sequences in each example") {
    check([](Tensor w, Tensor x) { return sum(sin(matmul(x, w))); }, {4, 3}, {3, 2, 5, 4});
  }
  SECTION("no steps") {
    check([](Tensor w, Tensor x) { return sum(sin(matmul(x, w))); }, {4, 3}, {3, 0, 4});
  }
  SECTION("one lane") {
    check([](Tensor w, Tensor x) { return sum(sin(matmul(x, w))); }, {4, 3}, {1, 2, 4});
  }
  SECTION("heads") {
    const auto f = [](Tensor w, Tensor x) { return sum(sin(einsum("td,hde->hte", x, w))); };
    const auto then = [](Tensor g) {
      return Leaves{sum(square(g), {.axes = {1, 2, 3}}), sum(g, {.axes = {0}}), sum(g[0])};
    };
    CHECK(agree([&] { return gradients(f, draw(1, {2, 4, 3}), draw(2, {3, 5, 4}), then); }).count == 1);
  }
}

TEST_CASE("outer levels see through", "[factored]") {
  const Tensor w = draw(1, {3, 4}, float64), x = draw(2, {5, 2, 3}, float64);
  const auto clipped = [&](const Tensor& v) {
    const auto one = [&](const Tensor& t) {
      const Tensor g = grad(layer)(v, t);
      return g / sqrt(1 + sum(square(g)));
    };
    return vmap(one, {.out_axes = mean_out})(x);
  };
  SECTION("the gradient of a function of per-example gradients") {
    agree([&] { return Leaves{grad([&](const Tensor& v) { return sum(sin(clipped(v))); })(w)}; });
  }
  SECTION("jvp") {
    agree([&] {
      const auto [y, dy] = jvp(clipped, w, draw(3, {3, 4}, float64));
      return Leaves{y, dy};
    });
  }
  SECTION("hessian-vector products per example") {
    agree([&] {
      const auto product = [&](const Tensor& t) {
        return jvp(grad([&](const Tensor& v) { return layer(v, t); }), w, draw(3, {3, 4}, float64)).second;
      };
      const Tensor h = vmap(product)(x);
      return Leaves{h, sum(square(h), {.axes = {1, 2}})};
    });
  }
  SECTION("nested vmaps") {
    const Tensor xs = draw(2, {2, 5, 3}, float64);
    for (const bool outer_sum : {false, true}) {
      agree([&] {
        const auto inner = [&](const Tensor& t) {
          const Tensor g = vmap(grad(layer), {.in_axes = {none, 0}})(w, t);
          return std::pair{sum(g, {.axes = {0}}), sum(square(g), {.axes = {1, 2}})};
        };
        const auto [s, n] = vmap(inner)(xs);
        return Leaves{outer_sum ? sum(s, {.axes = {0}}) : s, n};
      });
    }
    agree([&] {
      const Tensor g = vmap(vmap(grad(layer), {.in_axes = {none, 0}}), {.in_axes = {none, 0}})(w, xs);
      return Leaves{sum(g, {.axes = {0}}), sum(g, {.axes = {1}}), sum(g, {.axes = {0, 1}}),
                    sum(square(g), {.axes = {2, 3}}), sum(square(g), {.axes = {0, 2, 3}})};
    });
  }
  SECTION("an ensemble of weights") {
    const Tensor ws = draw(1, {2, 3, 4}, float64), xs = draw(2, {5, 3}, float64);
    agree([&] {
      const auto member = [&](const Tensor& v) {
        const auto one = [&](const Tensor& t) {
          const Tensor g = grad(layer)(v, t);
          return g / sqrt(1 + sum(square(g)));
        };
        return vmap(one, {.out_axes = mean_out})(xs);
      };
      return Leaves{vmap(member)(ws)};
    });
  }
  SECTION("collectives") {
    const auto m = agree([&] {
      const auto one = [&](const Tensor& t) {
        const Tensor g = grad(layer)(w, t);
        return pmean(g / sqrt(1 + sum(square(g))), "batch") + psum(g, "batch");
      };
      return Leaves{vmap(one, {.out_axes = none, .axis_name = "batch"})(x)};
    });
    CHECK(m.count == 0);
  }
  SECTION("chunks") {
    agree([&] {
      const auto one = [&](const Tensor& t) { return grad(layer)(w, t); };
      return Leaves{vmap(one, {.out_axes = mean_out, .chunk = 2})(x), vmap(one, {.chunk = 2})(x)};
    });
  }
  SECTION("a branch on some lanes") {
    agree([&] {
      const auto one = [&](const Tensor& t) {
        const Tensor g = grad(layer)(w, t);
        return cond(
            sum(t) > 0, [](const Tensor& u) { return 2 * u; }, [](const Tensor& u) { return sum(u) * u; }, g);
      };
      return Leaves{vmap(one)(x)};
    });
  }
}
