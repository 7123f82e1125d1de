// Products: the contract op against a loop over all indices, its rules under vmap against one lane at a time, and the
// errors of the menu's functions word for word.
#include "strata/ops/contract.hpp"
#include "strata/autograd/grad.hpp"
#include "strata/autograd/tape.hpp"
#include "strata/core/debug.hpp"
#include "strata/core/error.hpp"
#include "strata/functorch/jacobian.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/draw.hpp"

using namespace strata;
using strata::testing::draw;
using strata::testing::random_int;

namespace {

/// The same values in another memory order.
Tensor shuffled(const Tensor& x) {
  std::vector<int> axes, back(static_cast<std::size_t>(x.ndim()));
  for (int i = 0; i < x.ndim(); ++i) axes.push_back(i);
  std::shuffle(axes.begin(), axes.end(), strata::testing::generator);
  for (std::size_t i = 0; i < axes.size(); ++i) back[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
  return transpose(copy(transpose(x, AxisList(axes))), AxisList(back));
}

std::vector<double> reference(const Contraction& p, const Tensor& a, const Tensor& b, const Shape& sizes) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  Shape shape;
  for (int l : p.out) shape.push_back(sizes[l]);
  std::vector<double> z(static_cast<std::size_t>(shape.elements()), 0.0);
  const auto offset = [&](const Labels& labels, const Shape& index) {
    std::int64_t o = 0;
    for (int l : labels) o = o * sizes[l] + index[l];
    return static_cast<std::size_t>(o);
  };
  Shape index = Shape::filled(sizes.size(), 0);
  for (std::int64_t i = 0; i < sizes.elements(); ++i) {
    std::int64_t rest = i;
    for (int l = sizes.size() - 1; l >= 0; --l) index[l] = rest % sizes[l], rest /= sizes[l];
    z[offset(p.out, index)] += x[offset(p.a, index)] * y[offset(p.b, index)];
  }
  return z;
}

Shape shape_of(const Labels& labels, const Shape& sizes) {
  Shape s;
  for (int l : labels) s.push_back(sizes[l]);
  return s;
}

/// Each label goes to at least two of a, b and out, at random places.
Contraction random_contraction(int labels) {
  Contraction p;
  for (int l = 0; l < labels; ++l) {
    const auto kind = random_int(0, 3);
    const auto put = [&](Labels& x) { x.insert(static_cast<int>(random_int(0, x.size())), l); };
    if (kind != 1) put(p.a);
    if (kind != 2) put(p.b);
    if (kind != 0) put(p.out);
  }
  return p;
}

template <class F>
Tensor vmap_of(F f, const Tensor& a, int a_axis, const Tensor& b, int b_axis, std::int64_t size) {
  auto level = VmapLevel::make(size);
  const LevelScope scope(level->level());
  const Lane y = level->unwrap(f(level->wrap({a, a_axis}), level->wrap({b, b_axis})));
  return moveaxis(y.value, y.axis, 0);
}

}  // namespace

