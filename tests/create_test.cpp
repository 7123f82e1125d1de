// Making tensors: literals, fills, counting, dtypes, and what errors say.
#include <array>

#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;
using Catch::Equals;
using Catch::StartsWith;
using F = std::vector<float>;
using I = std::vector<int>;

TEST_CASE("nested braces") {
  const Tensor x = array({{1.f, 2.f}, {2.5f, -1.f}});
  CHECK(x.shape() == Shape{2, 2});
  CHECK(x.dtype() == float32);
  CHECK_FALSE(x.weak());
  CHECK(x.to_vector<float>() == F{1, 2, 2.5f, -1});
  CHECK(array({1, 2, 3}).dtype() == int32);
  CHECK(array({1., 2.}).dtype() == float32);
  CHECK(array({true, false}).dtype() == bool_);
  CHECK(array({true, 2}).dtype() == int32);
  CHECK(array({1, 2.5, true}).to_vector<float>() == F{1, 2.5, 1});
  CHECK(array({}).shape() == Shape{0});
  CHECK(array({{}, {}}).shape() == Shape{2, 0});
  CHECK(array({{{{1}}}}).shape() == Shape{1, 1, 1, 1});
  CHECK(array(3.5).shape() == Shape{});
  CHECK(array({1.5, 2.5}, {.dtype = int32}).to_vector<int>() == I{1, 2});
  CHECK(array({0.1}, {.dtype = float64}).item<double>() == 0.1);
  CHECK(array({5000000000}, {.dtype = int64}).item<std::int64_t>() == 5000000000);
  for (int i = 0; i < dtype_count; ++i)
    CHECK(array({1, 0}, {.dtype = static_cast<Dtype>(i)}).to_vector<int>() == I{1, 0});
  const double a = 0.5;
  const std::size_t n = 3;
  CHECK(array({a, a}).dtype() == float32);
  CHECK(array({n}).dtype() == int32);
}

TEST_CASE("arrays of tensors are stacked, with gradients") {
  const Tensor t0 = array({1.f, 2.f}), t1 = array({3.f, 4.f});
  CHECK(array({t0, t1}).to_vector<float>() == F{1, 2, 3, 4});
  CHECK(array({{t0}, {t1}}).shape() == Shape{2, 1, 2});
  CHECK(array({Tensor(0.5), 2}).dtype() == float32);
  CHECK_FALSE(array({Tensor(0.5), 2}).weak());
  const auto f = [](const Tensor& x) { return sum(array({x * x, 3 * x})); };
  CHECK(grad(f)(t0).to_vector<float>() == F{5, 7});
  const Tensor y = vmap([](const Tensor& x) { return array({x, 1}); })(t0);
  CHECK(y.to_vector<float>() == F{1, 1, 2, 1});
}

