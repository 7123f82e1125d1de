// What users read when they err in an op's arguments, word for word: the op, the fact, both sides, the layer, a way out.
// The finer points of one family are in that family's test; here is at least one of each kind.
#include <map>
#include <vector>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using namespace strata;

namespace {

struct Params {
  Tensor w, b;
};

Tensor x(Shape shape, Dtype dtype = float32) { return zeros(shape, {.dtype = dtype}); }

/// f of one lane of a batch of 3.
template <class F>
auto in_vmap(F f) {
  return vmap(f)(x({3, 2}));
}

}  // namespace

TEST_CASE("errors: pointwise ops and casts", "[errors]") {
  const Tensor a = x({2, 3});
  CHECK_THROWS_WITH(a + x({2}), "add: shapes do not broadcast: [2, 3] and [2] (3 against 2)");
  CHECK_THROWS_WITH(where(a > 0, a, x({4})), "where: shapes do not broadcast: [2, 3] and [4] (3 against 4)");
  CHECK_THROWS_WITH(clip(a, x({4}), 1), "clip: shapes do not broadcast: [2, 3] and [4] (3 against 4)");
  CHECK_THROWS_WITH(in_vmap([](const Tensor& t) { return t * x({3}); }),
                    "mul: shapes do not broadcast: [2] and [3] (2 against 3)\n  inside vmap (level 1, size 3): shapes "
                    "are those of one example");
  CHECK_THROWS_WITH(a & 1, "bitwise_and: float32 is not an integer or bool dtype; convert it with st::astype");
  CHECK_THROWS_WITH(left_shift(a, 1), "left_shift: float32 is not an integer dtype; convert it with st::astype");
  CHECK_THROWS_WITH(bitwise_not(a), "bitwise_not: float32 is not an integer or bool dtype; convert it with st::astype");
  CHECK_THROWS_WITH(population_count(a),
                    "population_count: float32 is not an integer dtype; convert it with st::astype");
  CHECK_THROWS_WITH(bitcast(a, bool_),
                    "bitcast: float32 to bool: a bool has no bits to reinterpret; convert it with st::astype");
  CHECK_THROWS_WITH(bitcast(a, float64),
                    "bitcast: float32 to float64 takes a last axis of size 2, the shape is [2, 3]");
  CHECK_THROWS_WITH(dtype_named("float23"), "dtype_named: no dtype is called 'float23'");
  CHECK_THROWS_WITH(select_n(a, {a, a}), "select_n: the selector is float32, only bool and integers choose");
  CHECK_THROWS_WITH(glu(x({3})), "glu: axis -1 of shape [3] has an odd size and no two halves");
}