TEST_CASE("the product equals a loop over all indices") {
  for (int trial = 0; trial < 400; ++trial) {
    const int labels = static_cast<int>(random_int(0, 6));
    const Contraction p = random_contraction(labels);
    Shape sizes;
    for (int l = 0; l < labels; ++l)
      sizes.push_back(trial % 10 == 9 ? random_int(0, 3) : random_int(1, trial % 5 == 0 ? 20 : 4));
    if (sizes.elements() > 400'000) continue;
    const Dtype dtype = trial % 4 == 0 ? float64 : trial % 4 == 1 ? int32 : trial % 4 == 2 ? int8 : float32;
    Tensor a = draw(shape_of(p.a, sizes), dtype), b = draw(shape_of(p.b, sizes), dtype);
    if (trial % 2) a = shuffled(a), b = shuffled(b);
    CAPTURE(trial, to_string(sizes), to_string(a.shape()), to_string(b.shape()));
    const Tensor y = contract(p, a, b);
    REQUIRE(y.shape() == shape_of(p.out, sizes));
    REQUIRE(y.dtype() == dtype);
    std::vector<double> z = reference(p, a, b, sizes);
    if (dtype == int8) {
      for (double& v : z) v = static_cast<double>(static_cast<std::int8_t>(static_cast<std::int64_t>(v)));
    }
    REQUIRE(y.to_vector<double>() == z);
  }
}

TEST_CASE("large products are cut and stay exact") {
  for (const Dtype dtype : {float32, float64, bfloat16}) {
    for (const Shape& s : {Shape{300, 70, 512}, Shape{17, 600, 1024}, Shape{400, 300, 500}, Shape{1, 784, 256}}) {
      const Tensor a = draw({s[0], s[1]}, dtype), b = draw({s[1], s[2]}, dtype);
      const Tensor y = matmul(a, b);
      const Tensor r = astype(matmul(astype(a, int32), astype(b, int32)), dtype);
      CHECK(y.to_vector<double>() == r.to_vector<double>());
      const Tensor t = matmul(a, transpose(copy(transpose(b))));
      CHECK(t.to_vector<double>() == r.to_vector<double>());
    }
  }
}

TEST_CASE("a batch of very many products") {
  const Tensor a = draw({70'000, 3, 2}), b = draw({70'000, 2, 2});
  const Tensor whole = matmul(astype(a, int32), astype(b, int32));
  CHECK(matmul(a, b).to_vector<double>() == whole.to_vector<double>());
}

TEST_CASE("operands lie either way, in whole and ragged sizes") {
  for (const Shape& s :
       {Shape{32, 128, 128}, Shape{8, 16, 16}, Shape{13, 48, 80}, Shape{33, 40, 112}, Shape{9, 300, 64},
        Shape{12, 33, 96}, Shape{40, 128, 100}, Shape{100, 64, 10}, Shape{25, 1100, 32}}) {
    for (const Dtype dtype : {float32, float64}) {
      CAPTURE(to_string(s), name(dtype));
      const Tensor a = draw({s[0], s[1]}, dtype), b = draw({s[1], s[2]}, dtype), before = draw({s[0], s[2]}, dtype);
      const auto expected = reference({{0, 1}, {1, 2}, {0, 2}}, a, b, s);
      const auto sum = (before + contract({{0, 1}, {1, 2}, {0, 2}}, a, b)).to_vector<double>();
      for (const Tensor& x : {a, transpose(copy(transpose(a)))}) {
        for (const Tensor& y : {b, transpose(copy(transpose(b)))}) {
          CHECK(matmul(x, y).to_vector<double>() == expected);
          CHECK(contract_onto(copy(before), {{0, 1}, {1, 2}, {0, 2}}, x, y).to_vector<double>() == sum);
        }
      }
    }
  }
}

TEST_CASE("sums of few outer products too large for a cache have the values of small ones") {
  for (const Dtype dtype : {float32, float64}) {
    for (const std::int64_t cols : {256, 250}) {
      const std::int64_t lanes = dtype == float32 ? 140 : 70, terms = dtype == float32 ? 1 : 3;
      const Tensor a = random::normal(random::key(1), {lanes, terms, 256}, {.dtype = dtype}),
                   b = random::normal(random::key(2), {lanes, terms, cols}, {.dtype = dtype});
      const Contraction p{{0, 1, 2}, {0, 1, 3}, {0, 2, 3}};
      const Tensor all = contract(p, a, b);
      for (std::int64_t lane = 0; lane < lanes; lane += 9) {
        const Tensor one = contract({{1, 2}, {1, 3}, {2, 3}}, a[lane], b[lane]);
        CHECK(strata::all(all[lane] == one).item<bool>());
      }
      const Tensor row = contract({{1, 2}, {1, 3}, {2, 3}}, reshape(a, {terms, -1}), reshape(b[0], {terms, cols}));
      for (std::int64_t i = 0; i < lanes; i += 9) {  // one product, cut into parts
        const Tensor part = reshape(a, {terms, lanes, 256})[{strata::all, i}];
        CHECK(strata::all(row[{range(256 * i, 256 * (i + 1))}] ==
                          contract({{1, 2}, {1, 3}, {2, 3}}, part, reshape(b[0], {terms, cols})))
                  .item<bool>());
      }
    }
  }
}

TEST_CASE("bool is or of ands, integers wrap, halves round once") {
  const Tensor p = astype(draw({3, 4}), bool_), q = astype(draw({4, 5}), bool_);
  const Tensor counts = matmul(astype(p, int32), astype(q, int32));
  CHECK(matmul(p, q).dtype() == bool_);
  CHECK(matmul(p, q).to_vector<bool>() == astype(counts, bool_).to_vector<bool>());
  const Tensor big = astype(ones({1, 2}), int8) * Tensor(100);
  CHECK(matmul(big, transpose(big)).item<int>() == static_cast<std::int8_t>(20000));
  const Tensor h = astype(ones({1, 1000}), float16);
  CHECK(matmul(h, transpose(h)).item<float>() == 1000.f);
}

TEST_CASE("lanes fold: every choice of mapped arguments equals one lane at a time") {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{3, 4}, {4, 5}}, {{4}, {4, 5}},       {{3, 4}, {4}},
                                                       {{4}, {4}},       {{2, 3, 4}, {4, 5}}, {{3, 4}, {2, 4, 5}}};
  for (const auto& [sa, sb] : shapes) {
    for (int a_axis = -1; a_axis <= sa.size(); ++a_axis) {
      for (int b_axis = -1; b_axis <= sb.size(); ++b_axis) {
        if (a_axis < 0 && b_axis < 0) continue;
        for (const std::int64_t size : {0, 1, 3}) {
          Shape la = sa, lb = sb;
          if (a_axis >= 0) la.insert(a_axis, size);
          if (b_axis >= 0) lb.insert(b_axis, size);
          const Tensor a = draw(la), b = draw(lb);
          const Tensor y =
              vmap_of([](const Tensor& x, const Tensor& w) { return matmul(x, w); }, a, a_axis, b, b_axis, size);
          const Tensor first_a = a_axis >= 0 ? moveaxis(a, a_axis, 0) : a,
                       first_b = b_axis >= 0 ? moveaxis(b, b_axis, 0) : b;
          CAPTURE(to_string(la), to_string(lb), a_axis, b_axis);
          REQUIRE(y.shape()[0] == size);
          // The same by broadcasting, on integers: another path.
          const auto line_up = [](const Tensor& x, const Tensor& other, bool mapped) {
            Shape s = x.shape();
            if (mapped && x.ndim() > 2) {
              for (int k = x.ndim() - 1; k < other.ndim(); ++k) s.insert(1, 1);
            }
            return reshape(astype(x, int64), s);
          };
          if (sa.size() < 2 || sb.size() < 2) continue;
          const int rank = std::max(sa.size(), sb.size());
          const Tensor r = matmul(line_up(first_a, Tensor(empty_dense(Shape::filled(rank, 1), float32)), a_axis >= 0),
                                  line_up(first_b, Tensor(empty_dense(Shape::filled(rank, 1), float32)), b_axis >= 0));
          REQUIRE(y.to_vector<double>() == r.to_vector<double>());
        }
      }
    }
  }
}

