// x[...] and x.at({...}): NumPy's rules, views, and what errors say.
#include "strata/core/index.hpp"

#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;
using Catch::Equals;
using F = std::vector<float>;
using I = std::vector<int>;

namespace {

/// 0, 1, 2, ... as floats.
Tensor counted(Shape shape) { return reshape(arange(shape.elements(), {.dtype = float32}), shape); }

template <class T, class U>
concept CommaCompiles = requires(T t, U u) {
  (t, u);
};

}  // namespace

TEST_CASE("integers, ranges, new axes are views") {
  const Tensor x = counted({3, 4});
  CHECK(x[1].to_vector<int>() == I{4, 5, 6, 7});
  CHECK(x[-1].shape() == Shape{4});
  CHECK(x[{1, 2}].item<int>() == 6);
  CHECK(x[{0, -1}].item<int>() == 3);
  CHECK(x[{all, 0}].to_vector<int>() == I{0, 4, 8});
  CHECK(x[range(1, 3)].to_vector<int>() == I{4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(x[{all, range(1, 3)}].to_vector<int>() == I{1, 2, 5, 6, 9, 10});
  CHECK(x[{0, range(none, none, -1)}].to_vector<int>() == I{3, 2, 1, 0});
  CHECK(x[{0, range(3, 0, -2)}].to_vector<int>() == I{3, 1});
  CHECK(x[{0, range(-100, 100, 3)}].to_vector<int>() == I{0, 3});
  CHECK(x[{0, range(2)}].to_vector<int>() == I{2, 3});
  CHECK(x[{0, range(none, -1)}].to_vector<int>() == I{0, 1, 2});
  CHECK(x[{0, range(3, 1)}].shape() == Shape{0});
  CHECK(x[{newaxis, range(0, 2), newaxis}].shape() == Shape{1, 2, 1, 4});
  CHECK(x[{all, range(1, 3), newaxis}].shape() == Shape{3, 2, 1});
  CHECK(x[{ellipsis, 1}].to_vector<int>() == I{1, 5, 9});
  CHECK(x[{newaxis, ellipsis, newaxis}].shape() == Shape{1, 3, 4, 1});
  CHECK(x[{}].shape() == Shape{3, 4});
  CHECK(counted({2, 3, 4})[{1, ellipsis, 2}].to_vector<int>() == I{14, 18, 22});
  const std::size_t i = 2;
  CHECK(x[i].to_vector<int>() == I{8, 9, 10, 11});
  CHECK(counted({0, 3})[{all, 1}].shape() == Shape{0});
  CHECK(x[2].data<float>() == x.data<float>() + 8);  // a view
  CHECK(x[{all, 1}].to_vector<int>() == copy(x[{all, 1}]).to_vector<int>());
}

TEST_CASE("an index without braces does not compile") {
  static_assert(!CommaCompiles<AllTag, int>);
  static_assert(!CommaCompiles<Range, int>);
  static_assert(!CommaCompiles<NewaxisTag, AllTag>);
  static_assert(!CommaCompiles<EllipsisTag, int>);
  static_assert(CommaCompiles<int, int>);
  CHECK(all(array({true, true})).item<bool>());  // st::all is the reduction too
}

TEST_CASE("x.at() of boxes") {
  const Tensor x = counted({3, 3});
  CHECK(x.at({1}).set(9).to_vector<int>() == I{0, 1, 2, 9, 9, 9, 6, 7, 8});
  CHECK(x.at(1).set(9).to_vector<int>() == I{0, 1, 2, 9, 9, 9, 6, 7, 8});
  CHECK(x.at({all, 0}).add(array({1, 2, 3})).to_vector<int>() == I{1, 1, 2, 5, 4, 5, 9, 7, 8});
  CHECK(x.at({0, range(1, 3)}).mul(10).to_vector<int>() == I{0, 10, 20, 3, 4, 5, 6, 7, 8});
  CHECK(x.at({range(none, none, -2), 0}).set(array({1, 2})).to_vector<int>() == I{2, 1, 2, 3, 4, 5, 1, 7, 8});
  CHECK(x.at({newaxis, 2}).set(array({{7, 7, 7}})).to_vector<int>() == I{0, 1, 2, 3, 4, 5, 7, 7, 7});
  CHECK(x.at({2, 2}).sub(8)[{2, 2}].item<int>() == 0);
  CHECK(x.at({2, 2}).div(4)[{2, 2}].item<int>() == 2);
  CHECK(x.at({1, 1}).set(1)[{1, 1}].dtype() == float32);
  CHECK(array({1, 2}).at({0}).set(2.7).to_vector<int>() == I{2, 2});
  CHECK(x.to_vector<int>() == I{0, 1, 2, 3, 4, 5, 6, 7, 8});  // x itself stays
}

TEST_CASE("gradients and lanes of boxes") {
  const Tensor x = counted({2, 3});
  const auto f = [](const Tensor& t) { return sum(t[{all, range(2, none, -1)}] * counted({2, 3})) + 10 * t[{0, 1}]; };
  CHECK(grad(f)(x).to_vector<int>() == I{2, 11, 0, 5, 4, 3});
  const auto g = [](const Tensor& t, const Tensor& v) { return sum(t.at({1}).set(v) * counted({2, 3})); };
  const auto [dt, dv] = grad<0, 1>(g)(x, counted({3}));
  CHECK(dt.to_vector<int>() == I{0, 1, 2, 0, 0, 0});
  CHECK(dv.to_vector<int>() == I{3, 4, 5});
  const Tensor y = vmap([](const Tensor& t) { return t[1]; }, {.in_axes = 1})(x);
  CHECK(y.to_vector<int>() == I{3, 4, 5});
  const Tensor z = vmap([](const Tensor& v) { return zeros({2}).at({0}).set(v); })(counted({3}));
  CHECK(z.to_vector<int>() == I{0, 0, 1, 0, 2, 0});
  CHECK(vmap([](const Tensor& t) { return t[{range(1, 3), newaxis}]; })(counted({0, 4})).shape() == Shape{0, 2, 1});
}

TEST_CASE("index errors") {
  const Tensor x = counted({3, 4});
  CHECK_THROWS_WITH(x[3], Equals("x[...]: index 3 is out of bounds for axis 0 with size 3"));
  CHECK_THROWS_AS(x[3], ValueError);
  const auto at = [&](std::initializer_list<Index> i) { return x[i]; };
  CHECK_THROWS_WITH(at({0, -5}), Equals("x[...]: index -5 is out of bounds for axis 1 with size 4"));
  CHECK_THROWS_WITH(at({0, 0, 0}), Equals("x[...]: too many indices: the tensor has 2 axes, but 3 were indexed"));
  CHECK_THROWS_WITH(at({ellipsis, ellipsis}), Equals("x[...]: an index can have only one st::ellipsis"));
  CHECK_THROWS_WITH(at({range(0, 2, 0)}), Equals("x[...]: the step of a range cannot be zero"));
  CHECK_THROWS_WITH(x.at({0}).set(counted({3})),
                    Equals("at().set: shapes do not broadcast: [3] and [4] (3 against 4)"));
  CHECK_THROWS_WITH(x.at({0}).add(counted({2, 4})),
                    Equals("at().add: values of shape [2, 4] do not fit x[index] of shape [4]"));
  CHECK_THROWS_WITH(vmap([](const Tensor& t) { return t[4]; })(x),
                    Equals("x[...]: index 4 is out of bounds for axis 0 with size 4\n  inside vmap (level 1, size 3): "
                           "shapes are those of one example"));
}
