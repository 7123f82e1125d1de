// Convolution and pooling: float32 (oneDNN, or patches) against float64 (patches) and against loops over all indices;
// layouts, paddings, errors.
#include <limits>

#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/ops/conv.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/draw.hpp"

using namespace strata;
using strata::testing::draw;
using strata::testing::random_int;

namespace {

struct Problem {
  ConvGeometry p;
  std::int64_t n, c, o;  // channels of one group
  Shape x, w, y;
};

Problem random_problem(int rank, bool wide) {
  Problem q;
  q.p.rank = rank;
  q.p.groups = random_int(0, 2) == 0 ? random_int(2, 3) : 1;
  q.n = random_int(1, 3);
  q.c = wide ? 16 * random_int(1, 2) : random_int(1, 5);
  q.o = wide ? 16 * random_int(1, 2) : random_int(1, 5);
  q.x = {q.n, q.p.groups * q.c};
  q.w = {q.p.groups * q.o, q.c};
  q.y = {q.n, q.p.groups * q.o};
  for (int i = 0; i < rank; ++i) {
    const auto d = static_cast<std::size_t>(i);
    auto& p = q.p;
    p.w[d] = random_int(1, 3), p.stride[d] = random_int(1, 2), p.low[d] = random_int(wide ? 0 : -1, 2);
    p.w_dilation[d] = random_int(1, 2), p.x_dilation[d] = wide ? 1 : random_int(1, 2);
    p.x[d] = random_int(4, 8);
    const std::int64_t high = random_int(0, 2);
    p.y[d] =
        ((p.x[d] - 1) * p.x_dilation[d] + 1 + p.low[d] + high - (p.w[d] - 1) * p.w_dilation[d] - 1) / p.stride[d] + 1;
    p.y[d] = std::max<std::int64_t>(p.y[d], 1);
    q.x.push_back(p.x[d]), q.w.push_back(p.w[d]), q.y.push_back(p.y[d]);
  }
  return q;
}

/// The definition, index by index; returns the inner product of y and the result.
double form(const Problem& q, const Tensor& x, const Tensor& w, const Tensor& y) {
  const auto xs = x.to_vector<double>(), ws = w.to_vector<double>(), ys = y.to_vector<double>();
  const ConvGeometry& p = q.p;
  const auto space = [](const ConvGeometry::Sizes& s) { return s[0] * s[1] * s[2]; };
  const auto split = [](std::int64_t at, const ConvGeometry::Sizes& s) {
    return ConvGeometry::Sizes{at / (s[1] * s[2]), at / s[2] % s[1], at % s[2]};
  };
  double total = 0;
  for (std::int64_t at = 0; at < space(p.y); ++at) {
    for (std::int64_t k = 0; k < space(p.w); ++k) {
      const auto o = split(at, p.y), kk = split(k, p.w);
      std::int64_t i = 0;
      bool inside = true;
      for (std::size_t d = 0; d < 3; ++d) {
        const std::int64_t s = o[d] * p.stride[d] - p.low[d] + kk[d] * p.w_dilation[d];
        inside = inside && s >= 0 && s % p.x_dilation[d] == 0 && s / p.x_dilation[d] < p.x[d];
        i = i * p.x[d] + s / p.x_dilation[d];
      }
      if (!inside) continue;
      for (std::int64_t n = 0; n < q.n; ++n) {
        for (std::int64_t g = 0; g < p.groups; ++g) {
          for (std::int64_t b = 0; b < q.o; ++b) {
            for (std::int64_t a = 0; a < q.c; ++a) {
              const std::int64_t go = g * q.o + b, gc = g * q.c + a;
              total += xs[static_cast<std::size_t>((n * p.groups * q.c + gc) * space(p.x) + i)] *
                       ws[static_cast<std::size_t>((go * q.c + a) * space(p.w) + k)] *
                       ys[static_cast<std::size_t>((n * p.groups * q.o + go) * space(p.y) + at)];
            }
          }
        }
      }
    }
  }
  return total;
}

double inner_product(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double s = 0;
  for (std::size_t i = 0; i < x.size(); ++i) s += x[i] * y[i];
  return s;
}

/// The same values with channels last in memory.
Tensor channels_last(const Tensor& x) { return moveaxis(copy(moveaxis(x, 1, -1)), -1, 1); }

}  // namespace

