// x[...] and x.at({...}): NumPy's rules, views, and what errors say.
#include "strata/core/index.hpp"

#include <cmath>
#include <limits>

#include "strata/autograd/grad.hpp"
#include "strata/core/debug.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
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
  CHECK(dense(x[2]).data == dense(x).data + 8 * sizeof(float));  // a view
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

TEST_CASE("cotangents of the boxes of one tensor go into one sum") {
  const Tensor x = counted({4, 2});
  const auto f = [](const Tensor& t) {
    return sum(t[{range(0, 3)}] * 10) + sum(square(t[{range(1, none, 2)}])) + 5 * t[{3, 0}] + sum(t[{range(2, none)}]);
  };
  const I once{10, 10, 14, 16, 11, 11, 18, 15};
  CHECK(grad(f)(x).to_vector<int>() == once);
  CHECK(vmap(grad(f))(stack({x, x})).to_vector<int>() ==
        I{10, 10, 14, 16, 11, 11, 18, 15, 10, 10, 14, 16, 11, 11, 18, 15});
  const auto both = [&](const Tensor& t) { return f(t) + sum(t * counted({4, 2})); };  // and beside a whole cotangent
  CHECK(grad(both)(x).to_vector<int>() == I{10, 11, 16, 19, 15, 16, 24, 22});
  CHECK(grad([&](const Tensor& t) { return sum(square(grad(f)(t))); })(x).to_vector<int>() ==
        I{0, 0, 56, 64, 0, 0, 72, 60});
  const auto rows = [](const Tensor& t) {
    Tensor total = 0;
    for (int i = 0; i < 128; ++i) total = total + (i + 1) * sum(square(t[i]));
    return total;
  };
  const Tensor wide = ones({128, 256});
  const std::int64_t before = debug::bytes_written();
  const Tensor g = grad(rows)(wide);
  CHECK(g[{5, 7}].item<float>() == 12);
  CHECK(g[{127, 255}].item<float>() == 256);
  CHECK(debug::bytes_written() - before < 16 * 4 * wide.size());  // not the whole of x for each row
}

TEST_CASE("index tensors") {
  const Tensor x = counted({3, 4});
  const Tensor i = array({2, 0}), j = array({1, -1});
  CHECK(x[i].to_vector<int>() == I{8, 9, 10, 11, 0, 1, 2, 3});
  CHECK(x[{i, j}].to_vector<int>() == I{9, 3});
  CHECK(x[{all, j}].to_vector<int>() == I{1, 3, 5, 7, 9, 11});
  CHECK(x[{expand_dims(i, 1), j}].to_vector<int>() == I{9, 11, 1, 3});
  CHECK(x[{1, j}].to_vector<int>() == I{5, 7});
  CHECK(x[{j, 1}].to_vector<int>() == I{5, 9});
  CHECK(x[array({7, -9})].to_vector<int>() == I{8, 9, 10, 11, 0, 1, 2, 3});  // clamped
  CHECK(x[array(1)].shape() == Shape{4});
  CHECK(x[zeros({0}, {.dtype = int32})].shape() == Shape{0, 4});
  CHECK(x[{range(0, 2), newaxis, j}].shape() == Shape{2, 1, 2});
  const Tensor y = counted({2, 3, 4, 5});
  CHECK(y[{all, i, j}].shape() == Shape{2, 2, 5});
  CHECK(y[{array({0, 1}), all, j}].shape() == Shape{2, 3, 5});  // apart: in front
  CHECK(y[{0, all, j}].shape() == Shape{2, 3, 5});              // an integer counts as one of them
  CHECK(y[{all, newaxis, i, ellipsis, j}].shape() == Shape{2, 2, 1, 4});
  CHECK(y[{0, i, newaxis}].shape() == Shape{2, 1, 4, 5});
  CHECK(y[{1, array({{0, 1}, {2, 0}}), range(1, 3)}].shape() == Shape{2, 2, 2, 5});
  CHECK(y[{1, array({2}), 3, j}].to_vector<int>() == I{116, 119});
}

TEST_CASE("masks whose values are known") {
  const Tensor x = counted({2, 3});
  CHECK(x[array({{true, false, true}, {false, false, true}})].to_vector<int>() == I{0, 2, 5});
  CHECK(x[{all, array({true, false, true})}].to_vector<int>() == I{0, 2, 3, 5});
  CHECK(x[array({false, false})].shape() == Shape{0, 3});
  CHECK(x.at({array({{true, false, true}, {false, false, true}})}).set(9).to_vector<int>() == I{9, 1, 9, 3, 4, 9});
  CHECK(grad([](const Tensor& t) { return sum(t[t > 2]); })(x).to_vector<int>() == I{0, 0, 0, 1, 1, 1});
  CHECK_THROWS_WITH(vmap([](const Tensor& t) { return t[t > 2]; })(x),
                    Equals("x[mask]: the mask is mapped by vmap (level 1): each lane may select another number of "
                           "elements\n  write st::where(mask, x, 0), or st::nonzero(mask, {.size = n})\n  inside vmap "
                           "(level 1, size 2): shapes are those of one example"));
}

