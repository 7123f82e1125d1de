// Shapes, joins, boxes, padding, diagonals: values, views, edge cases and what errors say.
#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;
using Catch::Equals;
using I = std::vector<int>;

namespace {

/// 0, 1, 2, ... as floats.
Tensor counted(Shape shape) { return reshape(arange(shape.elements(), {.dtype = float32}), shape); }

bool shares_memory(const Tensor& a, const Tensor& b) { return dense(a).owner() == dense(b).owner(); }

I ints(const Tensor& x) { return x.to_vector<int>(); }

}  // namespace

TEST_CASE("axes move as views") {
  const Tensor x = counted({2, 3, 4});
  CHECK(swapaxes(x, 0, -1).shape() == Shape{4, 3, 2});
  CHECK(shares_memory(swapaxes(x, 0, -1), x));
  CHECK(mT(x).shape() == Shape{2, 4, 3});
  CHECK(moveaxis(x, {0, 1}, {-1, 0}).shape() == Shape{3, 4, 2});
  CHECK(ints(moveaxis(counted({2, 3}), 0, 1)) == I{0, 3, 1, 4, 2, 5});
  CHECK(rollaxis(x, 2).shape() == Shape{4, 2, 3});
  CHECK(rollaxis(x, 0, 3).shape() == Shape{3, 4, 2});
  CHECK(expand_dims(x, {0, -1}).shape() == Shape{1, 2, 3, 4, 1});
  CHECK(squeeze(expand_dims(x, {0, 2})).shape() == Shape{2, 3, 4});
  CHECK(squeeze(expand_dims(x, {0, 2}), {.axes = {0}}).shape() == Shape{2, 1, 3, 4});
  CHECK(ravel(x).shape() == Shape{24});
  CHECK(atleast_1d(Tensor(2)).shape() == Shape{1});
  CHECK(atleast_2d(counted({3})).shape() == Shape{1, 3});
  CHECK(atleast_3d(counted({3})).shape() == Shape{1, 3, 1});
  CHECK(atleast_3d(counted({3, 2})).shape() == Shape{3, 2, 1});
  CHECK(ints(broadcast_in_dim(counted({2}), {2, 3}, {0})) == I{0, 0, 0, 1, 1, 1});
  CHECK(broadcast_arrays({counted({3, 1}), counted({2})})[1].shape() == Shape{3, 2});
  CHECK(reshape(x, {-1, 6}).shape() == Shape{4, 6});
  CHECK(ints(reshape(mT(counted({2, 3})), {6})) == I{0, 3, 1, 4, 2, 5});
}

TEST_CASE("joining and splitting") {
  const Tensor a = counted({2, 2}), b = counted({1, 2}) + 10;
  CHECK(ints(concatenate({a, b})) == I{0, 1, 2, 3, 10, 11});
  CHECK(ints(concatenate({a, mT(a)}, {.axis = -1})) == I{0, 1, 0, 2, 2, 3, 1, 3});
  CHECK(ints(concatenate({a, b}, {.axis = std::nullopt})) == I{0, 1, 2, 3, 10, 11});
  CHECK(concatenate({array({1}), array({2.5})}).dtype() == float32);
  CHECK(concatenate({zeros({0, 3}), zeros({2, 3})}).shape() == Shape{2, 3});
  CHECK(stack({a, a}, {.axis = -1}).shape() == Shape{2, 2, 2});
  CHECK(ints(stack({counted({2}), counted({2}) + 5}, {.axis = 1})) == I{0, 5, 1, 6});
  const auto rows = unstack(a);
  CHECK((rows.size() == 2 && shares_memory(rows[1], a) && ints(rows[1]) == I{2, 3}));
  CHECK(unstack(zeros({0, 2})).empty());
  const auto parts = split(counted({6}), {2, 3});
  CHECK((parts.size() == 3 && ints(parts[0]) == I{0, 1} && ints(parts[1]) == I{2} && ints(parts[2]) == I{3, 4, 5}));
  CHECK(shares_memory(parts[2], parts[0]));
  CHECK(split(counted({6, 2}), 3).size() == 3);
  CHECK(split(counted({4}), {-1, 9})[1].size() == 1);
  const auto uneven = array_split(counted({7}), 3);
  CHECK((uneven[0].size() == 3 && uneven[1].size() == 2 && uneven[2].size() == 2));
  CHECK(hstack({counted({2}), counted({3})}).shape() == Shape{5});
  CHECK(vstack({counted({3}), counted({2, 3})}).shape() == Shape{3, 3});
  CHECK(dstack({counted({2}), counted({2})}).shape() == Shape{1, 2, 2});
  CHECK(column_stack({counted({2}), counted({2, 2})}).shape() == Shape{2, 3});
  CHECK(ints(append(a, 7)) == I{0, 1, 2, 3, 7});
}