TEST_CASE("the three convolutions are one form, in float32 and float64, on every path") {
  for (int trial = 0; trial < 150; ++trial) {
    const bool wide = trial % 3 == 0;
    const Problem q = random_problem(1 + trial % (wide ? 2 : 3), wide);
    const Tensor x = draw(q.x), w = draw(q.w), y = draw(q.y);
    CAPTURE(trial, to_string(q.x), to_string(q.w), to_string(q.y), q.p.groups);
    const double value = form(q, x, w, y);
    for (const Dtype d : {float32, float64, int32}) {
      const auto as = [&](const Tensor& t) {
        const Tensor c = astype(t, d);
        return trial % 2 ? channels_last(c) : c;
      };
      REQUIRE(inner_product(conv_result(q.p, as(x), astype(w, d)), y) == value);
      REQUIRE(inner_product(conv_image(q.p, as(y), astype(w, d)), x) == value);
      REQUIRE(inner_product(conv_kernel(q.p, as(x), as(y)), w) == value);
    }
  }
}

TEST_CASE("large convolutions are cut and stay exact") {
  const Tensor x = draw({6, 16, 40, 40}), w = draw({32, 16, 3, 3});
  const Conv same{.padding = "SAME"};
  const Tensor y = conv_general(x, w, same), z = conv_general(astype(x, float64), astype(w, float64), same);
  CHECK(y.to_vector<double>() == z.to_vector<double>());
  const Tensor one = conv_general(draw({1, 3, 64, 64}), draw({64, 3, 5, 5}), {.strides = {2, 2}});
  CHECK(one.shape() == Shape{1, 64, 30, 30});
}

TEST_CASE("half types accumulate in float32") {
  const Tensor x = astype(ones({1, 300, 3}), float16), w = astype(ones({1, 300, 3}), float16);
  CHECK(conv_general(x, w).item<float>() == 900.f);
  CHECK(conv_general(x, w).dtype() == float16);
}

TEST_CASE("conv_transpose with transpose_kernel is the transpose") {
  const Tensor w = draw({4, 3, 3, 2}), x = draw({2, 3, 9, 8});
  const Tensor y = conv_general(x, w, {.strides = {2, 2}, .padding = "VALID"});
  const Tensor g = draw(y.shape());
  const Tensor back = conv_transpose(g, w, {.strides = {2, 2}, .padding = "VALID", .transpose_kernel = true});
  CHECK(back.shape() == Shape{2, 3, 9, 8});
  CHECK(inner_product(y, g) == inner_product(back, x));
  CHECK(conv_transpose(draw({1, 2, 5, 5}), draw({3, 2, 3, 3}), {.strides = {2, 2}}).shape() == Shape{1, 3, 10, 10});
}

TEST_CASE("pooling: the last axes, defaults, empty windows") {
  const Tensor x = array({{1.f, 5.f, 2.f, 0.f}, {3.f, 4.f, -1.f, 7.f}});
  CHECK(max_pool(x, {.window = {2, 2}}).to_vector<float>() == std::vector<float>{5, 7});
  CHECK(avg_pool(x, {.window = {2}}).to_vector<float>() == std::vector<float>{3, 1, 3.5, 3});
  CHECK(max_pool(x, {.window = {3}, .strides = {1}, .padding = "SAME"}).shape() == Shape{2, 4});
  const Tensor ends = avg_pool(x, {.window = {3}, .strides = {3}, .padding = {{1, 1}}, .count_include_pad = false});
  CHECK(ends.to_vector<float>() == std::vector<float>{3, 1, 3.5, 3});
  CHECK(reduce_window(array({3, 1, 2}), WindowReduction::sum, {.window = {2}, .strides = {1}}).to_vector<int>() ==
        std::vector<int>{4, 3});
  const Tensor patches = im2col(reshape(x, {1, 1, 2, 4}), {.window = {2, 2}});
  CHECK(patches.shape() == Shape{1, 4, 1, 3});
  CHECK(patches.to_vector<float>() == std::vector<float>{1, 5, 2, 5, 2, 0, 3, 4, -1, 4, -1, 7});
}