TEST_CASE("scatters: order, duplicates, modes, dtypes") {
  const Tensor x = counted({4}), i = array({1, 1, -1, 9});
  const Tensor v = array({10.f, 20.f, 30.f, 40.f});
  CHECK(x.at({i}).set(v).to_vector<int>() == I{0, 20, 2, 30});
  CHECK(x.at({i}).add(v).to_vector<int>() == I{0, 31, 2, 33});
  CHECK(x.at({i}).mul(v).to_vector<int>() == I{0, 200, 2, 90});
  CHECK(x.at({i}).max(v).to_vector<int>() == I{0, 20, 2, 30});
  CHECK(x.at({i}).min(v).to_vector<int>() == I{0, 1, 2, 3});
  CHECK(x.at({i}).add(v, {.mode = IndexMode::clip}).to_vector<int>() == I{0, 31, 2, 73});
  CHECK(x.at({i}).add(v, {.mode = IndexMode::wrap}).to_vector<int>() == I{0, 71, 2, 33});
  CHECK(x.at({i}).get({.mode = IndexMode::fill, .fill_value = -5}).to_vector<int>() == I{1, 1, 3, -5});
  CHECK(array({true, false}).at({array({1})}).add(true).to_vector<bool>() == std::vector<bool>{true, true});
  const Tensor many = zeros({200000}, {.dtype = int32});
  Tensor half = zeros({2}, {.dtype = bfloat16});
  CHECK(half.at({many}).add(ones({200000}, {.dtype = bfloat16})).to_vector<float>() == F{199680, 0});  // not 256
  const Tensor x2 = counted({2, 3});
  CHECK(x2.at({all, array({0, 2})}).set(array({7, 8})).to_vector<int>() == I{7, 1, 8, 7, 4, 8});
  CHECK(x2.at({range(1), array({0, 2})}).add(1).to_vector<int>() == I{0, 1, 2, 4, 4, 6});
}

TEST_CASE("derivatives of scatters with duplicates") {
  const Tensor x = counted({3}) + 1, i = array({0, 0, 2}), v = array({2.f, 0.f, 4.f});
  const Tensor w = array({1.f, 10.f, 100.f});
  const auto of = [&](auto f) {
    return grad<0, 1>([&](const Tensor& a, const Tensor& b) { return sum(f(a, b) * w); })(x, v);
  };
  auto [sx, sv] = of([&](const Tensor& a, const Tensor& b) { return a.at({i}).set(b); });
  CHECK((sx.to_vector<int>() == I{0, 10, 0} && sv.to_vector<int>() == I{0, 1, 100}));
  auto [ax, av] = of([&](const Tensor& a, const Tensor& b) { return a.at({i}).add(b); });
  CHECK((ax.to_vector<int>() == I{1, 10, 100} && av.to_vector<int>() == I{1, 1, 100}));
  auto [mx, mv] = of([&](const Tensor& a, const Tensor& b) { return a.at({i}).mul(b); });
  CHECK((mx.to_vector<int>() == I{0, 10, 400} && mv.to_vector<int>() == I{0, 2, 300}));
  auto [bx, bv] = of([&](const Tensor& a, const Tensor& b) { return a.at({i}).max(b); });
  CHECK((bx.to_vector<int>() == I{0, 10, 0} && bv.to_vector<int>() == I{1, 0, 100}));
}

TEST_CASE("lanes in the indices, in x, in both") {
  const Tensor x = counted({2, 3}), i = array({2, 0});
  const auto pick = [](const Tensor& t, const Tensor& k) { return t[k]; };
  CHECK(vmap(pick)(x, i).to_vector<int>() == I{2, 3});
  CHECK(vmap(pick, {.in_axes = {none, 0}})(x[0], i).to_vector<int>() == I{2, 0});
  CHECK(vmap(pick, {.in_axes = {0, none}})(x, i).to_vector<int>() == I{2, 0, 5, 3});
  const auto put = [](const Tensor& t, const Tensor& k) { return t.at({k}).add(10); };
  CHECK(vmap(put)(x, i).to_vector<int>() == I{0, 1, 12, 13, 4, 5});
  CHECK(vmap(put, {.in_axes = {none, 0}})(x[0], i).to_vector<int>() == I{0, 1, 12, 10, 1, 2});
  CHECK(vmap(put, {.in_axes = {0, none}})(x, i).to_vector<int>() == I{10, 1, 12, 13, 4, 15});
  const auto both = [](const Tensor& t, const Tensor& k) { return vmap([&](const Tensor& e) { return t[e] + e; })(k); };
  CHECK(vmap(both)(x, array({{0, 1}, {2, 2}})).to_vector<int>() == I{0, 2, 7, 7});
}