TEST_CASE("gradients and lanes of joins: a part without cotangent is zero") {
  const auto f = [](const Tensor& x) { return sum(split(x * 2, {1})[1]); };
  CHECK(ints(grad(f)(counted({3}))) == I{0, 2, 2});
  const auto g = [](const Tensor& x) { return unstack(x)[1] * 3; };
  CHECK(ints(grad(g)(counted({3}))) == I{0, 3, 0});
  const Tensor c = counted({2});
  const Tensor y = vmap([&](const Tensor& x) { return concatenate({c, x}); }, {.in_axes = 1})(counted({2, 3}));
  CHECK(ints(y) == I{0, 1, 0, 3, 0, 1, 1, 4, 0, 1, 2, 5});
  CHECK(vmap([&](const Tensor& x) { return stack({c, x}); })(zeros({0, 2})).shape() == Shape{0, 2, 2});
}

TEST_CASE("slices, flips, rolls") {
  const Tensor x = counted({3, 4});
  CHECK(ints(slice(x, {0, 1}, {3, 4}, {2, 2})) == I{1, 3, 9, 11});
  CHECK(shares_memory(slice(x, {0, 1}, {3, 4}), x));
  CHECK(ints(slice_in_dim(x, 1, 2, 1, {.axis = 1})) == I{1, 5, 9});
  CHECK(ints(flip(counted({3}))) == I{2, 1, 0});
  CHECK(shares_memory(flip(x), x));
  CHECK(ints(flip(x, {.axes = {1}})[0]) == I{3, 2, 1, 0});
  CHECK(ints(roll(counted({5}), 2)) == I{3, 4, 0, 1, 2});
  CHECK(ints(roll(x, {1, -1}, {.axes = {0, 1}})[0]) == I{9, 10, 11, 8});
  CHECK(ints(roll(counted({2, 2}), -1)) == I{1, 2, 3, 0});
  CHECK(roll(zeros({0}), 3).shape() == Shape{0});
  CHECK(ints(rot90(counted({2, 2}))) == I{1, 3, 0, 2});
  CHECK(ints(rot90(counted({2, 2}), {.k = -1})) == I{2, 0, 3, 1});
  CHECK(ints(grad([](const Tensor& t) { return sum(flip(t) * counted({3})); })(counted({3}))) == I{2, 1, 0});
}

