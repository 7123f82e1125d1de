// What networks' layers are made of: attention's masks, groups and dtypes, dropout's rates, cross products; and where
// reads outside a tensor part from their cotangents.
#include "strata/autograd/grad.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

Tensor draw(int seed, Shape shape) { return random::normal(random::key(seed), shape); }
bool close(const Tensor& a, const Tensor& b) { return allclose(a, b, {.rtol = 1e-5, .atol = 1e-6}).item<bool>(); }

}  // namespace

TEST_CASE("attention: a query that sees nothing gives 0, with derivative 0", "[layers]") {
  const Tensor q = draw(0, {3, 2, 4}), k = draw(1, {5, 2, 4}), v = draw(2, {5, 2, 4});
  const Tensor mask = array({{true}, {false}, {true}});
  const auto f = [&](const Tensor& q, const Tensor& k) { return dot_product_attention(q, k, v, {.mask = mask}); };
  const Tensor y = f(q, k);
  CHECK(all(y[1] == 0).item<bool>());
  CHECK(close(y[0], dot_product_attention(q, k, v)[0]));
  const auto [dq, dk] = grad<0, 1>([&](const Tensor& q, const Tensor& k) { return sum(sin(f(q, k))); })(q, k);
  CHECK(all(dq[1] == 0).item<bool>());
  CHECK(all(isfinite(dk)).item<bool>());
}

TEST_CASE("attention: masks by position", "[layers]") {
  const Tensor q = draw(0, {2, 4, 2, 3}), k = draw(1, {2, 4, 2, 3}), v = draw(2, {2, 4, 2, 3});
  const Tensor i = expand_dims(arange(4), -1), j = arange(4);
  const auto with = [&](Attention p) { return dot_product_attention(q, k, v, p); };
  CHECK(close(with({.is_causal = true}), with({.mask = j <= i})));
  CHECK(close(with({.local_window = std::pair{1, 0}}), with({.mask = (j <= i) & (j >= i - 1)})));
  const Tensor seen = stack({j < 1, j < 3});
  CHECK(close(with({.key_lengths = array({1, 3})}), with({.mask = reshape(seen, {2, 1, 1, 4})})));
  const Tensor late = with({.query_lengths = array({1, 3})});
  CHECK(all(late[{0, range(1)}] == 0).item<bool>());
  CHECK(close(late[{1, range(0, 3)}], with({})[{1, range(0, 3)}]));
  const Tensor ramp = j * 0.3;
  CHECK(close(with({.bias = ramp, .scale = 0.0}), with({.bias = ramp + 5, .scale = 0.0})));
}

TEST_CASE("attention: one head of k serves several of q; half types; one example", "[layers]") {
  const Tensor q = draw(0, {2, 3, 4, 8}), k = draw(1, {2, 5, 2, 8}), v = draw(2, {2, 5, 2, 8});
  const Tensor y = dot_product_attention(q, k, v);
  CHECK(close(y, dot_product_attention(q, repeat(k, 2, {.axis = 2}), repeat(v, 2, {.axis = 2}))));
  CHECK(close(y, vmap([](const Tensor& q, const Tensor& k, const Tensor& v) { return dot_product_attention(q, k, v); })(
                     q, k, v)));
  const auto half = [](const Tensor& t) { return astype(t, bfloat16); };
  const Tensor z = dot_product_attention(half(q), half(k), half(v));
  CHECK(z.dtype() == bfloat16);
  CHECK(max(abs(astype(z, float32) - y)).item<float>() < 0.03f);
}

TEST_CASE("dropout: rates 0 and 1, integers, the mean", "[layers]") {
  const Tensor key = random::key(3), x = ones({100, 100});
  CHECK(array_equal(dropout(key, x, {.rate = 0}), x).item<bool>());
  CHECK(array_equal(dropout(key, x, {.rate = 1}), zeros_like(x)).item<bool>());
  CHECK(grad([&](const Tensor& t) { return sum(dropout(key, t, {.rate = 1})); })(x).to_vector<float>()[7] == 0);
  CHECK(dropout(key, ones({3}, {.dtype = int32}), {.rate = 0}).dtype() == float32);
  CHECK(std::abs(mean(dropout(key, x, {.rate = 0.25})).item<float>() - 1) < 0.02f);
}

TEST_CASE("cross: two and three dimensions", "[layers]") {
  const Tensor x = array({1.f, 2.f, 3.f}), y = array({4.f, 5.f, 6.f});
  CHECK(cross(x, y).to_vector<float>() == std::vector<float>{-3, 6, -3});
  CHECK(cross(array({1.f, 2.f}), array({4.f, 5.f})).item<float>() == -3);
  CHECK(cross(array({1.f, 2.f}), y).to_vector<float>() == std::vector<float>{12, -6, -3});
  CHECK(cross(expand_dims(x, 1), expand_dims(y, 1), {.axis = 0}).shape() == Shape{3, 1});
}

TEST_CASE("reads outside are clamped: tangents pass, cotangents of index tensors are dropped", "[layers]") {
  const Tensor x = array({1.f, 2.f, 3.f}), at = array({0, 7});
  const auto read = [&](const Tensor& t) { return t[at]; };
  CHECK(read(x).to_vector<float>() == std::vector<float>{1, 3});
  CHECK(jvp(read, x, x).second.to_vector<float>() == std::vector<float>{1, 3});
  CHECK(vjp(read, x).second(ones({2})).to_vector<float>() == std::vector<float>{1, 0, 0});
  // A scalar is the start of a box, as in dynamic_slice: its cotangent goes where it read.
  const auto row = [](const Tensor& t) { return t[Tensor(7)]; };
  CHECK(vjp(row, x).second(ones({})).to_vector<float>() == std::vector<float>{0, 0, 1});
  const auto rows = vmap([](const Tensor& t, const Tensor& i) { return t[i]; }, {.in_axes = {none, 0}});
  CHECK(vjp([&](const Tensor& t) { return rows(t, at); }, x).second(ones({2})).to_vector<float>() ==
        std::vector<float>{1, 0, 1});
}

TEST_CASE("second names of comparisons", "[layers]") {
  const Tensor x = array({1, 2, 3});
  CHECK(array_equal(lt(x, 2), x < 2).item<bool>());
  CHECK(array_equal(le(x, 2), x <= 2).item<bool>());
  CHECK(array_equal(gt(x, 2), x > 2).item<bool>());
  CHECK(array_equal(ge(x, 2), x >= 2).item<bool>());
  CHECK(array_equal(eq(x, 2), x == 2).item<bool>());
  CHECK(array_equal(ne(x, 2), x != 2).item<bool>());
}