TEST_CASE("take, take_along_axis, dynamic slices") {
  const Tensor x = counted({3, 4});
  CHECK(take(x, array({0, -1}), {.axis = 1}).to_vector<int>() == I{0, 3, 4, 7, 8, 11});
  CHECK(take(x, array({5, -1})).to_vector<int>() == I{5, 11});
  CHECK(std::isnan(take(x, array(3), {.axis = 0})[0].item<float>()));
  CHECK(take(array({1, 2}), array({7})).item<int>() == std::numeric_limits<int>::min());
  CHECK(take(array({1, 2}, {.dtype = uint8}), array({7})).item<int>() == 255);
  CHECK(take(x, array({9}), {.axis = 0, .fill_value = 2}).to_vector<int>() == I{2, 2, 2, 2});
  CHECK(take(x, array({4}), {.axis = 0, .mode = IndexMode::wrap}).to_vector<int>() == I{4, 5, 6, 7});
  CHECK(take(x, array({{0, 1}, {2, 3}}), {.axis = -1}).shape() == Shape{3, 2, 2});
  CHECK(take_along_axis(x, array({{1}, {0}, {3}})).to_vector<int>() == I{1, 4, 11});
  CHECK(take_along_axis(x, array({{2, 1, 0, 0}}), {.axis = 0}).to_vector<int>() == I{8, 5, 2, 3});
  CHECK(put_along_axis(x, array({{1}, {0}, {3}}), -1).to_vector<int>() == I{0, -1, 2, 3, -1, 5, 6, 7, 8, 9, 10, -1});
  const Tensor y = dynamic_slice(x, {1, array(9)}, {2, 2});
  CHECK(y.to_vector<int>() == I{6, 7, 10, 11});
  if (default_device() == cpu) CHECK(dense(y).owner() == dense(x).owner());  // a view: the host knows where
  CHECK(dynamic_slice(x, {array(-1), 0}, {1, 4}).to_vector<int>() == I{8, 9, 10, 11});
  CHECK(dynamic_update_slice(x, ones({1, 2}) * 50, {2, 3}).to_vector<int>() == I{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50, 50});
  const auto window = [&](const Tensor& i) { return dynamic_slice_in_dim(x, i, 2, {.axis = 1}); };
  CHECK(vmap(window)(array({0, 9}))[1].to_vector<int>() == I{2, 3, 6, 7, 10, 11});
  const auto update = [&](const Tensor& i) { return dynamic_update_index_in_dim(array({1, 2, 3}), 0, i); };
  CHECK(vmap(update)(array({0, 2})).to_vector<int>() == I{0, 2, 3, 1, 2, 0});
  CHECK(dynamic_index_in_dim(x, array(1), {.keepdims = false}).to_vector<int>() == I{4, 5, 6, 7});
}