TEST_CASE("errors: reductions and orders", "[errors]") {
  const Tensor a = x({2, 3});
  CHECK_THROWS_WITH(sum(a, {.axes = {2}}), "sum: axis 2 is out of range for a tensor of 2 axes");
  CHECK_THROWS_WITH(sum(a, {.axes = {0, -2}}), "sum: axis 0 is named twice");
  CHECK_THROWS_WITH(max(x({0, 2}), {.axes = {0}}),
                    "max: no elements along the reduced axes of shape [0, 2], and max of none has no value\n  give "
                    ".initial, or check the size first");
  CHECK_THROWS_WITH(argmax(x({2, 0}), {.axis = 1}),
                    "argmax: no elements along the reduced axes of shape [2, 0], and argmax of none has no value\n  "
                    "check the size first");
  CHECK_THROWS_WITH(norm(x({2, 2, 2}), {.ord = 1}),
                    "norm: .ord is given with 3 axes of shape [2, 2, 2]; one makes norms of vectors, two of matrices");
  CHECK_THROWS_WITH(norm(a, {.ord = "frob"}),
                    "norm: there is no norm of order frob for matrices; vectors have numbers, matrices \"fro\", "
                    "\"nuc\", 1, 2, inf and -1, -2, -inf");
  CHECK_THROWS_WITH(average(a, x({4}), {.axes = {1}}),
                    "average: weights of shape [4] for an argument of shape [2, 3]: they have its shape, or that of "
                    "the one axis averaged over");
  CHECK_THROWS_WITH(cumsum(a, {.axis = 2}), "cumsum: axis 2 is out of range for a tensor of 2 axes");
  CHECK_THROWS_WITH((sum(a, {.where = x({4}, bool_)})),
                    "sum: x and .where: shapes do not broadcast: [2, 3] and [4] (3 against 4)");
  CHECK_THROWS_WITH((max(a, {.where = a > 0})), "max: with .where there may be no elements, so give .initial too");
  CHECK_THROWS_WITH(diff(a, {.n = -1}), "diff: n is -1, 0 or more is needed");
  CHECK_THROWS_WITH(sort(a, {.axis = 3}), "sort: axis 3 is out of range for a tensor of 2 axes");
  CHECK_THROWS_WITH(top_k(x({4}), 5), "top_k: 5 of 4 elements are wanted along axis 0 of shape [4]");
  CHECK_THROWS_WITH(searchsorted(a, x({2})), "searchsorted: the sorted argument has shape [2, 3], a vector is needed");
  CHECK_THROWS_WITH(softmax(a, {.axis = 2}), "softmax: axis 2 is out of range for a tensor of 2 axes");
  CHECK_THROWS_WITH(softmax(a, {.where = x({4}, bool_)}),
                    "softmax: x and .where: shapes do not broadcast: [2, 3] and [4] (3 against 4)");
  CHECK_THROWS_WITH(in_vmap([](const Tensor& t) { return sum(t, {.axes = {1}}); }),
                    "sum: axis 1 is out of range for a tensor of 1 axis\n  inside vmap (level 1, size 3): shapes are "
                    "those of one example");
}