/// Planes have kernels of their own; with an axis of size 2 behind them the same windows take the general walk.
Window doubled(Window p) {
  for (Shape* list : {&p.window, &p.strides, &p.window_dilation}) list->push_back(1);
  auto pairs = p.padding.pairs();
  pairs.emplace_back(0, 0);
  p.padding = Padding(pairs);
  return p;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && all(equal(a, b) || (a != a && b != b)).item<bool>();
}

Tensor with_nan(Tensor x) {
  return is_float(x.dtype()) ? where(x == 3, std::numeric_limits<double>::quiet_NaN(), x) : x;
}

TEST_CASE("pooling: planes as the general walk, ties, NaN, derivatives") {
  for (int round = 0; round < 300; ++round) {
    const Dtype dtype = std::array{float32, float32, float64, int32, int64, uint32, float16}[random_int(0, 6)];
    const int rank = static_cast<int>(random_int(1, 2));
    Shape shape{random_int(1, 3)};
    Window p;
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    for (int i = 0; i < rank; ++i) {
      shape.push_back(random_int(1, 70));
      p.window.push_back(random_int(1, 4));
      p.strides.push_back(random_int(1, 3));
      p.window_dilation.push_back(random_int(1, 2));
      pairs.emplace_back(random_int(0, 3), random_int(0, 3));
    }
    p.padding = Padding(pairs);
    const Tensor x = with_nan(draw(shape, dtype));
    CAPTURE(shape, p.window, p.strides, p.window_dilation, dtype);
    for (const auto how : {WindowReduction::sum, WindowReduction::max, WindowReduction::min}) {
      const auto plane = [&](const Tensor& t) { return reduce_window(t, how, p); };
      const auto walk = [&](const Tensor& t) {
        return reduce_window(stack({t, t}, {.axis = -1}), how, doubled(p))[{ellipsis, 0}];
      };
      CHECK(same(plane(x), walk(x)));
      if (!is_float(dtype)) continue;
      const auto [y, pull] = vjp(plane, x);
      const Tensor g = draw(y.shape(), dtype), dx = draw(shape, dtype);
      CHECK(same(pull(g), vjp(walk, x).second(g)));
      CHECK(same(jvp(plane, x, dx).second, jvp(walk, x, dx).second));
    }
  }
}

TEST_CASE("errors of convolution and pooling, word for word") {
  const auto z = [](Shape s) { return zeros(s); };
  CHECK_THROWS_WITH(conv_general(z({3, 8, 8}), z({4, 3, 3, 3})),
                    "conv_general: x [3, 8, 8] and w [4, 3, 3, 3] should both have 3 to 5 axes: examples, channels and "
                    "1 to 3 spatial ones; for one example give expand_dims(x, 0)");
  CHECK_THROWS_WITH(conv_general(z({1, 4, 8, 8}), z({4, 3, 3, 3})),
                    "conv_general: x has 4 channels, but w takes 3: x [1, 4, 8, 8], w [4, 3, 3, 3] (channels first)");
  CHECK_THROWS_WITH(conv_general(z({1, 3, 8, 8}), z({4, 3, 3, 3}), {.strides = {2}}),
                    "conv_general: strides [2] should have 2 entries");
  CHECK_THROWS_WITH(conv_general(z({1, 3, 8, 8}), z({4, 3, 3, 3}), {.layout = {.x = "NHWC", .w = "OIHW"}}),
                    "conv_general: x has 8 channels, but w takes 3: x [1, 8, 3, 8], w [4, 3, 3, 3] (channels first)");
  CHECK_THROWS_WITH(max_pool(z({4}), {.window = {2, 2}}),
                    "max_pool: window [2, 2] should have 1 to 1 sizes, for the last axes of [4]");
  CHECK_THROWS_WITH(max_pool(z({4}), {.window = {2}, .padding = "same"}),
                    "max_pool: padding \"same\" is none of \"VALID\", \"SAME\", \"SAME_LOWER\"");
}