TEST_CASE("flat data with a shape") {
  std::vector<float> v = {1, 2, 3, 4, 5, 6};
  CHECK(array(v, {2, 3}).shape() == Shape{2, 3});
  CHECK(array(std::span<const float>(v), {3, 2}).to_vector<float>() == v);
  CHECK(array(std::span(v), {v.size()}).dtype() == float32);
  CHECK(array(std::vector<double>{0.1}, {1}).dtype() == float64);
  CHECK(array(std::vector<double>{0.1}, {1}, {.dtype = float32}).dtype() == float32);
  CHECK(array(std::vector<std::int64_t>{1}, {}).dtype() == int64);
  CHECK(array(std::vector<bool>{true, false}, {2}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(array(std::array<std::uint8_t, 2>{7, 8}, {1, 2}).dtype() == uint8);
  CHECK(array(std::vector<BFloat16>{BFloat16(1.5f)}, {1}).dtype() == bfloat16);
  CHECK(array(std::vector<float>{}, {0, 4}).shape() == Shape{0, 4});
}

TEST_CASE("fills") {
  CHECK(zeros({2, 3}).dtype() == float32);
  CHECK(zeros({2}, {.dtype = int32}).to_vector<int>() == I{0, 0});
  CHECK(ones({2}, {.dtype = bool_}).to_vector<bool>() == std::vector<bool>{true, true});
  CHECK(full({2}, 7).dtype() == int32);
  CHECK(full({2}, 7).weak());
  CHECK(full({2}, 7, {.dtype = float16}).to_vector<float>() == F{7, 7});
  CHECK(full({2, 2}, array({1, 2})).to_vector<int>() == I{1, 2, 1, 2});
  CHECK(full({100000}, 2.5).to_vector<float>() == F(100000, 2.5f));
  const Tensor x = array({{1, 2}});
  CHECK(zeros_like(x).dtype() == int32);
  CHECK(ones_like(x, {.dtype = float32}).to_vector<float>() == F{1, 1});
  CHECK(full_like(x, 2.7).to_vector<int>() == I{2, 2});
  CHECK(empty({2}).shape() == Shape{2});
  CHECK(zeros_like(Tensor(2)).weak());
  const Tensor y = vmap([](const Tensor& v) { return full({2}, v) + zeros_like(v); })(array({1.f, 2.f}));
  CHECK(y.to_vector<float>() == F{1, 1, 2, 2});
  CHECK(grad([](const Tensor& v) { return sum(full({3}, v)); })(Tensor(1.f)).item<float>() == 3);
}

TEST_CASE("counting") {
  CHECK(arange(5).to_vector<int>() == I{0, 1, 2, 3, 4});
  CHECK(arange(5).dtype() == int32);
  CHECK(arange(5.).dtype() == float32);
  CHECK(arange(1, 10, 3).to_vector<int>() == I{1, 4, 7});
  CHECK(arange(5, 0, -2).to_vector<int>() == I{5, 3, 1});
  CHECK(arange(3, 1).size() == 0);
  CHECK(arange(0., 1., 0.25).to_vector<float>() == F{0, 0.25, 0.5, 0.75});
  CHECK(arange(0, 1, 0.3).size() == 4);
  CHECK(arange(4, {.dtype = float32}).to_vector<float>() == F{0, 1, 2, 3});
  CHECK(arange(std::size_t{3}).to_vector<int>() == I{0, 1, 2});
  CHECK(linspace(0, 1, 5).to_vector<float>() == F{0, 0.25, 0.5, 0.75, 1});
  CHECK(linspace(0, 1, 4, {.endpoint = false}).to_vector<float>() == F{0, 0.25, 0.5, 0.75});
  CHECK(linspace(2, 3, 1).to_vector<float>() == F{2});
  CHECK(linspace(0, 1, 0).shape() == Shape{0});
  CHECK(linspace(array({0, 10}), array({1, 20}), 3).to_vector<float>() == F{0, 10, 0.5, 15, 1, 20});
  CHECK(linspace(array({0, 10}), array({1, 20}), 3, {.axis = -1}).shape() == Shape{2, 3});
  CHECK(eye(3).to_vector<float>() == F{1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(eye(2, {.columns = 3, .k = 1, .dtype = int32}).to_vector<int>() == I{0, 1, 0, 0, 0, 1});
  CHECK(eye(3, {.k = -5}).to_vector<int>() == I(9, 0));
  CHECK(identity(2).to_vector<int>() == I{1, 0, 0, 1});
  CHECK(tri(3).to_vector<int>() == I{1, 0, 0, 1, 1, 0, 1, 1, 1});
  CHECK(broadcasted_iota({2, 3}, 0).to_vector<int>() == I{0, 0, 0, 1, 1, 1});
}

TEST_CASE("one_hot and meshgrid") {
  CHECK(one_hot(array({0, 2, 5, -1}), 3).to_vector<int>() == I{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0});
  CHECK(one_hot(array({0, 2}), 3, {.axis = 0}).to_vector<int>() == I{1, 0, 0, 0, 0, 1});
  CHECK(one_hot(array({1}), 2, {.dtype = bool_}).dtype() == bool_);
  const Tensor y =
      vmap([](const Tensor& i) { return one_hot(i, 2, {.axis = 0}); }, {.in_axes = {1}})(array({{0, 1, 1}, {1, 0, 1}}));
  CHECK(y.shape() == Shape{3, 2, 2});
  CHECK(y.to_vector<int>() == I{1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1});
  const auto xy = meshgrid({array({1, 2, 3}), array({4, 5})});
  CHECK(xy[0].shape() == Shape{2, 3});
  CHECK(xy[0].to_vector<int>() == I{1, 2, 3, 1, 2, 3});
  CHECK(xy[1].to_vector<int>() == I{4, 4, 4, 5, 5, 5});
  const auto ij = meshgrid({array({1, 2, 3}), array({4, 5})}, {.indexing = Indexing::ij});
  CHECK(ij[1].to_vector<int>() == I{4, 5, 4, 5, 4, 5});
}

TEST_CASE("dtypes, bits, constants") {
  CHECK(astype(array({-1.5, 300., 1e20}), uint8).to_vector<int>() == I{0, 255, 255});
  CHECK(bitcast(array({1.f}), uint32).item<std::int64_t>() == 0x3f800000);
  CHECK(bitcast(array({1.f}), uint8).to_vector<int>() == I{0, 0, 0x80, 0x3f});
  CHECK(bitcast(array({{0, 0x3f80}}, {.dtype = int16}), float32).to_vector<float>() == F{1});
  CHECK(vmap([](const Tensor& x) { return bitcast(x, uint8); }, {.in_axes = {1}})(array({{1.f, 2.f}})).shape() ==
        Shape{2, 1, 4});
  CHECK(grad([](const Tensor& x) { return x * stop_gradient(x); })(Tensor(3.f)).item<float>() == 3);
  CHECK(to_device(array({1}), cpu).item<int>() == 1);
  const Tensor t = transpose(array({{1, 2}, {3, 4}}));
  CHECK(copy(t).data<int>()[1] == 3);
}

TEST_CASE("creation errors") {
  CHECK_THROWS_WITH(array({{1, 2}, {3}}),
                    Equals("array: nested lists are not rectangular: item 0 has shape [2], item 1 has shape [1]"));
  CHECK_THROWS_WITH(array({5000000000}), Equals("array: 5000000000 does not fit int32; pass {.dtype = st::int64}"));
  CHECK_THROWS_WITH(array({array({1.f}), array({1.f, 2.f})}),
                    Equals("array: tensors of one list differ in shape: item 0 has shape [1], item 1 has shape [2]"));
  CHECK_THROWS_WITH(array(std::vector<float>{1, 2}, {3}), Equals("array: shape [3] has 3 elements, the data have 2"));
  CHECK_THROWS_WITH(arange(1, 5, 0), Equals("arange: the step is 0"));
  CHECK_THROWS_WITH(arange(0, 5000000000, 4999999999),
                    Equals("arange: 4999999999 does not fit int32; pass {.dtype = st::int64}"));
  CHECK_THROWS_WITH(linspace(0, 1, -2), Equals("linspace: -2 points: the number is not negative"));
  CHECK_THROWS_WITH(eye(-1), Equals("eye: -1 rows, -1 columns: sizes are not negative"));
  CHECK_THROWS_WITH(one_hot(array({1.f}), 2), Equals("one_hot: the indices are float32, not integers"));
  CHECK_THROWS_WITH(meshgrid({zeros({2, 2})}),
                    Equals("meshgrid: argument 0 has shape [2, 2]; each is a vector or a scalar"));
  CHECK_THROWS_WITH(bitcast(array({true}), int8),
                    Equals("bitcast: bool to int8: a bool has no bits to reinterpret; convert it with st::astype"));
  CHECK_THROWS_WITH(bitcast(zeros({3}, {.dtype = int8}), int32),
                    Equals("bitcast: int8 to int32 takes a last axis of size 4, the shape is [3]"));
  CHECK_THROWS_AS(array({1}).to(cuda(99)), DeviceError);
  CHECK_THROWS_WITH(zeros({2}, {.device = cuda(1)}),
                    StartsWith("zeros: cuda:1 is not there: "));
  CHECK_THROWS_AS(zeros({-1}), ShapeError);
}
