// Which windows go to the library of pooling, and that what comes back is what the CPU says: any layout, padding, NaN,
// infinities, derivatives. The first needs no GPU; the rest says SKIPPED without one.
#include <array>
#include <limits>
#include <vector>

#include "strata/ops/cuda/pooling.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/draw.hpp"

using namespace strata;
using namespace strata::gpu;
using strata::testing::draw;
using strata::testing::random_int;

namespace {

using Sizes = std::vector<std::int64_t>;
Sizes sizes(const std::int64_t (&s)[3]) { return {s[0], s[1], s[2]}; }

WindowGeometry geometry_of(Shape base, Shape window, Shape strides, Padding padding, Shape dilation = {}) {
  return {base, window, plan_windows("test", {base, window, strides, {}, dilation}, padding)};
}

bool close(const Tensor& a, const Tensor& b, double tolerance) {
  const Tensor x = astype(a, float64), y = astype(b, float64);
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         all(abs(x - y) <= tolerance * (1 + abs(y)) || x == y || (x != x && y != y)).item<bool>();
}

}  // namespace

TEST_CASE("windows over two or three neighbouring axes are described as a library of pooling reads them") {
  PoolCall c;
  const Padding one{{0, 0}, {0, 0}, {1, 1}, {1, 1}};
  REQUIRE(pool_call(PoolWork::largest, geometry_of({8, 3, 10, 12}, {1, 1, 3, 2}, {1, 1, 2, 2}, one), float32, c));
  CHECK_FALSE(c.channels_last);
  CHECK((c.n == 8 && c.c == 3));
  CHECK(sizes(c.x_size) == Sizes{1, 10, 12});
  CHECK(sizes(c.window) == Sizes{1, 3, 2});
  CHECK(sizes(c.stride) == Sizes{1, 2, 2});
  CHECK(sizes(c.low) == Sizes{0, 1, 1});
  CHECK(sizes(c.y_size) == Sizes{1, 5, 7});
  REQUIRE(pool_call(PoolWork::mean, geometry_of({8, 10, 3}, {1, 2, 1}, {1, 2, 1}, "VALID"), bfloat16, c));
  CHECK(c.channels_last);
  CHECK((c.n == 8 && c.c == 3));
  CHECK(sizes(c.x_size) == Sizes{1, 1, 10});
  REQUIRE(
      pool_call(PoolWork::mean, geometry_of({5, 4, 6, 6, 6}, {1, 1, 2, 1, 2}, {1, 1, 2, 1, 2}, "VALID"), float64, c));
  CHECK((c.n == 5 && c.c == 4));
  CHECK(sizes(c.window) == Sizes{2, 1, 2});
}

TEST_CASE("other windows are not for the library") {
  PoolCall c;
  const auto asks = [&](const WindowGeometry& g, Dtype d = float32) { return pool_call(PoolWork::largest, g, d, c); };
  CHECK(asks(geometry_of({4, 6, 6}, {1, 2, 2}, {1, 2, 2}, "VALID")));
  CHECK_FALSE(asks(geometry_of({4, 6, 6}, {1, 2, 2}, {1, 2, 2}, "VALID"), int32));
  CHECK_FALSE(asks(geometry_of({4, 6, 6}, {1, 2, 2}, {1, 1, 1}, "SAME")));              // one end only
  CHECK(asks(geometry_of({4, 6, 6}, {1, 3, 3}, {1, 1, 1}, "SAME")));                    // both ends
  CHECK_FALSE(asks(geometry_of({4, 6, 6}, {1, 2, 2}, {1, 1, 1}, "VALID", {1, 2, 2})));  // dilated
  CHECK_FALSE(asks(geometry_of({6, 6}, {2, 2}, {2, 2}, Padding{{2, 2}, {0, 0}})));      // all padding
  CHECK_FALSE(asks(geometry_of({6, 6, 6, 6}, {2, 2, 2, 2}, {2, 2, 2, 2}, "VALID")));    // four axes
  CHECK_FALSE(asks(geometry_of({6, 6}, {1, 1}, {1, 1}, "VALID")));                      // no windows
  CHECK_FALSE(asks(geometry_of({0, 6}, {1, 2}, {1, 2}, "VALID")));                      // nothing
}

TEST_CASE("pooling on a GPU is pooling on the CPU") {
  if (default_device() == cpu) {
    WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
    return;
  }
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    const Dtype dtype = std::array{float32, float64, float16, bfloat16, int32}[static_cast<std::size_t>(round % 5)];
    const double tolerance = dtype == float64 ? 1e-12 : dtype == float32 ? 1e-5 : 1e-2;
    const std::int64_t axes = random_int(1, 3);
    Shape shape{random_int(1, 3), random_int(1, 3)}, window, strides;
    std::vector<std::pair<std::int64_t, std::int64_t>> pads;
    for (std::int64_t d = 0; d < axes; ++d) {
      shape.push_back(random_int(4, 8));
      window.push_back(random_int(1, 4));
      strides.push_back(random_int(1, 3));
      const std::int64_t low = random_int(0, window.back() - 1);
      pads.emplace_back(low, round % 3 == 0 ? low + 1 : low);
    }
    Tensor x = draw(shape, dtype);
    if (is_float(dtype) && round % 2 == 0) x = where(x == 2, infinity, where(x == -2, nan, where(x < 2, -infinity, x)));
    const bool last = round % 4 == 1;
    const auto on = [&](Device device, auto f) {
      const Tensor there = x.to(device);
      if (!last) return f(there).to(cpu);
      return f(moveaxis(copy(moveaxis(there, 1, -1)), -1, 1)).to(cpu);
    };
    const auto check = [&](double near, auto f) { CHECK(close(on(cuda(0), f), on(cpu, f), near)); };
    const Window w{.window = window, .strides = strides, .padding = Padding(pads)};
    check(0, [&](Tensor t) { return max_pool(std::move(t), w); });
    check(0, [&](Tensor t) { return reduce_window(std::move(t), WindowReduction::min, w); });
    for (const bool counted : {true, false}) {
      const AvgPool a{window, strides, Padding(pads), {}, counted};
      check(tolerance, [&](Tensor t) { return avg_pool(std::move(t), a); });
      if (is_float(dtype))
        check(tolerance, [&](Tensor t) {
          return grad([&](Tensor u) { return sum(square(avg_pool(std::move(u), a))); })(std::move(t));
        });
    }
    if (is_float(dtype))
      check(tolerance,
            [&](Tensor t) { return grad([&](Tensor u) { return sum(max_pool(std::move(u), w)); })(std::move(t)); });
  }
}

TEST_CASE("pooling keeps the channels where a convolution has put them") {
  if (default_device() == cpu) return;
  const Tensor x = ones({2, 6, 6, 3}, {.device = cuda(0)});
  const Tensor y = max_pool(moveaxis(x, -1, 1), {.window = {2, 2}});
  CHECK(y.shape() == Shape{2, 3, 3, 3});
  CHECK(dense(y).strides[1] == 1);
}