TEST_CASE("errors: products, convolutions, networks", "[errors]") {
  const Tensor a = x({2, 3});
  CHECK_THROWS_WITH(matmul(a, a),
                    "matmul: inner sizes differ: [2, 3] x [2, 3] (3 against 2)\n  if the second was meant transposed: "
                    "matmul(a, mT(b))");
  CHECK_THROWS_WITH(matmul(a, 1.f),
                    "matmul: the second argument has shape [], but needs at least 1 axis; for scalars use a * b");
  CHECK_THROWS_WITH(dot(a, x({4})), "dot: inner sizes differ: [2, 3] x [4] (3 against 4)");
  CHECK_THROWS_WITH(vdot(a, x({5})), "vdot: inner sizes differ: [2, 3] x [5] (6 against 5)");
  CHECK_THROWS_WITH(inner(a, x({2})), "inner: inner sizes differ: [2, 3] x [2] (3 against 2)");
  CHECK_THROWS_WITH((tensordot(a, a, {{0}, {1}})),
                    "tensordot: contracting sizes differ: [2, 3] x [2, 3] (axis 0 has 2, axis 1 has 3)");
  CHECK_THROWS_WITH(tensordot(a, a, 3), "tensordot: [2, 3] x [2, 3] have no 3 axes to sum over");
  CHECK_THROWS_WITH((dot_general(a, a, {.lhs_contracting = {0}, .rhs_contracting = {1}})),
                    "dot_general: contracting sizes differ: [2, 3] x [2, 3] (axis 0 has 2, axis 1 has 3)");
  CHECK_THROWS_WITH(einsum("ij,jk->ik", a, a),
                    "einsum: \"ij,jk->ik\": 'j' has size 3, but 2 in argument 1, which has shape [2, 3]");
  CHECK_THROWS_WITH(einsum("ij->ik", a), "einsum: \"ij->ik\": 'k' of the result is in no argument");
  CHECK_THROWS_WITH(einsum("i1->i", a), "einsum: \"i1->i\": '1' is not a letter");
  CHECK_THROWS_WITH(cross(a, x({2, 4})),
                    "cross: vectors have 2 or 3 elements along axis -1, these have 3 and 4: [2, 3] x [2, 4]");
  CHECK_THROWS_WITH(
      linear(a, x({4, 5}), x({5})),
      "linear: x [2, 3] does not end in the 4 inputs of w [4, 5]\n  x is [..., in], w [in, out], b [out]");
  CHECK_THROWS_WITH(linear(a, x({3})), "linear: w has shape [3], not two axes\n  x is [..., in], w [in, out], b [out]");
  CHECK_THROWS_WITH(linear(a, x({3, 5}), x({3})),
                    "linear: b [3] is not for the 5 outputs of w [3, 5]\n  x is [..., in], w [in, out], b [out]");
  CHECK_THROWS_WITH(embedding(x({3}), x({2}, int32)), "embedding: the table has shape [3], not [count, width]");
  CHECK_THROWS_WITH((dropout(random::key(0), a, {.rate = 1.5})),
                    "dropout: the rate is 1.5, not a probability between 0 and 1");
  CHECK_THROWS_WITH(dot_product_attention(a, a, a),
                    "dot_product_attention: wrong number of axes: q [2, 3], k [2, 3], v [2, 3]\n  they are [..., "
                    "queries, heads, width], [..., keys, kv_heads, width], [..., keys, kv_heads, width_v]");
  CHECK_THROWS_WITH(
      dot_product_attention(x({4, 3, 2}), x({4, 2, 2}), x({4, 2, 2})),
      "dot_product_attention: kv_heads does not divide heads: q [4, 3, 2], k [4, 2, 2], v [4, 2, 2]\n  they are [..., "
      "queries, heads, width], [..., keys, kv_heads, width], [..., keys, kv_heads, width_v]");
  CHECK_THROWS_WITH((dot_product_attention(x({4, 1, 2}), x({4, 1, 2}), x({4, 1, 2}), {.mask = a})),
                    "dot_product_attention: the mask is float32, not bool; what is added to the scores is .bias");
  CHECK_THROWS_WITH((conv_general(x({1, 3, 8, 8}), x({4, 2, 3, 3}))),
                    "conv_general: x has 3 channels, but w takes 2: x [1, 3, 8, 8], w [4, 2, 3, 3] (channels first)");
  CHECK_THROWS_WITH((conv_general(x({1, 3, 8, 8}), x({4, 3, 3, 3}), {.padding = "FULL"})),
                    "conv_general: padding \"FULL\" is none of \"VALID\", \"SAME\", \"SAME_LOWER\"");
  CHECK_THROWS_WITH(
      (conv_general(x({1, 4, 8}), x({4, 2, 3}), {.groups = 3})),
      "conv_general: x has 4 channels, but w takes 2 in each of 3 groups: x [1, 4, 8], w [4, 2, 3] (channels first)");
  CHECK_THROWS_WITH((max_pool(a, {.window = {2, 2, 2}})),
                    "max_pool: window [2, 2, 2] should have 1 to 2 sizes, for the last axes of [2, 3]");
  CHECK_THROWS_WITH((group_norm(x({6}), Tensor(), Tensor(), {.groups = 4})),
                    "group_norm: 4 groups do not divide 6 channels (axis 0 of [6])");
  CHECK_THROWS_WITH(layer_norm(a, x({4})), "layer_norm: shapes do not broadcast: [2, 3] and [4] (3 against 4)");
  CHECK_THROWS_WITH(
      softmax_cross_entropy(a, x({2, 4})),
      "softmax_cross_entropy: logits and labels: shapes do not broadcast: [2, 3] and [2, 4] (3 against 4)");
  CHECK_THROWS_WITH(softmax_cross_entropy_with_integer_labels(a, x({2})),
                    "softmax_cross_entropy_with_integer_labels: labels are float32, not integers; for probabilities "
                    "call st::softmax_cross_entropy");
  CHECK_THROWS_WITH(
      softmax_cross_entropy_with_integer_labels(a, x({3}, int32)),
      "softmax_cross_entropy_with_integer_labels: logits [2, 3] leave [2] for the labels, which have shape [3]");
  CHECK_THROWS_WITH(nn::glorot_uniform(random::key(0), {3}),
                    "nn::glorot_uniform: shape [3] has no input and output axis; it needs two axes");
}