TEST_CASE("padding and repetition") {
  const Tensor x = counted({3});
  CHECK(ints(pad(x, 1)) == I{0, 0, 1, 2, 0});
  CHECK(ints(pad(x, {1, 2}, {.constant_values = 7})) == I{7, 0, 1, 2, 7, 7});
  CHECK(ints(pad(x, {{0, 1, 2}}, {.constant_values = 9})) == I{0, 9, 9, 1, 9, 9, 2, 9});
  CHECK(ints(pad(x, {{-1, -1}})) == I{1});
  CHECK(ints(pad(x, {{-2, 0, 1}}, {.constant_values = 9})) == I{1, 9, 2});
  CHECK(ints(pad(x, {{-1, 2}}, {.mode = PadMode::constant})) == I{1, 2, 0, 0});
  CHECK(pad(zeros({0}), 2).shape() == Shape{4});
  CHECK(pad(counted({2, 2}), {{1, 0}, {0, 2}}).shape() == Shape{3, 4});
  CHECK(pad(counted({2, 2}), {{1, 1}}).shape() == Shape{4, 4});
  CHECK(ints(pad(x, {{3, 4}}, {.mode = PadMode::reflect})) == I{1, 2, 1, 0, 1, 2, 1, 0, 1, 2});
  CHECK(ints(pad(x, {{1, 2}}, {.mode = PadMode::symmetric})) == I{0, 0, 1, 2, 2, 1});
  CHECK(ints(pad(x, {{1, 4}}, {.mode = PadMode::wrap})) == I{2, 0, 1, 2, 0, 1, 2, 0});
  CHECK(ints(pad(x, {{2, 0}}, {.mode = PadMode::edge})) == I{0, 0, 0, 1, 2});
  const Tensor y = vmap([&](const Tensor& v) { return pad(x, 1, {.constant_values = v}); })(array({5.f, 6.f}));
  CHECK(ints(y) == I{5, 0, 1, 2, 5, 6, 0, 1, 2, 6});
  CHECK(ints(tile(x, {2})) == I{0, 1, 2, 0, 1, 2});
  CHECK(tile(counted({2, 3}), {2, 1, 2}).shape() == Shape{2, 2, 6});
  CHECK(ints(repeat(x, 2)) == I{0, 0, 1, 1, 2, 2});
  CHECK(ints(repeat(counted({2, 2}), {1, 2}, {.axis = 0})) == I{0, 1, 2, 3, 2, 3});
  CHECK(ints(grad([](const Tensor& t) { return sum(pad(t, {{1, 1}}, {.mode = PadMode::reflect})); })(x)) == I{1, 3, 1});
}

TEST_CASE("diagonals and triangles") {
  const Tensor x = counted({3, 4});
  CHECK(ints(diagonal(x)) == I{0, 5, 10});
  CHECK(shares_memory(diagonal(x), x));
  CHECK(ints(diagonal(x, {.offset = 2})) == I{2, 7});
  CHECK(ints(diag(x, -1)) == I{4, 9});
  CHECK(diagonal(x, {.offset = 9}).shape() == Shape{0});
  CHECK(ints(diag(array({1, 2}), 1)) == I{0, 1, 0, 0, 0, 2, 0, 0, 0});
  CHECK(diag(array({1, 2})).dtype() == int32);
  CHECK(diagonal(counted({2, 3, 3}), {.axis1 = 1, .axis2 = 2}).shape() == Shape{2, 3});
  CHECK(ints(tril(counted({2, 3}))) == I{0, 0, 0, 3, 4, 0});
  CHECK(ints(triu(counted({3, 2}), -1)) == I{0, 1, 2, 3, 0, 5});
  CHECK(ints(tril(mT(counted({2, 2})))) == I{0, 0, 1, 3});
  CHECK(trace(x).item<int>() == 15);
  CHECK(ints(kron(array({1, 2}), array({3, 4}))) == I{3, 4, 6, 8});
  CHECK(vmap([](const Tensor& m) { return trace(m); }, {.in_axes = 2})(counted({2, 2, 3})).shape() == Shape{3});
}

TEST_CASE("copies of strided memory in every order") {
  for (const Shape& shape : {Shape{70, 90}, Shape{5, 70, 3, 40}, Shape{1, 130, 65}, Shape{300000}, Shape{2, 100000}}) {
    const Tensor x = counted(shape);
    for (int a = 0; a < shape.size(); ++a) {
      const Tensor y = copy(flip(swapaxes(x, 0, a), {.axes = {a}}));
      const Tensor back = copy(swapaxes(flip(y, {.axes = {a}}), 0, a));
      CHECK(back.to_vector<float>() == x.to_vector<float>());
      const Tensor bytes = astype(copy(swapaxes(astype(x, uint16), 0, a)), int32);
      CHECK(ints(copy(swapaxes(bytes, 0, a))) == ints(astype(astype(x, uint16), int32)));
    }
  }
}

