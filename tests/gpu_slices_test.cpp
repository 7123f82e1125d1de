// Slices and random draws on a GPU (or its double) beside the CPU's: bits are equal, for updates of one place are
// combined in the same order and draws are functions of counters. SKIPPED where there is no GPU.
#include <cstring>
#include <random>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

constexpr Dtype dtypes[] = {bool_, uint8, uint16,   uint32,  uint64,  int8,   int16,
                            int32, int64, bfloat16, float16, float32, float64};

bool gpu_here() {
  if (cuda_devices() > 0) return true;
  WARN("SKIPPED: no GPU");
  return false;
}

std::mt19937 generator(11);

/// Numbers that no sum of holds exactly, so that its order shows.
Tensor numbers(Shape shape, Dtype dtype) {
  std::vector<double> v(static_cast<std::size_t>(shape.elements()));
  for (double& x : v) x = std::uniform_real_distribution<double>(-3, 3)(generator);
  return astype(array(v, shape, {.dtype = float64, .device = cpu}), dtype);
}
Tensor places(Shape shape, int low, int high) {
  std::vector<std::int32_t> v(static_cast<std::size_t>(shape.elements()));
  for (auto& x : v) x = std::uniform_int_distribution<int>(low, high - 1)(generator);
  return array(v, shape, {.device = cpu});
}

bool same(const Tensor& a, const Tensor& b) {
  const Tensor x = copy(a), y = copy(b);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(dense(x).data, dense(y).data, static_cast<std::size_t>(x.size() * itemsize(x.dtype()))) == 0;
}

/// f of tensors on the GPU is there, and is f of them on the CPU.
template <class F, class... T>
bool agree(F f, const T&... x) {
  const Tensor y = f(x.to(cuda(0))...);
  return y.device() == cuda(0) && same(y.to(cpu), f(x...));
}

}  // namespace

TEST_CASE("gathers of every width, stride and mode") {
  if (!gpu_here()) return;
  for (const Dtype d : dtypes) {
    CAPTURE(name(d));
    for (const std::int64_t width : {1, 2, 3, 4, 8, 24}) {
      CAPTURE(width);
      const Tensor x = numbers({7, 5, width}, d), i = places({3, 4}, -9, 9);
      for (const IndexMode mode : {IndexMode::fill, IndexMode::clip, IndexMode::wrap}) {
        for (const int axis : {0, 1, 2}) {
          const auto take_on = [&](Tensor t, Tensor at) { return take(t, at, {.axis = axis, .mode = mode}); };
          CHECK(agree(take_on, x, i));
          CHECK(agree([&](Tensor t, Tensor at) { return take_on(flip(t, {.axes = 0}), at); }, x, i));
          CHECK(agree([&](Tensor t, Tensor at) { return take_on(swapaxes(t, 0, 2), at); }, x, i));
        }
      }
      CHECK(agree([](Tensor t) { return t[{all, range(1, 4)}]; }, x));
      const auto part = [](Tensor t, Tensor at) { return take(t[{range(1, none), range(1, none)}], at, {.axis = 0}); };
      CHECK(agree(part, x, places({6}, 0, 6)));
    }
  }
}

TEST_CASE("updates of one place are combined in their order") {
  if (!gpu_here()) return;
  for (const Dtype d : dtypes) {
    CAPTURE(name(d));
    const Tensor x = numbers({5, 3}, d), i = places({200}, -7, 7), u = numbers({200, 3}, d);
    CHECK(agree([](Tensor t, Tensor at, Tensor v) { return t.at({at}).set(v); }, x, i, u));
    CHECK(agree([](Tensor t, Tensor at, Tensor v) { return t.at({at}).add(v); }, x, i, u));
    CHECK(agree([](Tensor t, Tensor at, Tensor v) { return t.at({at}).mul(v); }, x, i, u));
    CHECK(agree([](Tensor t, Tensor at, Tensor v) { return t.at({at}).max(v); }, x, i, u));
    CHECK(agree([](Tensor t, Tensor at, Tensor v) { return t.at({at}).min(v); }, x, i, u));
  }
  const auto segments = [](Tensor v, Tensor at) { return segment_sum(v, at, {.num_segments = 4}); };
  CHECK(agree(segments, numbers({1000, 2}, float32), places({1000}, -1, 6)));
  const auto middle = [](Tensor t, Tensor at, Tensor v) { return t.at({all, at}).add(v); };
  CHECK(agree(middle, numbers({4, 6, 3}, float32), places({50}, 0, 6), numbers({4, 50, 3}, float32)));
}