TEST_CASE("errors: linear algebra", "[errors]") {
  const Tensor a = x({2, 3});
  CHECK_THROWS_WITH(linalg::inv(a), "linalg::inv: the matrices of [2, 3] are not square (2 rows, 3 columns)");
  CHECK_THROWS_WITH(linalg::cholesky(x({3})), "linalg::cholesky: [3] has no matrices along its last two axes");
  CHECK_THROWS_WITH(linalg::solve(eye(3), x({2})), "linalg::solve: a [3, 3] has 3 rows, b [2] has 2");
  CHECK_THROWS_WITH(linalg::triangular_solve(eye(3), x({2, 1})),
                    "linalg::triangular_solve: a [3, 3] meets 2 rows of b [2, 1]");
  CHECK_THROWS_WITH(linalg::svd(x({3})), "linalg::svd: [3] has no matrices along its last two axes");
  CHECK_THROWS_WITH(linalg::eigh(x({2, 2}, float16)),
                    "linalg::eigh: float16 has too few digits; convert it with st::astype(a, st::float32)");
}

TEST_CASE("errors: shapes and indices", "[errors]") {
  const Tensor a = x({2, 3});
  CHECK_THROWS_WITH(reshape(a, {4}), "reshape: [2, 3] has 6 elements, [4] has 4");
  CHECK_THROWS_WITH(reshape(a, {-1, -1}),
                    "reshape: [2, 3] to [-1, -1]: one size may be left open as -1, no other may be negative");
  CHECK_THROWS_WITH(reshape(a, {-1, 4}), "reshape: [2, 3] has 6 elements, [-1, 4] fits no size for -1");
  CHECK_THROWS_WITH(transpose(a, {0, 0}), "transpose: axis 0 is given twice");
  CHECK_THROWS_WITH(transpose(a, {0}), "transpose: 1 axes are given for a tensor of shape [2, 3]");
  CHECK_THROWS_WITH(broadcast_to(a, {3, 3}), "broadcast_to: shapes do not broadcast: [2, 3] and [3, 3] (2 against 3)");
  CHECK_THROWS_WITH(expand_dims(a, 4), "expand_dims: axis 4 is out of range for a tensor of 3 axes");
  CHECK_THROWS_WITH(concatenate({a, x({3, 3})}, {.axis = 1}),
                    "concatenate: along axis 1 the other sizes must agree: argument 0 is [2, 3], argument 1 is [3, 3]");
  CHECK_THROWS_WITH(stack({a, x({3, 3})}), "stack: shapes must be equal: argument 0 is [2, 3], argument 1 is [3, 3]");
  CHECK_THROWS_WITH(pad(a, {{1, 1}, {1, 1}, {1, 1}}), "pad: 3 pairs of widths for a tensor of shape [2, 3]");
  CHECK_THROWS_WITH(
      split(a, 2, {.axis = 1}),
      "split: axis 1 of [2, 3] (size 3) does not divide into 2 equal parts; st::array_split makes unequal ones");
  CHECK_THROWS_WITH(a[2], "x[...]: index 2 is out of bounds for axis 0 with size 2");
  CHECK_THROWS_WITH(take(a, x({2})), "take: the indices are float32, not integers");
  CHECK_THROWS_WITH(take_along_axis(a, x({2}, int32)),
                    "take_along_axis: x has shape [2, 3], the indices [2]: both must have as many axes");
  CHECK_THROWS_WITH(a.at({0}).set(x({4})), "at().set: shapes do not broadcast: [4] and [3] (4 against 3)");
  CHECK_THROWS_WITH(dynamic_slice(a, {0, 0}, {3, 3}),
                    "dynamic_slice: size 3 along axis 0 of [2, 3]: between 0 and 2 is possible");
  CHECK_THROWS_WITH((gather(a, x({2, 1}, int32), {.offset_dims = {1}, .start_index_map = {0}}, {1, 3})),
                    "gather: 2 axes of x are in slices, 1 places are given for them");
  CHECK_THROWS_WITH(one_hot(a, 3), "one_hot: the indices are float32, not integers");
  CHECK_THROWS_WITH(segment_sum(a, x({3}, int32)),
                    "segment_sum: x has shape [2, 3], the ids [3]: one id for each row is wanted");
  CHECK_THROWS_WITH(x({2, -1}), "zeros: the shape [2, -1] has a negative size");
  CHECK_THROWS_WITH(x(Shape::filled(5, 1000000)),
                    "shape [1000000, 1000000, 1000000, 1000000, 1000000] has more elements than memory can address");
  CHECK_THROWS_WITH((array({{1, 2}, {3}})),
                    "array: nested lists are not rectangular: item 0 has shape [2], item 1 has shape [1]");
  CHECK_THROWS_WITH(arange(0, 1, 0), "arange: the step is 0");
}