TEST_CASE("a shared weight meets mapped examples in one product") {
  const Tensor w = draw({4, 5}), x = draw({7, 4});
  const Tensor y = vmap_of([](const Tensor& a, const Tensor& b) { return matmul(a, b); }, x, 0, w, -1, 7);
  CHECK(y.to_vector<float>() == matmul(x, w).to_vector<float>());
  const Tensor z = vmap_of([](const Tensor& a, const Tensor& b) { return matmul(b, a); }, x, 0, transpose(w), -1, 7);
  CHECK(z.to_vector<float>() == matmul(x, w).to_vector<float>());
}

TEST_CASE("a product is added onto a sum: over its memory where nobody else sees it") {
  for (int trial = 0; trial < 300; ++trial) {
    Shape sizes;
    const int labels = static_cast<int>(random_int(0, 4));
    for (int l = 0; l < labels; ++l) sizes.push_back(random_int(trial % 10 == 0 ? 0 : 1, 5));
    const Contraction p = random_contraction(labels);
    const Dtype dtype = trial % 4 == 0 ? float64 : trial % 7 == 0 ? bfloat16 : trial % 9 == 0 ? int32 : float32;
    const Tensor a = shuffled(draw(shape_of(p.a, sizes), dtype)), b = shuffled(draw(shape_of(p.b, sizes), dtype));
    const Tensor before = draw(shape_of(p.out, sizes), dtype);
    const Tensor expected = before + contract(p, a, b);
    INFO("trial " << trial << ", " << name(dtype));
    const Tensor kept = before;
    CHECK(contract_onto(before, p, a, b).to_vector<double>() == expected.to_vector<double>());
    CHECK(contract_onto(transpose(copy(transpose(before))), p, a, b).to_vector<double>() ==
          expected.to_vector<double>());
    CHECK(contract_onto(copy(before), p, a, b).to_vector<double>() == expected.to_vector<double>());
    CHECK(contract_onto(astype(before, float64), p, a, b).to_vector<double>() == expected.to_vector<double>());
    CHECK(before.to_vector<double>() == kept.to_vector<double>());
    CHECK(contract_onto({}, p, a, b).to_vector<double>() == contract(p, a, b).to_vector<double>());
  }
}