TEST_CASE("segments, bins, sets") {
  const Tensor ids = array({0, 2, 2, 5, -1});
  CHECK(segment_sum(array({1, 2, 3, 4, 5}), ids, {.num_segments = 4}).to_vector<int>() == I{1, 0, 5, 0});
  CHECK(segment_max(array({1, 2, 3, 4, 5}), ids).to_vector<int>()[2] == 3);
  CHECK(segment_prod(array({1.f, 2.f, 3.f, 4.f, 5.f}), ids, {.num_segments = 3}).to_vector<int>() == I{1, 1, 6});
  CHECK(segment_min(array({4.f}), array({1}), {.num_segments = 2})[0].item<float>() ==
        std::numeric_limits<float>::infinity());
  CHECK(bincount(array({0, 1, 1, 3})).to_vector<int>() == I{1, 2, 0, 1});
  CHECK(bincount(array({1}), {.minlength = 3}).to_vector<int>() == I{0, 1, 0});
  CHECK(bincount(array({0, 1}), {.weights = array({0.5, 2.}), .length = 2}).to_vector<float>() == F{0.5, 2});
  CHECK(digitize(array({0.5, 1., 9.}), array({0., 1., 2.})).to_vector<int>() == I{1, 2, 3});
  CHECK(digitize(array({0.5, 1., 9.}), array({2., 1., 0.})).to_vector<int>() == I{2, 1, 0});
  CHECK(nonzero(array({{0, 3}, {4, 0}}))[1].to_vector<int>() == I{1, 0});
  CHECK(argwhere(array({true, false, true})).to_vector<int>() == I{0, 2});
  CHECK(flatnonzero(array({{0, 3}, {4, 0}}), {.size = 3, .fill_value = -1}).to_vector<int>() == I{1, 2, -1});
  CHECK(unique(array({3, 1, 3})).to_vector<int>() == I{1, 3});
  CHECK(unique(array({NAN, 1., NAN})).size() == 2);
  const Unique u = unique_all(array({{3, 1}, {3, 2}}));
  CHECK((u.counts.to_vector<int>() == I{1, 1, 2} && u.inverse.shape() == Shape{2, 2}));
  const Tensor lanes = vmap([](const Tensor& t) { return unique(t, {.size = 2}); })(array({{1, 1, 1}, {3, 2, 3}}));
  CHECK(lanes.to_vector<int>() == I{1, 1, 2, 3});
  CHECK(vmap([](const Tensor& t) { return flatnonzero(t, {.size = 1}); }, {.in_axes = 1})(array({{0, 1}, {1, 0}}))
            .to_vector<int>() == I{1, 0});
  CHECK(ravel_multi_index({array({1, 2}), array({3, 9})}, {3, 4}).to_vector<int>() == I{7, 11});
  CHECK(unravel_index(array({7, -1}), {3, 4})[1].to_vector<int>() == I{3, 3});
}

TEST_CASE("gathers and scatters do not depend on the number of threads") {
  const int before = num_threads();
  const Tensor i = astype((arange(100000) * 7919) % 501, int32), v = counted({100000});
  const Tensor rows = reshape(i, {1000, 100})[{all, 0}], wide = reshape(v, {1000, 100});
  std::vector<F> results;
  for (int threads : {1, 3}) {
    set_num_threads(threads);
    results.push_back(zeros({500}).at({i}).add(v * 0.1).to_vector<float>());
    results.push_back(zeros({500, 100}).at({rows}).add(wide * 0.1).to_vector<float>());
    results.push_back(take(wide, rows, {.axis = 0, .mode = IndexMode::clip}).to_vector<float>());
  }
  set_num_threads(before);
  for (std::size_t k = 0; k < 3; ++k) CHECK(results[k] == results[k + 3]);
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
  CHECK_THROWS_WITH(at({array({0.5})}), Equals("x[...]: the indices are float32, not integers"));
  CHECK_THROWS_WITH(at({array({true, false})}), Equals("x[mask]: the mask has shape [2], x [3, 4]: axis 0 differs"));
  CHECK_THROWS_WITH(take(x, array({true})),
                    Equals("take: the indices are bool, not integers; x[mask] selects by bools"));
  CHECK_THROWS_WITH(take_along_axis(x, array({0})),
                    Equals("take_along_axis: x has shape [3, 4], the indices [1]: both must have as many axes"));
  CHECK_THROWS_WITH(dynamic_slice(x, {0}, {1, 1}),
                    Equals("dynamic_slice: 1 starts and sizes [1, 1] for a tensor of shape [3, 4]"));
  CHECK_THROWS_WITH(dynamic_slice(x, {0, 0}, {1, 5}),
                    Equals("dynamic_slice: size 5 along axis 1 of [3, 4]: between 0 and 4 is possible"));
  CHECK_THROWS_WITH(segment_sum(x, array({0})),
                    Equals("segment_sum: x has shape [3, 4], the ids [1]: one id for each row is wanted"));
  CHECK_THROWS_WITH(vmap([](const Tensor& t) { return nonzero(t)[0]; })(x),
                    Equals("nonzero: the size of the result depends on values that vmap maps (level 1); give .size\n  "
                           "inside vmap (level 1, size 3): shapes are those of one example"));
  CHECK_THROWS_WITH(x.at({0}).set(counted({3})),
                    Equals("at().set: shapes do not broadcast: [3] and [4] (3 against 4)"));
  CHECK_THROWS_WITH(x.at({0}).add(counted({2, 4})),
                    Equals("at().add: values of shape [2, 4] do not fit x[index] of shape [4]"));
  CHECK_THROWS_WITH(vmap([](const Tensor& t) { return t[4]; })(x),
                    Equals("x[...]: index 4 is out of bounds for axis 0 with size 4\n  inside vmap (level 1, size 3): "
                           "shapes are those of one example"));
}