TEST_CASE("errors: randomness", "[errors]") {
  const Tensor key = random::key(0);
  CHECK_THROWS_WITH(random::normal(x({2}), {3}),
                    "random.normal: the key has dtype float32, shape [2]: a key is a uint32 tensor whose last axis is "
                    "2; make one with st::random::key(seed)");
  CHECK_THROWS_WITH(
      random::normal(random::split(key, 3), {3}),
      "random.normal: the key has shape [3, 2], which is 3 keys: take one, or map over them with st::vmap");
  CHECK_THROWS_WITH(random::split(x({3}, uint32)),
                    "random.split: the key has dtype uint32, shape [3]: a key is a uint32 tensor whose last axis is 2; "
                    "make one with st::random::key(seed)");
  CHECK_THROWS_WITH(random::key(x({2}, int32)),
                    "random.key: the seed has dtype int32, shape [2]: a seed is one integer");
  CHECK_THROWS_WITH((random::randint(key, {2}, 0, 5, {.dtype = float32})),
                    "random.randint: draws are of an integer dtype, float32 was asked for");
  CHECK_THROWS_WITH(random::bernoulli(key, x({3}), {2}),
                    "random.bernoulli: p has shape [3], which does not broadcast to [2]");
  CHECK_THROWS_WITH((random::choice(key, 3, {4}, {.replace = false})),
                    "random.choice: 4 cannot be chosen from 3 without replacement");
  CHECK_THROWS_WITH(random::categorical(key, 1.f),
                    "random.categorical: axis -1 is out of range for a tensor of 0 axes");
  CHECK_THROWS_WITH(
      random::multivariate_normal(key, x({2}), x({3, 3})),
      "random.multivariate_normal: mean [2] and cov [3, 3] do not fit: [..., n] and [..., n, n] are expected");
}

TEST_CASE("errors: trees and files", "[errors]") {
  const Params p{x({2}), x({3})};
  CHECK_THROWS_WITH(tree_map([](const Tensor& a, const Tensor& b) { return a + b; }, std::vector<Tensor>{p.w},
                             std::vector<Tensor>{p.w, p.b}),
                    "tree_map: trees differ: the first has a list of 1, the second a list of 2");
  CHECK_THROWS_WITH(tree_unflatten(p, std::vector<Tensor>{p.w}),
                    "tree_unflatten: the tree has 2 leaves (.w, .b), but 1 tensor was given");
  CHECK_THROWS_WITH(ravel(p).second(x({4})), "unravel: the vector has shape [4], but the tree has 5 elements");
  CHECK_THROWS_WITH(st::load<Params>("no/such/file.safetensors"),
                    "load: cannot read no/such/file.safetensors: No such file or directory");
  CHECK_THROWS_WITH(load_npy("no/such/file.npy"), "load_npy: cannot read no/such/file.npy: No such file or directory");
}