TEST_CASE("the cotangent of a weight used often is one buffer that every use adds to") {
  constexpr int uses = 8;
  const Tensor w = draw({64, 48}), x = draw({uses, 5, 64}), other = draw({uses, 48, 5});
  const auto loss = [&](const Tensor& m) {
    Tensor y;
    for (int t = 0; t < uses; ++t) {
      Tensor term = sum(square(matmul(x[t], m))) + sum(matmul(m, other[t]) * (t - 3));
      y = y.defined() ? y + term : term;
    }
    return y;
  };
  Tensor expected = zeros({64, 48});
  for (int t = 0; t < uses; ++t) {
    expected = expected + matmul(mT(x[t]), 2 * matmul(x[t], w)) + matmul(ones({64, 5}) * (t - 3), mT(other[t]));
  }
  const auto [y, pullback] = vjp(loss, w);
  const std::int64_t before = debug::bytes_written();
  const Tensor g = pullback(ones({}));
  const std::int64_t written = debug::bytes_written() - before;
  CHECK(g.to_vector<float>() == expected.to_vector<float>());
  CHECK(pullback(ones({})).to_vector<float>() == expected.to_vector<float>());  // the first result is not added to
  CHECK(g.to_vector<float>() == expected.to_vector<float>());
  const std::int64_t weight = 4 * w.size(), activations = 4 * uses * (2 * 5 * 48 + 3 * 64 * 5);
  CHECK(written < weight + activations);
}

TEST_CASE("a weight used twice in one product, and under outer transforms") {
  const Tensor w = draw({6, 6}), x = draw({3, 6, 6});
  const auto f = [](const Tensor& m, const Tensor& v) {
    return sum(square(matmul(matmul(m, v), m))) + sum(matmul(m, m));
  };
  const Tensor v = x[0];
  const Tensor p = matmul(matmul(w, v), w), ones_like_w = ones({6, 6});
  const Tensor expected = matmul(2 * p, mT(matmul(v, w))) + matmul(mT(matmul(w, v)), 2 * p) +
                          matmul(ones_like_w, mT(w)) + matmul(mT(w), ones_like_w);
  CHECK(grad(f)(w, v).to_vector<float>() == expected.to_vector<float>());
  const Tensor each = vmap(grad(f), {.in_axes = {none, 0}})(w, x);
  for (int i = 0; i < 3; ++i) CHECK(each[i].to_vector<float>() == grad(f)(w, x[i]).to_vector<float>());
  const auto directional = [&](const Tensor& m) { return sum(grad(f)(m, v) * v); };
  CHECK(grad(directional)(w).to_vector<float>() ==
        hvp([&](const Tensor& m) { return f(m, v); }, w, v).to_vector<float>());
}