TEST_CASE("shape errors") {
  const Tensor x = counted({2, 3});
  CHECK_THROWS_WITH(concatenate({}), Equals("concatenate: there is no tensor to join"));
  CHECK_THROWS_WITH(concatenate({x, counted({2, 2})}),
                    Equals("concatenate: along axis 0 the other sizes must agree: argument 0 is [2, 3], argument 1 is "
                           "[2, 2]"));
  CHECK_THROWS_WITH(concatenate({Tensor(1), Tensor(2)}),
                    Equals("concatenate: tensors of rank 0 have no axis to be joined along; use st::stack"));
  CHECK_THROWS_WITH(stack({x, counted({3})}),
                    Equals("stack: shapes must be equal: argument 0 is [2, 3], argument 1 is [3]"));
  CHECK_THROWS_WITH(split(x, 2, {.axis = 1}), Equals("split: axis 1 of [2, 3] (size 3) does not divide into 2 equal "
                                                     "parts; st::array_split makes unequal ones"));
  CHECK_THROWS_WITH(split(x, {2, 1}, {.axis = 1}), Equals("split: part starts must not decrease: 1 lies before 2"));
  CHECK_THROWS_WITH(squeeze(x, {.axes = {1}}),
                    Equals("squeeze: axis 1 of [2, 3] has size 3, only an axis of size 1 can go"));
  CHECK_THROWS_WITH(mT(counted({3})), Equals("mT: a matrix has at least 2 axes, the shape is [3]"));
  CHECK_THROWS_WITH(swapaxes(x, 0, 2), Equals("swapaxes: axis 2 is out of range for a tensor of 2 axes"));
  CHECK_THROWS_WITH(slice(x, {0, 0}, {2, 4}), Equals("slice: [0, 4) is not inside axis 1 of [2, 3]"));
  CHECK_THROWS_WITH(slice(x, {0, 0}, {2, 3}, {1, -1}),
                    Equals("slice: step -1 of axis 1 is not positive; x[st::range(...)] takes negative ones"));
  CHECK_THROWS_WITH(roll(x, {1, 2}), Equals("roll: 2 shifts need as many .axes"));
  CHECK_THROWS_WITH(rot90(x, {.axes = {1, -1}}), Equals("rot90: the two axes are the same, 1"));
  CHECK_THROWS_WITH(pad(x, {{1, 1}, {1, 1}, {1, 1}}), Equals("pad: 3 pairs of widths for a tensor of shape [2, 3]"));
  CHECK_THROWS_WITH(pad(x, {{-2, -1}}), Equals("pad: axis 0 of [2, 3] would get size -1"));
  CHECK_THROWS_WITH(pad(x, {{-1, 0}}, {.mode = PadMode::edge}),
                    Equals("pad: negative and interior widths are for PadMode::constant, axis 0 has them"));
  CHECK_THROWS_WITH(repeat(x, {1, 2}, {.axis = 1}), Equals("repeat: 2 numbers of repetitions for axis 1 of [2, 3]"));
  CHECK_THROWS_WITH(tile(x, {-1}), Equals("tile: -1 repetitions: the number is not negative"));
  CHECK_THROWS_WITH(diagonal(x, {.axis1 = 1, .axis2 = 1}), Equals("diagonal: the two axes are the same, 1"));
  CHECK_THROWS_WITH(diag(counted({2, 2, 2})), Equals("diag: a vector or a matrix is wanted, the shape is [2, 2, 2]"));
  CHECK_THROWS_WITH(broadcast_in_dim(x, {2, 3}, {1, 0}), Equals("broadcast_in_dim: the places must ascend"));
  CHECK_THROWS_WITH(
      vmap([](const Tensor& t) { return reshape(t, {4}); })(x),
      Equals(
          "reshape: [3] has 3 elements, [4] has 4\n  inside vmap (level 1, size 2): shapes are those of one example"));
}