TEST_CASE("windows that overlap") {
  if (!gpu_here()) return;
  const ScatterDims dims{
      .update_window_dims = {1}, .inserted_window_dims = {0}, .scatter_dims_to_operand_dims = {0, 1}};
  const Tensor x = numbers({3, 20}, float32), i = places({40, 2}, 0, 3), u = numbers({40, 5}, float32);
  CHECK(agree([&](Tensor t, Tensor at, Tensor v) { return scatter_add(t, at, v, dims); }, x, i, u));
  CHECK(agree([&](Tensor t, Tensor at, Tensor v) { return scatter(t, at, v, dims); }, x, i, u));
}

TEST_CASE("triangles, diagonals, pads and joins") {
  if (!gpu_here()) return;
  const Tensor x = numbers({2, 4, 5}, float32);
  CHECK(agree([](Tensor t) { return tril(t, 1); }, x));
  CHECK(agree([](Tensor t) { return triu(t, -1); }, x));
  CHECK(agree([](Tensor t) { return diag(t[{0, 1}], 2); }, x));
  CHECK(agree([](Tensor t) { return pad(t, {{1, 2, 1}, {-1, 1}, {0, 3}}, {.constant_values = 7}); }, x));
  CHECK(agree([](Tensor t) { return pad(t, {{1, 2}, {3, 1}, {0, 3}}, {.mode = PadMode::reflect}); }, x));
  CHECK(agree([](Tensor t) { return concatenate({t, swapaxes(t, 1, 1), t}, {.axis = 2}); }, x));
  CHECK(agree([](Tensor t) { return roll(t, {1, 2}, {.axes = {0, 2}}); }, x));
}

TEST_CASE("draws are the CPU's, bit for bit where no rounding is in them") {
  if (!gpu_here()) return;
  const Tensor key = random::key(5).to(cpu);
  for (const Dtype d : {uint8, uint16, uint32, uint64}) {
    CHECK(agree([&](Tensor k) { return random::bits(k, {333}, {.dtype = d}); }, key));
  }
  for (const Dtype d : {uint8, uint16, uint32, uint64, int8, int16, int32, int64}) {
    CAPTURE(name(d));
    CHECK(agree([&](Tensor k) { return random::randint(k, {333}, -100, 300, {.dtype = d}); }, key));
  }
  for (const Dtype d : {bfloat16, float16, float32, float64}) {
    CAPTURE(name(d));
    CHECK(agree([&](Tensor k) { return random::uniform(k, {333}, {.dtype = d}); }, key));
    const Tensor there = random::normal(key.to(cuda(0)), {333}, {.dtype = d}).to(cpu);
    CHECK(allclose(there, random::normal(key, {333}, {.dtype = d}), {.rtol = is_half(d) ? 1e-2 : 1e-5}).item<bool>());
  }
  CHECK(agree([](Tensor k) { return random::split(k, 9); }, key));
  CHECK(agree([](Tensor k) { return random::fold_in(k, 9); }, key));
  CHECK(agree([](Tensor k) { return random::bernoulli(k, 0.3, Shape{333}); }, key));
  CHECK(agree([](Tensor k) { return random::permutation(k, 3000); }, key));
  const Tensor x = numbers({6, 40}, float32);
  for (const int axis : {0, 1}) {
    CHECK(agree([&](Tensor k, Tensor t) { return random::permutation(k, t, {.axis = axis, .independent = true}); }, key,
                x));
  }
}