TEST_CASE("errors of products, word for word") {
  const auto z = [](Shape s) { return zeros(s); };
  CHECK_THROWS_WITH(matmul(z({32, 3}), z({4, 5})), "matmul: inner sizes differ: [32, 3] x [4, 5] (3 against 4)");
  CHECK_THROWS_WITH(matmul(z({32, 3}), z({5, 3})),
                    "matmul: inner sizes differ: [32, 3] x [5, 3] (3 against 5)\n"
                    "  if the second was meant transposed: matmul(a, mT(b))");
  CHECK_THROWS_WITH(matmul(z({2, 3, 4}), z({5, 4, 2})),
                    "matmul: leading axes do not broadcast: [2, 3, 4] x [5, 4, 2] (2 against 5)");
  CHECK_THROWS_WITH(matmul(Tensor(2), z({2})),
                    "matmul: the first argument has shape [], but needs at least 1 axis; for scalars use a * b");
  CHECK_THROWS_AS(dot(z({2}), z({3})), ShapeError);
  CHECK_THROWS_WITH(dot_general(z({2, 3}), z({3, 4}), {.lhs_contracting = {0}, .rhs_contracting = {0}}),
                    "dot_general: contracting sizes differ: [2, 3] x [3, 4] (axis 0 has 2, axis 0 has 3)");
  auto level = VmapLevel::make(8);
  const LevelScope scope(level->level());
  CHECK_THROWS_WITH(matmul(level->wrap({z({8, 32, 3}), 0}), z({4, 5})),
                    "matmul: inner sizes differ: [32, 3] x [4, 5] (3 against 4)\n"
                    "  inside vmap (level 1, size 8): shapes are those of one example");
}

TEST_CASE("einsum: implicit results, repeated letters, broadcasting, errors") {
  const Tensor a = draw({3, 4}), b = draw({4, 2}), s = draw({3, 3}), t = draw({2, 3, 4});
  CHECK(einsum("ij,jk", a, b).to_vector<float>() == matmul(a, b).to_vector<float>());
  CHECK(einsum("ba", a).to_vector<float>() == copy(transpose(a)).to_vector<float>());
  CHECK(einsum("...ij,jk", t, b).to_vector<float>() == matmul(t, b).to_vector<float>());
  CHECK(einsum("ii", s).shape() == Shape{});
  CHECK(einsum("i...->...", a).to_vector<float>() == sum(a, {.axes = {0}}).to_vector<float>());
  const Tensor u = draw({1, 4});
  CHECK(einsum("ij,ij->ij", a, u).to_vector<float>() == (a * u).to_vector<float>());
  CHECK(einsum("ij,ij->i", a, u).to_vector<float>() == sum(a * u, {.axes = {1}}).to_vector<float>());
  CHECK(einsum(" i j , j k -> i k ", a, b).to_vector<float>() == matmul(a, b).to_vector<float>());
  CHECK_THROWS_WITH(einsum("ij,jk->ik", a, a),
                    "einsum: \"ij,jk->ik\": 'j' has size 4, but 3 in argument 1, which has "
                    "shape [3, 4]");
  CHECK_THROWS_WITH(einsum("ij->ik", a), "einsum: \"ij->ik\": 'k' of the result is in no argument");
  CHECK_THROWS_WITH(einsum("ijk", a), "einsum: \"ijk\": 3 axes are named for argument 0, which has shape [3, 4]");
  CHECK_THROWS_WITH(einsum("ij,j", a), "einsum: \"ij,j\": 2 arguments are described, 1 given");
}
